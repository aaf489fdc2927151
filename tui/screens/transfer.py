"""Sealed interviews to the office: over the network, or on sticks.

The rule: both ways stand beside each other, and each says for itself what arrived. Sending goes on when this screen is
left; writing to sticks does not let it be left. A verdict is left by a key of its own, and nothing is sent by a key
that was pressed before anybody could see what it does here: keys pressed twice neither hide a verdict nor send.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from schemas.problems import Problem
from sync.halting import Halt
from tui.locale import N_, _
from tui.screens.base import BaseScreen, Reported
from tui.screens.sending import Network, SendJob
from tui.screens.transfer_network import NetworkCard, NetworkRun
from tui.screens.transfer_stick import StickChoice, StickRun
from tui.screens.transfer_words import leaving_text
from tui.widgets.paths import mounted_sticks
from tui.widgets.progress import ProgressPanel

if TYPE_CHECKING:
    from collector.field import Field
    from sync.export_report import ExportReport, StickVerdict

Face = Literal["choose", "stick", "network"]
WATCH_SECONDS = 0.2
STICK_SECONDS = 1.0
READING_SECONDS = 0.4
"""Nobody reads a new screen and answers it sooner. F6 leads to this screen, and sends on it."""
UNCONFIRMED = ("sealed", "exported", "stored", "needs-human")


class TransferScreen(BaseScreen):
    """Network and sticks."""

    TITLE_WORDS = N_("Transfer")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "Over the network: what a receiver has confirmed stays there, and the rest goes on from the byte where it "
            "stopped, after a cut, a pause, a lock, another day. You may leave this screen meanwhile. A receiver can "
            "open nothing; stored there is not yet imported, and only the office's receipt lets anything be removed."
        ),
        N_(
            'With the setting "by itself" it is tried every few minutes and after sealing, without a window. At the '
            "right of the title line ↑ means that something is sent, ↓ that receipts are looked for, ↑ ! that the last "
            "try failed; this screen says why."
        ),
        N_("Everything that the office has not confirmed travels, and travels again, until its receipt is here."),
        N_(
            "It is cut into volumes. With 3 of 5, any three volumes of the five are enough: two sticks may be lost or "
            "damaged. Use as many sticks as you can, one folder each; volumes are dealt out in turn."
        ),
        N_("Nobody can open the volumes except the office. Pull out a stick only after the verdict."),
        N_(
            "Sticks that are plugged in while this screen is open appear by themselves; any other folder can be typed. "
            "What was written is read back past the system's memory where that is possible. What a stick's own "
            "electronics remember cannot be passed by."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "write", N_("Write to sticks")),
        Binding("f5", "sticks", N_("Use sticks")),
        Binding("enter", "choose", N_("Choose sticks")),
        Binding("f6", "send", N_("Send")),
        Binding("f6", "again", N_("Send again")),
        Binding("f6", "watch", N_("Show the sending")),
        Binding("f6", "pause", N_("Pause")),
        Binding("f6", "go_on", N_("Go on")),
        Binding("f7", "receipts", N_("Receipts from the receiver")),
        Binding("f8", "stop", N_("Stop")),
        Binding("f6", "hold_sticks", N_("Pause")),
        Binding("f6", "sticks_on", N_("Go on")),
        Binding("f8", "stop_sticks", N_("Stop")),
        Binding("f9", "settings", N_("Settings")),
        Binding("delete", "drop", N_("Leave out this folder")),
        Binding("pageup", "page(-1)", N_("Up"), show=False),
        Binding("pagedown", "page(1)", N_("Down"), show=False),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, field: Field, network: Network) -> None:
        super().__init__()
        self.field = field
        self.network = network
        self.running = False
        self.report: ExportReport | None = None
        self.told: dict[str, StickVerdict] = {}
        self.face: Face = "network" if network.going else "choose"
        self.stick = StickChoice(field)
        self.halt = Halt()
        self._mounted: set[Path] = set()
        self._shown_state = ""
        self._read_at = float("inf")

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with VerticalScroll(id="transfer", can_focus=True):
            with Container(id="ways"):
                yield NetworkCard(self.network)
                self.stick = self.stick.again()
                yield self.stick
            yield StickRun(id="stick-run")
            yield NetworkRun(self.network)

    def on_mount(self) -> None:
        """Offer the sticks that are plugged in; watch the run."""
        self.restored()
        self.watch_sticks()
        self.set_interval(STICK_SECONDS, self.watch_sticks)
        self.set_interval(WATCH_SECONDS, self.watch_run)
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self._read_at = time.monotonic() + READING_SECONDS

    @property
    def at_work(self) -> bool:
        """Sticks are written to their end; the minutes until the lock begin with the verdict."""
        return self.running and not self.halt.paused

    def hold(self) -> None:
        """Remember what was typed."""
        self.stick.hold()

    def restored(self) -> None:
        """Draw everything."""
        self.stick.restored()
        self._draw()
        (self.query_one("#folder") if self.face == "choose" else self.query_one("#transfer")).focus()

    def _draw(self) -> None:
        rows = self.field.interviews()
        size = self.field.status()["unconfirmed"]["bytes"]
        states = Counter(row.state for row in rows)
        self.query_one("#summary", Static).update(leaving_text(states, size, written=self.report is not None))
        self.query_one(NetworkCard).show(rows)
        self.query_one("#ways").display = self.face == "choose"
        self.query_one(StickRun).display = self.face == "stick"
        self.query_one(StickRun).show(self.report, list(self.told.values()))
        self.query_one(StickRun).hold(paused=self.halt.paused)
        run, job = self.query_one(NetworkRun), self.network.job
        run.display = self.face == "network"
        if self.face == "network" and job is not None:
            run.show(job)
        self.refresh_bindings()

    @property
    def waiting(self) -> bool:
        """Whether there is anything that the office has not confirmed."""
        return any(row.state in UNCONFIRMED for row in self.field.interviews())

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done depends on what is shown and on what goes on."""
        if not self.is_mounted or self.shell.opened is None:
            return False
        if action in STICK_ACTIONS:
            wanted = {"hold_sticks": not self.halt.paused, "sticks_on": self.halt.paused}
            return self.running and not self.halt.stopped and wanted.get(action, True)
        if self.running:
            return action not in OWN_ACTIONS
        if action in NETWORK_ACTIONS:
            return self._network_can(action)
        if action == "write":
            return self.face == "choose" and bool(self.stick.folders) and self.waiting
        if action == "choose":
            return self.face == "stick"
        if action == "sticks":
            return self.face == "network" and not self.network.going and self.waiting
        if action == "drop":
            return self.face == "choose" and self.stick.in_list
        return True

    def _network_can(self, action: str) -> bool:
        network, job = self.network, self.network.job
        shown = self.face == "network"
        if action == "watch":
            return network.going and not shown
        if action == "pause":
            return shown and job is not None and job.state == "running" and job.sends and not job.taking
        if action == "go_on":
            return shown and job is not None and job.state == "paused"
        if action == "stop":
            return shown and network.going
        if network.going or self.face == "stick":
            return False
        if action == "settings":
            return True
        if not network.may_connect:
            return False
        return action == "receipts" or (self.waiting and network.waiting == (action == "send"))

    def action_leave(self) -> None:
        """Back to the list; a run goes on."""
        self.leave()

    def action_page(self, pages: int) -> None:
        """Scroll, wherever the cursor stands."""
        page = self.query_one("#transfer")
        page.scroll_relative(y=pages * max(1, page.size.height - 2), animate=False)

    def action_drop(self) -> None:
        """Leave out the folder under the cursor."""
        self.stick.drop()

    def action_sticks(self) -> None:
        """Show both ways again."""
        self.report = None
        self._turn("choose")
        self.query_one("#folder", Input).focus()

    action_choose = action_sticks

    def _turn(self, face: Face) -> None:
        self.face = face
        self._draw()
        if face != "choose":
            self.query_one("#transfer").focus()

    # the network

    @property
    def was_read(self) -> bool:
        """Whether the screen has stood long enough for a key to be an answer to it."""
        return time.monotonic() >= self._read_at

    def _redraw(self) -> None:
        """The screen and the title line at once: a key that was pressed is seen to have worked."""
        self.shell.look_at_network()
        self._draw()

    def action_send(self) -> None:
        """Send everything that still has to leave."""
        if self.was_read:
            self._begin(self.network.send)

    def action_again(self) -> None:
        """Ask, then send what a receiver had already."""
        from tui.screens.dialogs import Confirm

        self.app.push_screen(
            Confirm(
                _("Send again what was sent before?"),
                _(
                    "Everything that was sent or carried before and that the office has not confirmed goes once more "
                    "over the network. Do this when the office says that it never came."
                ),
                _("Send again"),
            ),
            lambda yes: self._begin(lambda: self.network.send(again=True)) if yes else None,
        )

    def action_receipts(self) -> None:
        """Ask the receivers for receipts."""
        self._begin(self.network.take_receipts)

    def _begin(self, start: Callable[[], SendJob]) -> None:
        def begun(_job: SendJob) -> None:
            self._turn("network")

        self.work(start, begun)

    def action_watch(self) -> None:
        """Show the run that goes on."""
        self._turn("network")

    def action_pause(self) -> None:
        """Pause the run."""
        if self.network.job is not None and self.was_read:
            self.network.job.pause()
            self._redraw()

    def action_go_on(self) -> None:
        """Go on after a pause."""
        if self.network.job is not None and self.was_read:
            self.network.job.resume()
            self._redraw()

    def action_stop(self) -> None:
        """Stop the run. Nothing is lost by it, so nobody is asked."""
        if self.network.job is not None:
            self.network.job.stop()

    def action_settings(self) -> None:
        """When to try, by which way, how fast."""
        from tui.screens.sending_settings import SendingSettings

        def chosen(_saved: bool | None) -> None:
            self._draw()

        self.app.push_screen(SendingSettings(self.network), chosen)

    def watch_run(self) -> None:
        """Show how far the run is; draw everything when it has begun or ended."""
        if self.shell.opened is None or not self.is_current:
            return
        job = self.network.job
        state = job.state if job is not None else ""
        if state != self._shown_state:
            self._shown_state = state
            self._draw()
        elif job is not None and job.going and self.face == "network":
            self.query_one(NetworkRun).show(job)
            self.refresh_bindings()

    # sticks

    def action_write(self) -> None:
        """Write everything, with bars."""
        shape = self.stick.shape
        if shape is None:
            return
        self.running, self.report, self.halt = True, None, Halt()
        self.told.clear()
        self._turn("stick")
        folders, field, halt = list(self.stick.folders), self.field, self.halt
        reports = {step: self.reporter(partial(self._advance, step)) for step in ("write", "check")}

        def run() -> ExportReport:
            from sync import outbox

            k, n = shape

            def step(name: str, done: int, all_: int) -> None:
                reports[name](done, all_)

            def stands(stick: StickVerdict) -> None:
                self.post_message(Reported(lambda: self._stands(stick)))

            return outbox.export(field, folders, k=k, n=n, progress=step, halt=halt, told=stands)

        self.work(run, self._done, failed=self._failed)

    def _advance(self, step: str, done: int, total: int) -> None:
        self.query_one(f"#{step}", ProgressPanel).advance(done, total)

    def _stands(self, stick: StickVerdict) -> None:
        self.told[stick.folder] = stick
        self.query_one(StickRun).show(self.report, list(self.told.values()))

    def watch_sticks(self) -> None:
        """Take in what was plugged in, let go of what was taken out; not while something is being written."""
        if self.shell.opened is None or self.running or not self.is_current:
            return
        found = set(mounted_sticks())
        for folder in sorted(self._mounted - found):
            self.stick.gone(folder)
        for folder in sorted(found - self._mounted):
            self.stick.add(folder)
        self._mounted = found

    def action_hold_sticks(self) -> None:
        """Pause the writing."""
        self._hold(self.halt.pause)

    def action_sticks_on(self) -> None:
        """Go on writing."""
        self._hold(self.halt.resume)

    def action_stop_sticks(self) -> None:
        """Stop the writing. Interviews stay as they were, so nobody is asked."""
        self._hold(self.halt.stop)

    def _hold(self, act: Callable[[], None]) -> None:
        act()
        self.query_one(StickRun).hold(paused=self.halt.paused)
        self.refresh_bindings()

    def on_unmount(self) -> None:
        """Nothing waits for a screen that is gone."""
        self.halt.stop()

    def _failed(self, problem: Problem) -> None:
        self.running = False
        self._turn("choose")
        self.shell.problem(problem)

    def _done(self, report: ExportReport) -> None:
        self.running, self.report = False, report
        self.shell.idleness.stir()
        self._draw()


NETWORK_ACTIONS = frozenset(("send", "again", "watch", "pause", "go_on", "stop", "receipts", "settings"))
STICK_ACTIONS = frozenset(("hold_sticks", "sticks_on", "stop_sticks"))
OWN_ACTIONS = NETWORK_ACTIONS | {"write", "sticks", "choose", "drop", "leave"}
