"""The sections at the left, with how much of each is answered."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from schemas.session_types import Node
from schemas.xform_model import Path
from tui.screens.interview.view import InterviewView, Progress

NARROW, WIDE = 25, 33


class Sections(OptionList):
    """One line for each section; the ids are the sections' names. Closed sections are shown, and cannot be entered."""

    def __init__(self, view: InterviewView) -> None:
        super().__init__(id="sections")
        self.view = view
        self._drawn: dict[str, tuple[str, bool]] = {}

    def on_mount(self) -> None:
        """Draw all."""
        self.redraw()

    def redraw(self) -> None:
        """Draw all again, as after a change of language."""
        place = self.highlighted
        self.clear_options()
        self._drawn.clear()
        for node in self.view.sections():
            text, closed = self._text(node)
            self._drawn[node.name] = (text.plain, closed)
            self.add_option(Option(text, id=node.name, disabled=closed))
        self.highlighted = place

    def update_sections(self, touched: set[Path]) -> None:
        """Draw again only the sections that changed."""
        for node in self.view.sections():
            if node.path not in touched:
                continue
            text, closed = self._text(node)
            if self._drawn.get(node.name) == (text.plain, closed):
                continue
            self._drawn[node.name] = (text.plain, closed)
            self.replace_option_prompt(node.name, text)
            (self.disable_option if closed else self.enable_option)(node.name)

    def stand_on(self, section: Path) -> None:
        """Mark the section that is shown."""
        self.highlighted = self.get_option_index(str(section[0]))

    @property
    def _width(self) -> int:
        return WIDE if self.screen.has_class("-wide") else NARROW

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.redraw()

    def _text(self, node: Node) -> tuple[Content, bool]:
        progress = self.view.progress(node.path)
        closed = not node.relevant
        note = _progress_words(progress, closed)
        width = self._width - 1 - cell_len(note)
        label = (node.label or node.name).partition(" (")[0]
        if cell_len(label) > width:
            label = set_cell_size(label, width - 1).rstrip() + "…"
        style = "$faint" if closed else "$success" if progress.done else "$muted"
        pad = " " * (self._width - cell_len(label) - cell_len(note))
        return Content.assemble((label, "$faint" if closed else ""), pad, (note, style)), closed


def _progress_words(progress: Progress, closed: bool) -> str:
    if closed:
        return "–"
    if progress.done:
        return "✓"
    return f"{progress.answered}/{progress.relevant}" if progress.relevant else "0"
