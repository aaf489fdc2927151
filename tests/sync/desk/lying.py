"""A receiver in the test's own process that lists and gives whatever a test wants, over real TLS."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from collector import crypto
from schemas.records.network import ListedVolume, VolumePage
from schemas.structure import encode
from sync import cards
from sync.desk.arrivals import FOLDER
from sync.desk.desk import Desk
from sync.desk.fetch_report import FetchReport
from sync.volume import LENGTHS, InMemory, read_lead
from tests.network.tls import Identity, Server, answer, card_for, identity, read_request, server_context
from tests.sync.desk.devices import Device
from tests.sync.desk.travel import Bundle
from tests.sync.volumes import Made, make_bundle

Reply = Callable[["Lying", bytes, dict[str, str]], bytes | None]
SMALLEST = min(LENGTHS)
_RANGE = re.compile(r"bytes=(\d+)-")


@dataclass
class Lying:
    """`volumes` in order of arrival; `given` replaces the bytes of one; `before` may answer in its place.

    `requests` are all (request line, body); `cuts`: after so many bytes of each next volume the line is cut; `date`:
    what its answers say the time is.
    """

    shown: Identity
    volumes: list[ListedVolume] = field(default_factory=list)
    files: dict[tuple[bytes, int, int], bytes] = field(default_factory=dict)
    boxes: dict[bytes, bytes] = field(default_factory=dict)
    acknowledged: list[tuple[bytes, int, int]] = field(default_factory=list)
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    ranges: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    page: int = 1000
    bearer: str | None = None
    before: Reply | None = None
    port: int = 0
    seed: bytes = b"1" * 32
    date: str = ""

    @property
    def card(self) -> bytes:
        public, key = crypto.sign_keypair(self.seed)
        return cards.write_card(card_for(self.port, self.shown, r1=public), key)

    def add(self, *files: bytes, like: bytes | None = None) -> None:
        """Volumes that arrive now. `like`: the list speaks of this one, whatever is given."""
        for data in files:
            header = read_lead(InMemory(like or data)).header
            at = self.volumes[-1].at + 1 if self.volumes else 1
            place = (header.bid, *header.place)
            self.volumes.append(
                ListedVolume(
                    at=at,
                    bid=header.bid,
                    s=header.stripe,
                    i=header.index,
                    bytes_=len(like or data),
                    shard=header.shard_root,
                )
            )
            self.files[place] = data

    # ---- answers ----

    def serve(self, held: socket.socket) -> None:
        while (request := read_request(held)) is not None:
            head, body = request
            lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name
            }
            self.requests.append((lines[0], body))
            self.bearer = headers.get("authorization")
            method, target, _ = lines[0].split(" ")
            found = self.before(self, lines[0].encode(), headers) if self.before is not None else None
            if found is None:
                found = self._answer(method, target, headers, body)
            if self.date:
                found = found.replace(b"\r\n", f"\r\nDate: {self.date}\r\n".encode(), 1)
            cut = self.cuts.pop(0) if self.cuts and found.startswith(b"HTTP/1.1 20") and "-" in target else None
            held.sendall(found if cut is None else found[: found.index(b"\r\n\r\n") + 4 + cut])
            if cut is not None:
                held.close()
                return

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        path, _, query = target.partition("?")
        parts = path.strip("/").split("/")
        if method == "PUT":
            self.boxes[bytes.fromhex(parts[2])] = body
            return answer(204)
        if parts == ["v1", "bundles"]:
            after = int(query.removeprefix("after="))
            found = [item for item in self.volumes if item.at > after][: self.page]
            return answer(200, encode(VolumePage(volumes=tuple(found), next=found[-1].at if found else after)))
        stripe, index = parts[3].split("-")
        place = (bytes.fromhex(parts[2]), int(stripe), int(index))
        if method == "DELETE":
            self.acknowledged.append(place)
            return answer(204)
        data = self.files.get(place)
        if data is None:
            return answer(404, Svidok_Code="E_UPLOAD_UNKNOWN")
        start = int(_RANGE.fullmatch(headers.get("range", "bytes=0-"))[1])  # type: ignore[index]  # ours
        self.ranges.append(start)
        if "range" not in headers:
            return answer(200, data)
        return answer(206, data[start:], Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")


@contextlib.contextmanager
def lying(folder: Path) -> Iterator[Lying]:
    """A receiver that listens."""
    found = Lying(identity(folder))
    with Server(found.serve, server_context(found.shown)) as server:
        found.port = server.port
        yield found


# ---- what tests do with it ----


def bundle_for(desk: Desk, device: Device, entries: int = 1, *, k: int = 1, n: int = 1, stripes: int = 1) -> Made:
    """A bundle with entries of a device, as volumes in memory."""
    device.enrol(desk)
    data, _ = Bundle([device.entry() for _ in range(entries)]).payload()
    return make_bundle(data, k, n, intake=device.intake()[0], stripes=stripes)


def here(desk: Desk) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in (desk.vault.home / FOLDER).iterdir())


def codes(report: FetchReport) -> list[object]:
    """What was wrong: with the run, the receiver, and each volume."""
    (part,) = report.receivers
    whole = [problem.code for problem in (report.problem, part.problem) if problem is not None]
    return [*whole, *(item["code"] for item in part.refused)]
