"""Sealed interviews to the office: over the network, or on sticks.

The rule: both ways stand beside each other, and each says for itself what arrived. Sending goes on when this screen is
left; writing to sticks does not let it be left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from schemas.problems import Problem
from tui.locale import N_, _, ngettext
from tui.screens.base import BaseScreen
from tui.screens.sending import Network, SendJob
from tui.screens.transfer_network import NetworkCard, NetworkRun
from tui.screens.transfer_stick import StickChoice, StickRun
from tui.widgets.paths import mounted_sticks
from tui.widgets.progress import ProgressPanel, size_text

if TYPE_CHECKING:
    from collector.field import Field
    from sync.export_report import ExportReport

Face = Literal["choose", "stick", "network"]
WATCH_SECONDS = 0.2
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
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "write", N_("Write to sticks")),
        Binding("f5", "sticks", N_("Use sticks")),
        Binding("f6", "send", N_("Send")),
        Binding("f6", "again", N_("Send again")),
        Binding("f6", "watch", N_("Show the sending")),
        Binding("f6", "pause", N_("Pause")),
        Binding("f6", "go_on", N_("Go on")),
        Binding("f7", "receipts", N_("Receipts from the receiver")),
        Binding("f8", "stop", N_("Stop")),
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
        self.face: Face = "network" if network.going else "choose"
        self.stick = StickChoice(field)
        self._shown_state = ""

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with VerticalScroll(id="transfer", can_focus=True):
            with Container(id="ways"):
                yield NetworkCard(self.network)
                kept, self.stick = self.stick.folders, StickChoice(self.field)
                self.stick.folders = kept
                yield self.stick
            yield StickRun(id="stick-run")
            yield NetworkRun(self.network)

    def on_mount(self) -> None:
        """Offer the sticks that are plugged in; watch the run."""
        self.restored()
        for stick in mounted_sticks():
            self.stick.add(stick)
        self.set_interval(WATCH_SECONDS, self.watch_run)

    def restored(self) -> None:
        """Draw everything."""
        self.stick.restored()
        self._draw()
        (self.query_one("#folder") if self.face == "choose" else self.query_one("#transfer")).focus()

    def _draw(self) -> None:
        rows = self.field.interviews()
        self._summary(Counter(row.state for row in rows))
        self.query_one(NetworkCard).show(rows)
        self.query_one("#ways").display = self.face == "choose"
        self.query_one(StickRun).display = self.face == "stick"
        self.query_one(StickRun).show(self.report)
        run, job = self.query_one(NetworkRun), self.network.job
        run.display = self.face == "network"
        if self.face == "network" and job is not None:
            run.show(job)
        self.refresh_bindings()

    def _summary(self, states: Counter[str]) -> None:
        fresh = states["sealed"]
        again = states["exported"] + states["stored"] + states["needs-human"]
        parts = []
        if fresh:
            parts.append(ngettext("{count} still has to leave", "{count} still have to leave", fresh))
        if again:
            parts.append(
                ngettext("{count} without a receipt travels again", "{count} without a receipt travel again", again)
            )
        size = self.field.status()["unconfirmed"]["bytes"]
        parts.append(size_text(size) if parts else _("Nothing has to leave."))
        self.query_one("#summary", Static).update(Content("  ·  ".join(parts)))

    @property
    def waiting(self) -> bool:
        """Whether there is anything that the office has not confirmed."""
        return any(row.state in UNCONFIRMED for row in self.field.interviews())

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done depends on what is shown and on what goes on."""
        if not self.is_mounted or self.shell.opened is None:
            return False
        if self.running:
            return action not in OWN_ACTIONS
        if action in NETWORK_ACTIONS:
            return self._network_can(action)
        if action == "write":
            return self.face == "choose" and bool(self.stick.folders) and self.waiting
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
        self.app.pop_screen()

    def action_page(self, pages: int) -> None:
        """Scroll, wherever the cursor stands."""
        page = self.query_one("#transfer")
        page.scroll_relative(y=pages * max(1, page.size.height - 2), animate=False)

    def action_drop(self) -> None:
        """Leave out the folder under the cursor."""
        self.stick.drop()

    def action_sticks(self) -> None:
        """Show both ways again."""
        self._turn("choose")
        self.query_one("#folder", Input).focus()

    def _turn(self, face: Face) -> None:
        self.face = face
        self._draw()
        if face != "choose":
            self.query_one("#transfer").focus()

    # the network

    def _redraw(self) -> None:
        """The screen and the title line at once: a key that was pressed is seen to have worked."""
        self.shell.look_at_network()
        self._draw()

    def action_send(self) -> None:
        """Send everything that still has to leave."""
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
        if self.network.job is not None:
            self.network.job.pause()
            self._redraw()

    def action_go_on(self) -> None:
        """Go on after a pause."""
        if self.network.job is not None:
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
        self.running = True
        self._turn("stick")
        folders, field = list(self.stick.folders), self.field
        reports = {
            step: self.reporter(self.query_one(f"#{step}", ProgressPanel).advance) for step in ("write", "check")
        }

        def run() -> ExportReport:
            from sync import outbox

            k, n = shape
            return outbox.export(field, folders, k=k, n=n, progress=lambda step, done, all_: reports[step](done, all_))

        self.work(run, self._done, failed=self._failed)

    def _failed(self, problem: Problem) -> None:
        self.running = False
        self._turn("choose")
        self.shell.problem(problem)

    def _done(self, report: ExportReport) -> None:
        self.running, self.report = False, report
        self._draw()


NETWORK_ACTIONS = frozenset(("send", "again", "watch", "pause", "go_on", "stop", "receipts", "settings"))
OWN_ACTIONS = NETWORK_ACTIONS | {"write", "sticks", "drop", "leave"}
