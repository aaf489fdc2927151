"""F1: what this screen is for, every key that works here, and the keys of the editor. And the command palette."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from tui.layouts import readings
from tui.locale import N_, _
from tui.screens.base import BaseScreen, Dialog, Held
from tui.widgets.keybar import all_keys, key_name, shown_keys

EDITING = (
    ("Tab  ⇧Tab", N_("next and previous field")),
    ("← → ↑ ↓  Home End", N_("move; with Shift select")),
    ("^←  ^→", N_("word by word")),
    ("PgUp PgDn  ^Home ^End", N_("by pages; to the beginning, to the end")),
    ("^Z  ^Y", N_("undo, redo")),
    ("^X  ^C  ^V", N_("cut, copy, put in: inside this program only, never to the clipboard of the computer")),
)


def _table(rows: list[tuple[str, str]]) -> Content:
    width = max((len(key) for key, _text in rows), default=0)  # a screen that is not drawn yet offers no key
    return Content("\n").join(Content.assemble((key.rjust(width), "$accent"), "  ", text) for key, text in rows)


class HelpDialog(Dialog[None]):
    """Help for the screen below."""

    def __init__(self, screen: Held[Any]) -> None:
        super().__init__()
        self._texts = screen.help_text() if isinstance(screen, BaseScreen) else []
        self._rows = [(key, _(binding.description)) for key, binding in all_keys(screen)]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -help", can_focus=True):
            for text in self._texts:
                yield Label(text, classes="help-text", markup=False)
            yield Label(_("Keys on this screen"), classes="problem-head", markup=False)
            yield Static(_table(self._rows))
            yield Label(_("Keys while typing"), classes="problem-head", markup=False)
            yield Static(_table([(key, _(text)) for key, text in EDITING]))
            yield Label(_("Escape closes this help."), classes="dialog-note", markup=False)


class CommandsDialog(Dialog[str]):
    """Everything that can be done now, found by typing; the answer is the action."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, screen: Held[Any]) -> None:
        super().__init__()
        self._commands = [
            (_(binding.description), key_name(binding.key), binding.action) for _key, binding in shown_keys(screen)
        ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(_("What would you like to do?"), classes="dialog-question", markup=False)
            yield Input(id="find")
            yield OptionList(id="commands")

    def on_mount(self) -> None:
        """Show all."""
        self._fill("")

    def _fill(self, words: str) -> None:
        named = ([each for each in self._commands if text in each[0].casefold()] for text in readings(words))
        found = next((commands for commands in named if commands), [])
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(
            [Option(Content.assemble(text, "  ", (key, "$accent")), id=action) for text, key, action in found]
        )
        options.highlighted = 0 if found else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._fill(event.value.strip())

    def on_key(self, event: events.Key) -> None:
        """Arrows move in the list while the words are typed."""
        if event.key in ("up", "down"):
            event.stop()
            options = self.query_one(OptionList)
            (options.action_cursor_up if event.key == "up" else options.action_cursor_down)()

    def on_input_submitted(self) -> None:
        """Do the highlighted one."""
        option = self.query_one(OptionList).highlighted_option
        if option is not None:
            self.dismiss(option.id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do the chosen one."""
        self.dismiss(event.option.id)
