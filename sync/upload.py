"""One volume on its way to a receiver, by tus 1.0.0 (docs/spec/protocol.md §10.3).

Rule: the receiver is asked where it stands before anything is sent, and again after every cut; what it says it holds
is not sent again. Only a receipt that its key signed, for exactly this volume, says that the volume is there.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from collector import crypto, files, signed
from schemas.problems import Problem
from schemas.records.network import StoredReceipt
from schemas.structure import decode
from sync import network
from sync.line import GOOD_RECORD, QUICK_RECORDS
from sync.link import BAD_RECORD, Answer, Link
from sync.volume import LENGTHS, lead_length

FIRST_PIECE: Final = 1 << 20
LEAST_PIECE: Final = 64 << 10
MOST_PIECE: Final = 256 << 20
"""The end of each piece is a wait for the receiver's disk, so a quick line gets few; cuts lose nothing of them."""
_QUICK: Final = 2.0
"""Seconds: a piece that took less makes the next one twice as long; a quarter of it, eight times; a fortieth, on
a line that is not cut, as long as may be."""
_LONG: Final = 30.0
"""Seconds: one that took more makes it half as long, so that it is known now and then what has arrived."""
_CALM: Final = 4 << 20
"""Bytes without a cut after which a line counts as good again."""
_SWIFT: Final = 2 << 20
"""Bytes a second from which what is sent need not be counted record by record."""
_TRIES: Final = 3
"""How often cells may be refused, or the receiver may fall back, with no piece taken between that is new to it."""
_READ: Final = 256 << 10
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume that waits: its place and hashes as the device noted them, and where it lies."""

    bid: bytes
    stripe: int
    index: int
    broot: bytes
    shard: bytes
    path: Path
    length: int


@dataclass(slots=True)
class Line:
    """What this line has borne so far; one for all volumes of a run, so that the next need not find out anew."""

    piece: int = FIRST_PIECE
    record: int = GOOD_RECORD
    calm: int = _CALM

    def cut(self) -> None:
        """The connection broke: shorter pieces, smaller records."""
        self.piece = max(LEAST_PIECE, self.piece // 4)
        self.record, self.calm = BAD_RECORD, 0

    def went(self, count: int, seconds: float) -> None:
        """A piece arrived."""
        self.calm += count
        if seconds < _QUICK and count >= self.piece:
            longest = self.calm >= _CALM and seconds < _QUICK / 40
            more = 256 if longest else 8 if seconds < _QUICK / 4 else 2
            self.piece = min(MOST_PIECE, self.piece * more)
        elif seconds > _LONG:
            self.piece = max(LEAST_PIECE, self.piece // 2)
        if self.calm >= _CALM:
            self.record = QUICK_RECORDS if count > _SWIFT * seconds else GOOD_RECORD


class Upload:
    """Brings one volume to one receiver. `run` may be called again after any problem and goes on where things stand.

    `keep` is told the location before a byte goes there, to be kept durably (None: it is being made); `moved` the
    durable offset, whenever the receiver names it; `sent` how many bytes more have left. `begun`: it was being made
    before, and the answer never came.
    """

    def __init__(
        self,
        link: Link,
        volume: Volume,
        token: bytes,
        r1_key: bytes,
        *,
        location: str | None = None,
        begun: bool = False,
        line: Line | None = None,
        keep: Callable[[str | None], None] = lambda location: None,
        moved: Callable[[int], None] = lambda offset: None,
        sent: Callable[[int], None] = lambda count: None,
    ) -> None:
        if volume.length not in LENGTHS:
            raise Problem("E_VOL_SIZE")
        self._link, self._volume, self._r1_key = link, volume, r1_key
        self._headers = {"Tus-Resumable": network.TUS, "Authorization": network.bearer(token)}
        self._location, self._keep, self._moved, self._sent = location, keep, moved, sent
        self._bare = begun
        self.line = line or Line()
        self._stands = self._highest = 0
        self._falls = self._refused = 0

    def run(self) -> bytes:
        """The receiver's signed receipt for this volume, once it has it whole.

        Raises E_NET_*, E_PIN and E_RECEIVER_*, after which `run` may go on; E_UPLOAD_BUSY; E_UPLOAD_OFFSET when its
        word of where it stands does not hold; E_TOKEN_* for another token; E_R1_FALSE; E_UPLOAD_CELL and E_VOL_* when
        the receiver will not have the volume; E_OUTBOX_LOST, E_MEDIA_IO.
        """
        offset: int | None = None
        while True:
            due: int | None = None
            try:
                if self._location is None:
                    answer = self._begin()
                elif offset is None:
                    answer = self._ask()
                else:
                    length = min(self.line.piece, self._volume.length - offset)
                    due = offset + length
                    answer = self._piece(offset, length)
            except Problem as problem:
                if problem.code in ("E_NET_CUT", "E_NET_SLOW"):
                    self.line.cut()
                raise
            receipt = answer.headers.get(network.R1_HEADER.lower())
            if answer.status in (200, 201, 204) and receipt is not None:
                checked = self._checked(receipt)
                self._moved(self._volume.length)
                return checked
            offset = self._next(answer, due)

    # ---- requests ----

    def _begin(self) -> Answer:
        """Makes the upload: header and leaf list go first, so that the receiver can prove them before it makes room."""
        self._keep(None)
        headers = {**self._headers, "Upload-Length": str(self._volume.length)}
        lead: bytes | None = None
        if not self._bare:
            lead = b"".join(map(bytes, self._bytes(0, lead_length(LENGTHS[self._volume.length]))))
            headers["Content-Type"] = network.OFFSET_BODY
        # A line that broke under so many bytes may do so again; without them an upload is made in one packet. But one
        # whose answer is lost stays behind at the receiver, where one that was proven is found again: so by turns.
        self._bare = lead is not None
        answer = self._link.request(
            "POST", network.UPLOADS, headers=headers, body=lead, record=self.line.record, sent=self._sent
        )
        self._bare = False
        if lead is None and answer.status == 413 and answer.problem.code == "E_TOKEN_QUOTA":
            # Too many that were made so and never heard of; one that is proven does not count among them.
            return self._begin()
        place = answer.headers.get("location")
        if place is not None and (answer.status == 201 or answer.status == network.BAD_CELL):
            self._locate(self._link.address.path_of(place))
        elif answer.status == 201:
            raise Problem("E_NET_ANSWER", status="location")
        return answer

    def _ask(self) -> Answer:
        return self._link.request("HEAD", str(self._location), headers=self._headers)

    def _piece(self, offset: int, length: int) -> Answer:
        """Sends what follows `offset`. With nothing left it asks for the end of the upload."""
        headers = {**self._headers, "Upload-Offset": str(offset), "Content-Type": network.OFFSET_BODY}
        began = time.monotonic()
        answer = self._link.request(
            "PATCH",
            str(self._location),
            headers=headers,
            body=self._bytes(offset, length),
            length=length,
            record=self.line.record,
            sent=self._sent,
        )
        if answer.status == 204:
            self.line.went(length, time.monotonic() - began)
        return answer

    def _bytes(self, offset: int, length: int) -> Iterator[memoryview]:
        """Bytes of the volume's file; each block only until the next is asked for. Raises E_OUTBOX_LOST, E_MEDIA_IO."""
        with files.mapped_os_errors():
            if not self._volume.path.is_file():
                raise Problem("E_OUTBOX_LOST", entry=self._volume.bid.hex()[:16])
            block = memoryview(bytearray(min(_READ, length)))
            with self._volume.path.open("rb", buffering=0) as source:
                source.seek(offset)
                while length:
                    have = source.readinto(block[:length])
                    if not have:
                        raise Problem("E_OUTBOX_LOST", entry=self._volume.bid.hex()[:16])
                    length -= have
                    yield block[:have]

    # ---- answers ----

    def _next(self, answer: Answer, due: int | None) -> int | None:
        """The offset to go on from, or None when the receiver must be asked. Raises the problem that an answer is.

        `due`: where the receiver stands when it has taken the piece that it answers.
        """
        if answer.status in (404, 410):
            self._locate(None)
            self._fell()
            return None
        if answer.status == 409:
            self._fell()
            return None
        if answer.status == network.BAD_CELL:
            offset = self._offset(answer)
            self._refused += 1
            if self._refused >= _TRIES:
                raise Problem("E_UPLOAD_CELL")
        else:
            answer.expect(200, 201, 204)
            offset = self._offset(answer)
            if offset < self._stands or (due is not None and (offset != due or due == self._stands)):
                self._fell()
            elif due is not None and due > self._highest:
                self._falls = self._refused = 0
                self._highest = due
        self._stands = offset
        self._moved(offset)
        return offset

    def _offset(self, answer: Answer) -> int:
        text = answer.headers.get("upload-offset", "")
        if not _NUMBER.fullmatch(text) or int(text) > self._volume.length:
            raise Problem("E_NET_ANSWER", status="offset")
        return int(text)

    def _fell(self) -> None:
        """The receiver has not what it said. That may happen, but not on and on."""
        self._falls += 1
        if self._falls > _TRIES:
            self._falls = 0
            raise Problem("E_UPLOAD_OFFSET")

    def _locate(self, location: str | None) -> None:
        self._location = location
        self._stands = 0
        if location is not None:
            self._keep(location)

    def _checked(self, header: str) -> bytes:
        """The receipt, when the receiver's key signed it for this volume. Raises E_R1_FALSE."""
        return checked_receipt(header, self._volume, self._r1_key)


def checked_receipt(header: str, volume: Volume, r1_key: bytes) -> bytes:
    """The signed R1 in a header, verified for a volume (docs/spec/protocol.md §11.1). Raises E_R1_FALSE."""
    try:
        data = base64.b64decode(header, validate=True)
    except (ValueError, binascii.Error):
        _false("r1-unreadable")
    try:
        body = signed.open_object("r1", data, {crypto.kid(r1_key): r1_key}, 1, code="E_R1_FALSE")
        said = decode(StoredReceipt, body)
    except Problem as problem:
        _false("r1-signature" if problem.code == "E_R1_FALSE" else "r1-unreadable")
    if (said.bid, said.s, said.i) != (volume.bid, volume.stripe, volume.index):
        _false("r1-other-volume")
    if (said.broot, said.shard) != (volume.broot, volume.shard):
        _false("r1-other-content")
    return data


def _false(why: str) -> NoReturn:
    raise Problem("E_R1_FALSE", why=why) from None
