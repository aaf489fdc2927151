"""The head of a request, read once strictly before any lenient parser sees it (RFC 9112 §2–§6).

Rule: what two readers could understand in two ways is refused: line ends that are not CRLF, folded lines, doubled
fields, two framings, a body where none belongs. One head, one meaning, one length of body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

END: Final = b"\r\n\r\n"
SINGLE: Final = frozenset(
    b"host content-length transfer-encoding content-type content-range authorization range expect connection"
    b" tus-resumable upload-offset upload-length upload-defer-length upload-metadata upload-concat upload-checksum"
    b" x-http-method-override".split()
)
"""Fields that may stand in a head once."""
WITH_BODY: Final = frozenset((b"POST", b"PATCH", b"PUT"))
MAX_TARGET: Final = 512

_REQUEST: Final = re.compile(rb"([A-Z]{1,16}) (/[!-~]*) HTTP/([0-9])\.([0-9])")
_VERSION: Final = re.compile(rb" HTTP/[0-9]\.[0-9]\Z")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[ -~\t]*[!-~])?)?[ \t]*")
_LENGTH: Final = re.compile(rb"[0-9]{1,15}")
_BARE: Final = re.compile(rb"(?<!\r)\n|\r[^\n]")


class BadHead(Exception):
    """A head that is refused, with the status that says so; the connection ends."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True, slots=True)
class Framing:
    """How long the body is; None: it comes in chunks."""

    length: int | None


def suspicious(part: bytes | bytearray, limit: int) -> int | None:
    """The status for the beginning of a head that can never become a good one, else None."""
    if len(part) > limit:
        return 431
    if not part[:1].isupper() or _BARE.search(part):
        return 400
    return None


def read_head(head: bytes, limit: int, count: int) -> Framing:
    """The framing that a head (through its empty line) declares. Raises BadHead."""
    if len(head) > limit:
        raise BadHead(431)
    if _BARE.search(head):
        raise BadHead(400)
    first, *lines = head[: -len(END)].split(b"\r\n")
    method = _read_request_line(first)
    if len(lines) > count:
        raise BadHead(431)
    return _framing(method, _read_fields(lines))


def _read_request_line(line: bytes) -> bytes:
    """The method. Raises BadHead: 400, 405 (methods that change what a connection is), 414, 505."""
    found = _REQUEST.fullmatch(line)
    if found is None:
        raise BadHead(505 if _VERSION.search(line) and not line.endswith(b"HTTP/1.1") else 400)
    method, target, major, minor = found.groups()
    if (major, minor) != (b"1", b"1"):
        raise BadHead(505)
    if len(target) > MAX_TARGET:
        raise BadHead(414)
    if method in (b"CONNECT", b"TRACE"):
        raise BadHead(405)
    return method


def _read_fields(lines: list[bytes]) -> dict[bytes, bytes]:
    """The fields that may stand once. Raises BadHead for a malformed, folded or doubled one."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise BadHead(400)
        name = found[1].lower()
        if name == b"upgrade" or (name in SINGLE and name in fields):
            raise BadHead(400)
        fields[name] = found[2] or b""
    if not fields.get(b"host"):
        raise BadHead(400)
    return fields


def _framing(method: bytes, fields: dict[bytes, bytes]) -> Framing:
    """One framing or none (RFC 9112 §6.1: both at once is how requests are smuggled)."""
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if fields.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise BadHead(417)
    if length is not None and (coding is not None or not _LENGTH.fullmatch(length)):
        raise BadHead(400)
    if coding is not None and coding.lower() != b"chunked":
        raise BadHead(501)
    if method not in WITH_BODY and (coding is not None or int(length or b"0")):
        raise BadHead(400)
    return Framing(None if coding is not None else int(length or b"0"))
