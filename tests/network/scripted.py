"""A receiver that does as it is told: it takes every byte, checks nothing, and lies where a test wants it to."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from collector import crypto, signed
from schemas.records.mission import ReceiverCard
from schemas.records.network import StoredReceipt
from schemas.structure import encode
from sync import network
from sync.volume import HEADER, read_header
from tests.network.tls import R1_SECRET, Server, answer, card_for, identity, read_request, server_context

Say = Callable[[str, dict[str, str], bytes], bytes | None]


def receipt(lead: bytes, *, key: crypto.Secret = R1_SECRET, rx: int = 1_760_000_000, **changes: object) -> bytes:
    """A signed R1 for the volume that begins with `lead`; every field may be changed."""
    header = read_header(lead[:HEADER])
    fields: dict[str, object] = {
        "bid": header.bid,
        "broot": header.bundle_root,
        "s": header.stripe,
        "i": header.index,
        "shard": header.shard_root,
        "rx": rx,
    }
    return signed.sign_object("r1", encode(StoredReceipt(**{**fields, **changes})), [key])  # type: ignore[arg-type]


def honest(lead: bytes) -> str:
    """The receipt as a header carries it."""
    return base64.b64encode(receipt(lead)).decode()


@dataclass
class Scripted:
    """`says` gives the header `Svidok-R1` for a volume that begins with these bytes; `instead` may answer a request
    (method and path, headers, body) in place of the honest way. `asked`: methods in order.
    """

    folder: Path
    says: Callable[[bytes], str] = honest
    instead: Say = lambda request, headers, body: None
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    uploads: dict[str, tuple[int, bytearray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.identity = identity(self.folder)
        self._lock = threading.Lock()
        self._server = Server(self._serve, server_context(self.identity))
        self.port = self._server.port

    @property
    def card(self) -> ReceiverCard:
        """Where it is and what it shows."""
        return card_for(self.port, self.identity)

    @property
    def bytes(self) -> int:
        """Bytes of volumes that were sent to it."""
        return sum(len(data) for _, data in self.uploads.values())

    def _serve(self, held: socket.socket) -> None:
        while (request := read_request(held)) is not None:
            head, body = request
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            with self._lock:
                self.asked.append(first.split()[0])
                self.tokens.append(headers.get("authorization", ""))
                said = self.instead(first.rpartition(" ")[0], headers, body) or self._answer(first, headers, body)
            held.sendall(said)

    def _answer(self, first: str, headers: dict[str, str], body: bytes) -> bytes:
        method, path, _ = first.split()
        if method == "POST":
            name = f"{network.UPLOADS}/{len(self.uploads)}"
            self.uploads[name] = (int(headers["upload-length"]), bytearray(body))
            return answer(201, Location=name, Upload_Offset=str(len(body)))
        found = self.uploads.get(path)
        if found is None:
            return answer(404, Svidok_Code="E_UPLOAD_UNKNOWN")
        length, data = found
        if method == "PATCH":
            if int(headers["upload-offset"]) != len(data):
                return answer(409, Svidok_Code="E_UPLOAD_OFFSET")
            data += body
        more = {"Svidok_R1": self.says(bytes(data[:HEADER]))} if len(data) == length else {}
        return answer(200 if method == "HEAD" else 204, Upload_Offset=str(len(data)), **more)

    def close(self) -> None:
        """Ends it."""
        self._server.close()

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
