"""The top line: the product, the screen, and at the right what is worth knowing all the time."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label

ROOM = 5
"""Columns of the line that are blank in any case."""


class TitleBar(Horizontal):
    """`Svidok · Interviews field`. Never holds testimony: titles are sentences of the catalogue and record codes."""

    DEFAULT_CSS = """
    TitleBar { dock: top; height: 1; padding: 0 1; background: $panel;
        & > #title-name { text-style: bold; color: $primary; }
        & > #title-text { width: 1fr; color: $foreground; }
        & > #title-note { width: auto; color: $muted; }
        & > #title-sign { width: auto; color: $primary; margin: 0 0 0 2; }
    }
    """

    def __init__(self, text: str, note: str = "") -> None:
        super().__init__()
        self._text, self._note = text, note

    def compose(self) -> ComposeResult:
        yield Label("Svidok", id="title-name")
        yield Label(f" · {self._text}" if self._text else "", id="title-text", markup=False)
        yield Label(self._note, id="title-note", markup=False)
        yield Label("", id="title-sign", markup=False)

    def on_mount(self) -> None:
        """Follow the application's sign for what goes on below the screens."""
        self.watch(self.app, "sign", self._sign)

    def _sign(self, sign: str) -> None:
        for label in self.query("#title-sign").results(Label):  # there is none while everything is drawn anew
            label.display = bool(sign)
            label.update(sign)
            self._make_room()

    def _make_room(self) -> None:
        """The sign is never cut: what stands before it goes where both have no room."""
        sign, note = self.query_one("#title-sign", Label), self.query_one("#title-note", Label)
        cells = sum(cell_len(str(label.content)) for label in (self.query_one("#title-name", Label), note, sign))
        note.display = not str(sign.content) or cells + ROOM <= self.size.width

    def show(self, text: str | None = None, note: str | None = None) -> None:
        """Change either part."""
        if text is not None:
            self.query_one("#title-text", Label).update(f" · {text}" if text else "")
        if note is not None:
            self.query_one("#title-note", Label).update(note)
            self._make_room()
