"""When to try over the network, by which proxy, how fast at most.

The rule: what was typed is kept only when it makes sense; what does not is named beside its field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from schemas.problems import Problem
from sync.settings import MAX_LIMIT, Policy, SendSettings
from tui.locale import N_, _, problem_sentences
from tui.screens.base import Dialog
from tui.screens.sending import Network

if TYPE_CHECKING:
    from textual.events import Key

CHOICES: tuple[tuple[Policy, str], ...] = (
    ("asked", N_("Only when I press the key")),
    ("connected", N_("By itself, whenever there is a connection")),
    ("never", N_("Never over the network")),
)


class SendingSettings(Dialog[bool]):
    """Three settings; the answer is whether they were kept."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network
        self._kept = network.settings
        self.policy: Policy = self._kept.policy

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("When shall it be sent?"), classes="dialog-question", markup=False)
            yield OptionList(*self._options(), id="policy")
            yield Label(_("Proxy (Tor: socks5h://127.0.0.1:9050)"), classes="field-label -apart", markup=False)
            yield Input(self._kept.proxy or "", id="proxy", select_on_focus=False)
            yield Label(_("At most so many KiB a second (empty: no limit)"), classes="field-label", markup=False)
            yield Input(
                str(self._kept.limit) if self._kept.limit else "", id="limit", type="integer", select_on_focus=False
            )
            yield Label("", id="path-note", classes="bad-note", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(_("Keep these settings"), id="yes", variant="primary")
                yield Button(_("Leave as it was"), id="no")

    def on_mount(self) -> None:
        """Stand on what is chosen now."""
        self._stand()
        self.query_one("#policy").focus()

    def _options(self) -> list[Option]:
        signs = {True: ("● ", "$primary"), False: ("○ ", "$muted")}
        return [
            Option(Content.assemble(signs[policy == self.policy], _(words)), id=policy) for policy, words in CHOICES
        ]

    def _stand(self) -> None:
        place = [policy for policy, _words in CHOICES].index(self.policy)
        self.query_one("#policy", OptionList).highlighted = place

    def on_key(self, event: Key) -> None:
        """Space chooses as Enter does."""
        options = self.query_one("#policy", OptionList)
        if event.key == "space" and options.has_focus:
            event.stop()
            options.action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose."""
        self.policy = next(policy for policy, _words in CHOICES if policy == event.option.id)
        options = self.query_one("#policy", OptionList)
        options.clear_options()
        options.add_options(self._options())
        self._stand()

    def on_input_submitted(self) -> None:
        """On to the next field."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Keep, or not."""
        if event.button.id != "yes":
            self.dismiss(False)
            return
        typed = self.query_one("#limit", Input).value.strip()
        if typed and not (typed.isdecimal() and 1 <= int(typed) <= MAX_LIMIT):
            self._say(_("The limit must be between 1 and {most}.", most=MAX_LIMIT))
            return
        proxy = self.query_one("#proxy", Input).value.strip() or None
        try:
            self._network.keep(SendSettings(self.policy, proxy, int(typed) if typed else None))
        except Problem as problem:
            what, _safe, remedy = problem_sentences(problem)
            self._say(f"{what} {remedy}")
            return
        self.dismiss(True)

    def _say(self, words: str) -> None:
        self.query_one("#path-note", Label).update(words)
