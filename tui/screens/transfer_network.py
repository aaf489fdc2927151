"""The network's part of the transfer: what can be sent and how, a run with its volumes, and what came of it.

The rule: what a receiver has stored is never called arrived. A key that cannot be used says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, Static

from tui.locale import _
from tui.screens.sending import Network, SendJob
from tui.screens.transfer_words import (
    Parts,
    ended_text,
    going_text,
    last_parts,
    permits_parts,
    settings_text,
    stored_parts,
)
from tui.widgets.volumes import TransferPanel, TransferView, ended_volumes

if TYPE_CHECKING:
    from collector.field import InterviewRow


class NetworkCard(Vertical):
    """Which receiver, when it is tried, what it has already."""

    def __init__(self, network: Network) -> None:
        super().__init__(id="network", classes="way")
        self.network = network

    def compose(self) -> ComposeResult:
        yield Label(_("Network"), classes="way-name", markup=False)
        yield Static(id="network-words")

    def show(self, rows: Sequence[InterviewRow]) -> None:
        """Draw how things stand."""
        self.query_one("#network-words", Static).update(Content.assemble(*self._parts(rows)[:-1]))

    def _parts(self, rows: Sequence[InterviewRow]) -> Parts:
        receivers = self.network.receivers
        if not receivers:
            return [(_("The mission pack names no receiver: sticks are the way."), "$muted"), "\n"]
        settings = self.network.settings
        parts: Parts = [(", ".join(receivers), "bold"), "\n", (settings_text(settings), "$muted"), "\n"]
        if settings.policy == "never":
            off = _("F6 is off: sending over the network was switched off in the settings. F9 changes that.")
            parts += [("! ", "$warning"), off, "\n"]
        parts += permits_parts(self.network.permits)
        return [*parts, *stored_parts(rows), *last_parts(self.network.job)]


class NetworkRun(Vertical):
    """A run: its bar and its volumes; afterwards the verdict, what stood in the way, receipts."""

    def __init__(self, network: Network) -> None:
        super().__init__(id="network-run")
        self.network = network

    def compose(self) -> ComposeResult:
        yield TransferPanel("", id="sending")
        yield Static(id="network-end")
        yield Static(id="network-failed")

    def show(self, job: SendJob) -> None:
        """Draw the run."""
        panel = self.query_one(TransferPanel)
        panel.display = job.going
        end, failed = self.query_one("#network-end", Static), self.query_one("#network-failed", Static)
        end.display = not job.going
        failed.display = not job.going
        view = job.view()
        if job.going:
            making = job.making
            panel.show(TransferView((), *making) if making[1] else view, going_text(job, self.network.receivers))
            return
        end.update(ended_text(job))
        failed.display = bool(view.lines)
        failed.update(ended_volumes(view.lines, self.app.size.width))
