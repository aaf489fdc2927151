"""From which receiver, how much, and by which proxy it is fetched.

The rule: the proxy is kept, so that no later run goes without it; the rest is chosen for one run. What cannot be used
is named beside its field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, problem_sentences
from tui.screens.base import Dialog
from tui.screens.desk.fetching import Wish

if TYPE_CHECKING:
    from textual.events import Key

    from sync.desk.desk import Desk
    from sync.desk.receivers import Receiver

AGAIN: tuple[tuple[bool, str], ...] = (
    (False, N_("Only what is new")),
    (True, N_("Everything that lies there, imported or not")),
)
_SIGNS = {True: ("● ", "$primary"), False: ("○ ", "$muted")}


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to choose from: receivers, and the proxy that is kept."""

    receivers: Sequence[Receiver]
    proxy: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen: the wish for this run, and the proxy to keep."""

    wish: Wish
    proxy: str | None


def given(desk: Desk) -> Given:
    """Look."""
    from sync.desk import proxy

    return Given(desk.receivers(), proxy.kept(desk.vault))


def keep(desk: Desk, chosen: Chosen) -> None:
    """Keep the proxy. Raises E_PROXY_URL."""
    from sync.desk import proxy

    proxy.keep(desk.vault, chosen.proxy)


class FetchChoice(Dialog[Chosen]):
    """Two choices and a proxy; nothing when it was left."""

    def __init__(self, found: Given) -> None:
        super().__init__()
        self._given = found
        self.only: str | None = None
        self.again = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("What shall be fetched?"), classes="dialog-question", markup=False)
            if len(self._given.receivers) > 1:
                yield OptionList(*self._receivers(), id="receivers", classes="choice")
            yield OptionList(*self._amounts(), id="again", classes="choice")
            yield Label(_("Proxy (Tor: socks5h://127.0.0.1:9050)"), classes="field-label", markup=False)
            yield Input(self._given.proxy or "", id="proxy", select_on_focus=False)
            yield Label(_("Kept for every run; empty: no proxy"), id="path-note", classes="field-label", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(_("Fetch"), id="yes", variant="primary")
                yield Button(_("Not now"), id="no")

    def on_mount(self) -> None:
        """Stand on what is chosen now."""
        for options in self.query(OptionList):
            options.highlighted = 0
        self.query(OptionList).first().focus()

    def _receivers(self) -> list[Option]:
        """All of them, then each; the ids are their places."""
        lines = [Option(Content.assemble(_SIGNS[self.only is None], _("All receivers")), id="all")]
        for place, receiver in enumerate(self._given.receivers):
            sign = _SIGNS[self.only == receiver.fingerprint]
            digits = (f"  {receiver.fingerprint[:11]}", "$muted")
            lines.append(Option(Content.assemble(sign, receiver.card.url, digits), id=str(place)))
        return lines

    def _amounts(self) -> list[Option]:
        return [
            Option(Content.assemble(_SIGNS[again == self.again], _(words)), id=str(int(again)))
            for again, words in AGAIN
        ]

    def on_key(self, event: Key) -> None:
        """Space chooses as Enter does."""
        if event.key == "space" and isinstance(self.focused, OptionList):
            event.stop()
            self.focused.action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose."""
        place, name = event.option_index, event.option.id or ""
        if event.option_list.id == "again":
            self.again = name == "1"
            lines = self._amounts()
        else:
            self.only = None if name == "all" else self._given.receivers[int(name)].fingerprint
            lines = self._receivers()
        event.option_list.clear_options()
        event.option_list.add_options(lines)
        event.option_list.highlighted = place

    def on_input_submitted(self) -> None:
        """On to the button."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Fetch, or not."""
        from sync.address import chosen_proxy

        if event.button.id != "yes":
            self.dismiss(None)
            return
        proxy = self.query_one("#proxy", Input).value.strip() or None
        try:
            chosen_proxy(proxy)
        except Problem as problem:
            what, _safe, remedy = problem_sentences(problem)
            note = self.query_one("#path-note", Label)
            note.set_classes("bad-note")
            note.update(f"{what} {remedy}")
            self.query_one("#proxy").focus()
            return
        self.dismiss(Chosen(Wish(self.only, self.again), proxy))
