"""The open desk as its screens hold it: work in threads, runs that outlive a screen, and closing at the end.

The rule: the desk is closed by whoever leaves it last. Closing stops a running import after the records in hand, lets
work that has begun come to its end, and lets no new work in; so nothing is cut off in the middle, and a lock never
waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from schemas.problems import Problem
from tui.screens.desk.fetching import Kind, NetworkJob, Wish
from tui.screens.problem import coded

if TYPE_CHECKING:
    from sync.desk.desk import Desk
    from sync.desk.importer import ImportReport

T = TypeVar("T")
State = Literal["running", "done", "stopped", "failed"]


class _Stopped(Exception):
    """Raised inside the import when it is to stop; it never leaves `ImportJob.run`."""


class ImportJob:
    """One import: how far it is and what came of it. Its thread writes, screens read.

    `reading` is (bytes read, bytes in all) of the bundle at hand, `opening` (records opened, records in all) of it.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self.state: State = "running"
        self.reading = (0, 0)
        self.opening = (0, 0)
        self.report: ImportReport | None = None
        self.problem: Problem | None = None
        self._stop = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    @property
    def lacking(self) -> bool:
        """Whether volumes lack: what is here has to be read again together with those."""
        return self.report is not None and any(item["code"] == "E_VOL_MISSING" for item in self.report.refused)

    def stop(self) -> None:
        """Stop after the records in hand."""
        self._stop.set()

    def run(self, desk: Desk) -> None:
        """Import; called in a thread of its own. Never raises."""
        try:
            self.report = desk.import_arrived(self.folders, self._opened, self._read)
        except _Stopped:
            self.state = "stopped"
        except Exception as error:  # the seam between work and screen: whatever it is becomes a coded problem
            self.problem, self.state = coded(error), "failed"
        else:
            self.report.items.clear()
            self.state = "done"

    def _read(self, done: int, total: int) -> None:
        self.reading, self.opening = (done, total), (0, 0)
        self._go_on()

    def _opened(self, done: int, total: int) -> None:
        self.opening = (done, total)
        self._go_on()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped


class OpenDesk:
    """A desk that screens share with threads. `job` is the import that runs, or the last one; `network` the run with
    the receivers that goes on, or the last one. Only one of both goes on at a time.
    """

    def __init__(self, desk: Desk, job: ImportJob | None = None) -> None:
        self._desk = desk
        self.job = job
        self.network: NetworkJob | None = None
        self.last: Literal["import", "network"] = "import"
        self._lock = threading.Lock()
        self._busy = 0
        self._closing = False
        self._closed = threading.Event()

    @property
    def importing(self) -> bool:
        """Whether an import runs."""
        return self.job is not None and self.job.state == "running"

    @property
    def fetching(self) -> bool:
        """Whether a run with the receivers goes on."""
        return self.network is not None and self.network.going

    def run(self, act: Callable[[Desk], T]) -> T:
        """Do something with the desk. Raises E_VAULT_CLOSED once it is being closed, and what `act` raises."""
        self._enter()
        try:
            return act(self._desk)
        finally:
            self._leave()

    def start_import(self, folders: Sequence[Path]) -> ImportJob:
        """Begin an import in a thread of its own, which no screen has to wait for. Raises E_VAULT_CLOSED."""
        self._enter()
        job = self.job = ImportJob(folders)
        self.last = "import"
        self._start(job.run)
        return job

    def start_network(self, kind: Kind, wish: Wish | None = None) -> NetworkJob:
        """Begin to fetch, or to send receipts, in a thread of its own. Raises E_VAULT_CLOSED."""
        self._enter()
        job = self.network = NetworkJob(kind, wish)
        self.last = "network"
        self._start(job.run)
        return job

    def _start(self, run: Callable[[Desk], None]) -> None:
        def there() -> None:
            try:
                run(self._desk)
            finally:
                self._leave()

        threading.Thread(target=there, name="desk").start()

    def _enter(self) -> None:
        with self._lock:
            if self._closing:
                raise Problem("E_VAULT_CLOSED")
            self._busy += 1

    def _leave(self) -> None:
        with self._lock:
            self._busy -= 1
            last = self._closing and not self._busy
        if last:
            self._close()

    def close(self) -> None:
        """Close now, or when what was begun has come to its end; harmless when repeated."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            idle = not self._busy
        for job in (self.job, self.network):
            if job is not None:
                job.stop()
        if idle:
            self._close()

    def _close(self) -> None:
        try:
            self._desk.close()
        finally:
            self._closed.set()

    def wait_closed(self) -> None:
        """Wait until the desk is closed; for threads only."""
        self._closed.wait()
