"""Sending over the network as it goes on below the screens: the run at hand, the last one, trying by itself.

The rule: a run belongs to the open vault and not to a screen. It goes on while an interview is written; when the vault
closes it stops at once, and nothing that was sent is lost. What is tried without having been asked for never interrupts
anybody: how it went is a small sign in the title line, and words on the screen of the transfer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from schemas.problems import Problem
from sync import permits, settings, staged
from sync.address import Address
from sync.course import Gate
from tui.locale import _
from tui.screens.problem import coded
from tui.widgets.volumes import TransferView, VolumeLine

if TYPE_CHECKING:
    from collector.field import Field
    from sync.receipts import ReceiptReport
    from sync.send_report import SendProgress, SendReport
    from sync.settings import SendSettings

State = Literal["running", "paused", "done", "stopped", "failed"]
EVERY = 240.0
"""Seconds between two tries of the policy "whenever connected"."""
RECEIPTS_EVERY = 1800.0
"""Seconds between two looks for receipts of that policy, while nothing has to be sent."""
SHORT = 45.0
"""Seconds without progress after which a run that nobody asked for gives up until the next try."""


class Run(Protocol):
    """What does the sending, as `sync.sending.Sender`."""

    def run(self) -> SendReport: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...

    def now(self) -> SendProgress: ...


def view_of(progress: SendProgress) -> TransferView:
    """What the widgets show of it."""
    lines = tuple(
        VolumeLine(
            item.bundle, item.stripe, item.index, item.sent, item.total,
            "retry" if item.state == "retrying" else item.state, item.wait, item.problem,
        )
        for item in progress.volumes
    )  # fmt: skip
    speed = progress.speed if progress.phase == "sending" and progress.speed > 1 else None
    return TransferView(lines, progress.sent, progress.total, speed)


class SendJob:
    """One run: sending (unless `run` is None), then one look for receipts. Its thread writes, screens read."""

    def __init__(
        self, run: Run | None, look: Callable[[Gate], ReceiptReport] | None = None, *, asked: bool = True
    ) -> None:
        self._run, self._look = run, look
        self.asked = asked
        self.state: State = "running"
        self.taking = run is None
        self.sent: SendReport | None = None
        self.receipts: ReceiptReport | None = None
        self.problem: Problem | None = None
        self.ended_at = 0.0
        self._gate = Gate()
        self.ended = threading.Event()

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("running", "paused")

    @property
    def sends(self) -> bool:
        """Whether it sends, and not only asks for receipts."""
        return self._run is not None

    @property
    def making(self) -> tuple[int, int]:
        """Bytes made and to be made of bundles, while these are made; (0, 0) otherwise."""
        progress = None if self._run is None else self._run.now()
        return (progress.made, progress.to_make) if progress and progress.phase == "staging" else (0, 0)

    def view(self) -> TransferView:
        """How far it is."""
        return TransferView() if self._run is None else view_of(self._run.now())

    def pause(self) -> None:
        """Nothing goes until `resume`."""
        if self.state == "running" and self._run is not None and not self.taking:
            self.state = "paused"
            self._run.pause()

    def resume(self) -> None:
        """Go on."""
        if self.state == "paused" and self._run is not None:
            self.state = "running"
            self._run.resume()

    def stop(self) -> None:
        """End now; what was sent stays sent."""
        self._gate.stop()
        if self._run is not None:
            self._run.stop()

    def go(self) -> None:
        """Do it all; called in a thread of its own. Never raises."""
        try:
            self._send_and_look()
        except Exception as error:  # the seam between work and screen: whatever it is becomes a coded problem
            self.problem = coded(error)
        finally:
            self._end()

    def _send_and_look(self) -> None:
        if self._run is not None:
            self.sent = self._run.run()
            self.problem = self.sent.problem
        if self._look is not None and not self._gate.stopped and self.problem is None:
            self.taking = True
            self.receipts = self._look(self._gate)
            if self._run is None:
                self.problem, self.receipts.problem = self.receipts.problem, None

    def _end(self) -> None:
        self.ended_at = time.time()
        if self._gate.stopped:
            self.state = "stopped"
        else:
            left = self.sent is not None and bool(self.sent.left)
            self.state = "failed" if self.problem is not None or left else "done"
        self.ended.set()


class Network:
    """The network of an open field machine: the run that goes on or the last that ended, and trying by itself."""

    def __init__(self, field: Field, clock: Callable[[], float] = time.monotonic) -> None:
        self.field = field
        self.job: SendJob | None = None
        self._clock = clock
        self._closed = False
        self._turn = threading.Lock()
        self._next = clock()
        self._next_receipts = clock()

    # what is chosen and what there is

    @property
    def settings(self) -> SendSettings:
        """When to try, by which proxy, how fast."""
        return settings.load(self.field.vault.db)

    def keep(self, chosen: SendSettings) -> None:
        """Keep settings. Raises E_PROXY_URL, E_SEND_LIMIT."""
        settings.save(self.field.vault.db, chosen)
        self.soon()

    @property
    def receivers(self) -> tuple[str, ...]:
        """Where the mission's receivers are: host and port."""
        pack = self.field.pack()
        return tuple(Address.parse(card.url).shown for card in (() if pack is None else pack.body.receivers))

    @property
    def permits(self) -> int:
        """Permissions for sending that are left: each bundle needs one."""
        return permits.left(self.field.vault.db)

    @property
    def may_connect(self) -> bool:
        """Whether the mission has a receiver and the settings permit to use it."""
        return bool(self.receivers) and self.settings.policy != "never"

    @property
    def waiting(self) -> bool:
        """Whether something has never been brought to a receiver or onto a stick, or is on its way to a receiver."""
        return any(row.state == "sealed" for row in self.field.interviews()) or bool(staged.load(self.field.vault))

    # runs

    @property
    def going(self) -> bool:
        """Whether a run goes on."""
        return self.job is not None and self.job.going

    @property
    def sign(self) -> str:
        """What stands in the title line of every screen: how far it is, or that a try of its own accord failed; empty
        when nothing goes on.
        """
        job = self.job
        if job is None or not job.going:
            return "↑ !" if job is not None and job.state == "failed" and not job.asked else ""
        if job.state == "paused":
            return _("↑ paused")
        view = job.view()
        if job.taking:
            return "↓"
        return f"↑ {view.done * 100 // view.total} %" if view.total else "↑"

    def sender(self, *, again: bool, asked: bool) -> Run:
        """A run that has not begun."""
        from sync.sending import PATIENCE, Sender

        return Sender(self.field, again=again, patience=PATIENCE if asked else SHORT)

    def look_for_receipts(self, gate: Gate | None = None) -> ReceiptReport:
        """Ask the receivers for receipts; blocks. Stopping `gate` ends it."""
        from sync import fetching

        return fetching.fetch(self.field, gate=gate)

    def send(self, *, asked: bool = True, again: bool = False) -> SendJob:
        """Begin to send."""
        return self._begin(lambda: SendJob(self.sender(again=again, asked=asked), self.look_for_receipts, asked=asked))

    def take_receipts(self, *, asked: bool = True) -> SendJob:
        """Begin to ask the receivers for receipts."""
        return self._begin(lambda: SendJob(None, self.look_for_receipts, asked=asked))

    def _begin(self, make: Callable[[], SendJob]) -> SendJob:
        """Begin a run; while one goes on, that is it: a key pressed twice begins one."""
        with self._turn:
            if self._closed:
                raise Problem("E_VAULT_CLOSED")
            if self.job is not None and self.job.going:
                return self.job
            job = self.job = make()
        self._next = self._clock() + EVERY
        self._next_receipts = self._clock() + RECEIPTS_EVERY
        # Leaving the program waits for no line: whatever a run needs to go on is stored before it is needed.
        threading.Thread(target=job.go, name="sending", daemon=True).start()
        return job

    def soon(self) -> None:
        """Something was sealed, or settings were changed: the next look is due."""
        self._next = self._clock()

    def look(self) -> None:
        """Try by itself, if that was chosen and it is time. Whatever cannot be begun waits for the next time."""
        if self._closed or self.going or self._clock() < self._next:
            return
        self._next = self._clock() + EVERY
        try:
            if self.settings.policy != "connected" or not self.receivers:
                return
            if self.waiting:
                self.send(asked=False)
            elif self._clock() >= self._next_receipts and self._stored:
                self.take_receipts(asked=False)
        except Problem:
            return

    @property
    def _stored(self) -> bool:
        """Whether a receiver has something that the office has not confirmed."""
        return any(row.state == "stored" for row in self.field.interviews())

    @property
    def unfinished(self) -> bool:
        """Whether somebody asked for sending, and it goes on."""
        job = self.job
        return job is not None and job.asked and job.sends and job.state == "running"

    def close(self) -> None:
        """Stop; the vault closes next. What was sent stays sent."""
        self._closed = True
        if self.job is not None:
            self.job.stop()

    def wait(self, seconds: float) -> None:
        """Wait until a run that was stopped has let go; for threads only."""
        if self.job is not None:
            self.job.ended.wait(seconds)
