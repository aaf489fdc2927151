"""What tests of cell streams share: content, files with content, a cipher that notices a nonce used twice."""

from __future__ import annotations

import tempfile
from typing import IO, Any

from collector import cellstream, crypto
from collector.cellstream import StreamInfo, open_bytes, open_file
from tests.helpers.expect import refused

SK, SID = bytes(range(32)), bytes(range(16))


def content(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def stored(data: bytes) -> IO[bytes]:
    opened = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    opened.write(data)
    opened.seek(0)
    return opened


def both_refuse(sealed: bytes, info: StreamInfo, *codes: str, sk: bytes = SK) -> None:
    """The reader in memory and the reader of files refuse with the same codes."""
    with refused(*codes):
        open_bytes(sk, sealed, info)
    with stored(sealed) as source, refused(*codes):
        open_file(sk, info, source.fileno(), None)


class Ledger:
    """The real cipher, and a list of what was encrypted under each key and nonce."""

    def __init__(self) -> None:
        self.texts: dict[tuple[bytes, bytes], bytes] = {}
        ledger = self

        class Recorded(crypto.Cipher):
            __slots__ = ("_key",)

            def __init__(self, key: Any) -> None:
                super().__init__(key)
                self._key = bytes(key)

            def seal_into(self, nonce: bytes, data: Any, out: Any) -> None:
                held = ledger.texts.setdefault((self._key, nonce), bytes(data))
                assert held == bytes(data), "one nonce for two texts"
                super().seal_into(nonce, data, out)

        self.cipher = Recorded


def merkle_root(sealed: bytes) -> bytes:
    return cellstream.root_of_cells(sealed)


class Halt(Exception):
    pass
