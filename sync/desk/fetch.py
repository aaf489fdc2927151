"""Fetching from receivers (docs/spec/protocol.md §10.5): every new volume, resumable, verified before it has a name.

Rule: a receiver is trusted with nothing. What it lists is written down in bounded number, what it gives is proven
(`sync.desk.download`), and a receiver that gives one bad volume after another is left alone. What goes wrong at one
receiver stops no other; what fails because of this machine stops the run. Killed at any point, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Final

from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.network import VolumePage
from schemas.structure import decode
from sync import network
from sync.decode import transport_key
from sync.desk import arrivals, keys, mission, tokens
from sync.desk.download import OWN, Downloader, Ours, Step
from sync.desk.fetch_report import FetchReport, ReceiverReport
from sync.desk.lines import Line
from sync.desk.receivers import Receiver
from sync.volume import LENGTHS, Header

if TYPE_CHECKING:
    from sync.course import Gate

__all__ = ["FetchReport", "Progress", "run"]

Progress = Callable[[int, int], None]
BAD_IN_A_ROW: Final = 8
"""So many volumes one after another that are not what was listed, or not there, and a receiver is left alone."""
PAGES: Final = 256
"""Of a list, in one run; a list may name one volume over and over."""
FOREIGN_IN_A_ROW: Final = 2 * tokens.LOW
"""The same for bundles that are not for this desk: more than one device can send with the tokens of a pack."""
_SHOWN: Final = 100
_LOOK: Final = 64


def run(
    vault: Vault, found: Sequence[Receiver], *, url: str | None = None, proxy: str | None = None, again: bool = False,
    progress: Progress | None = None, gate: Gate | None = None,
) -> FetchReport:  # fmt: skip
    """Fetch everything new from these receivers, one after another.

    `url` is another address of the one receiver, whose certificates must be the same. `again` reads its list from the
    start. `progress` is told (bytes fetched, bytes to fetch) at the receiver at hand; what it raises ends the run in
    good order, and so does stopping the `gate` from another thread, also while nothing comes. What goes wrong at a
    receiver stands in its report, and a disk that is full or fails in the report's `problem`. Raises E_PROXY_URL,
    E_RECEIVER_URL, E_RECEIVER_CARD.
    """
    report = FetchReport()
    with ExitStack() as stack:
        lines = [
            stack.enter_context(
                closing(Line(r, stack.enter_context(tokens.bearer(vault, r.key)), url=url, proxy=proxy, gate=gate))
            )
            for r in found
        ]
        ours = stack.enter_context(_sealed_for(vault))
        arrivals.sweep(vault)
        for line in lines:
            part = ReceiverReport(line.url, line.receiver.fingerprint)
            report.receivers.append(part)
            _Run(vault, line, report, part, ours).run(again=again, progress=progress)
            if report.problem is not None or report.stopped:
                break
    return report


@contextmanager
def _sealed_for(vault: Vault) -> Iterator[Ours]:
    """Tells whether a bundle is sealed for a mission of this desk, as long as the context lasts."""
    held = [key for item in mission.missions(vault) for key in keys.recipient_keys(vault, item.id, "intake")]

    def ours(header: Header) -> bool:
        try:
            transport_key(header, held).wipe()
        except Problem:
            return False
        return True

    try:
        yield ours
    finally:
        for key in held:
            key.wipe()


def _step(progress: Progress | None, before: int, total: int) -> Step:
    """What is told of one volume, as part of the whole."""
    return lambda length: None if progress is None else progress(before + length, total)


class _Run:
    """One run at one receiver."""

    def __init__(self, vault: Vault, line: Line, whole: FetchReport, report: ReceiverReport, ours: Ours) -> None:
        self._vault, self._line, self._key = vault, line, line.receiver.key
        self._whole, self._report, self._ours = whole, report, ours

    def run(self, *, again: bool, progress: Progress | None) -> None:
        """Lists, then fetches; the problem that ends either stands in the report."""
        try:
            if again:
                arrivals.begin_again(self._vault, self._key)
            self._list()
            self._report.known = arrivals.adopt(self._vault, self._key, even_if_imported=again)
            self._fetch(progress)
        except Problem as problem:
            if problem.code in OWN:
                self._whole.problem = problem
            elif not self._line.stopped:
                self._report.problem = problem
        finally:
            self._whole.stopped = self._line.stopped
            self._report.waiting = len(arrivals.wanted(self._vault, self._key))

    def _list(self) -> None:
        """Every new line of the receiver's list, as long as there is room. Raises E_FETCH_LIST and what a line does."""
        after = arrivals.place(self._vault, self._key)
        for _ in range(PAGES):
            if not self._line.open():
                return
            if arrivals.room(self._vault, self._key) <= 0:
                break
            page = self._page(after)
            if not page.volumes:
                return
            self._report.listed += arrivals.note(self._vault, self._key, page.volumes, page.next)
            after = page.next
        self._whole.more = True

    def _page(self, after: int) -> VolumePage:
        answer = self._line.ask("GET", f"{network.BUNDLES}?after={after}", 200)
        try:
            page = decode(VolumePage, answer.body)
        except Problem:
            raise Problem("E_FETCH_LIST", why="no-list") from None
        last = after
        for item in page.volumes:
            if item.at <= last:
                raise Problem("E_FETCH_LIST", why="list-backwards")
            if item.bytes_ not in LENGTHS:
                raise Problem("E_FETCH_LIST", why="list-length")
            last = item.at
        if page.volumes and page.next != last:
            raise Problem("E_FETCH_LIST", why="list-backwards")
        return page

    def _fetch(self, progress: Progress | None) -> None:
        """Everything that is listed and not here. Raises what stops this receiver's run."""
        items = arrivals.wanted(self._vault, self._key)
        total, done, bad, foreign = sum(item.length for item in items), 0, 0, 0
        downloader = Downloader(self._line, arrivals.folder(self._vault), self._report, self._ours)
        for number, item in enumerate(items):
            if not self._line.open():
                return
            if number % _LOOK == 0 and arrivals.full(self._vault):
                self._whole.more = True
                return
            problem = downloader.bring(item, _step(progress, done, total))
            if problem is None:
                arrivals.arrived(self._vault, self._key, item)
                bad, foreign, done = 0, 0, done + item.length
                continue
            arrivals.failed(self._vault, self._key, item, problem.code)
            total -= item.length
            if problem.code == "E_NOT_FOR_US":
                foreign, self._report.foreign = foreign + 1, self._report.foreign + 1
            else:
                bad += 1
                self._refuse(item.name, problem)
            if bad == BAD_IN_A_ROW or foreign == FOREIGN_IN_A_ROW:
                raise Problem("E_FETCH_FALSE", why="all-false")

    def _refuse(self, name: str, problem: Problem) -> None:
        if len(self._report.refused) < _SHOWN:
            self._report.refused.append({"item": name, **problem.as_dict()})
