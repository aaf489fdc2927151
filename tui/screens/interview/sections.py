"""The sections at the left, with how much of each is answered."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from schemas.session_types import Node
from schemas.xform_model import Path
from tui.locale import _
from tui.screens.interview.view import InterviewView, Progress

WIDTH = 25


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
        self.clear_options()
        self._drawn.clear()
        for node in self.view.sections():
            text, closed = self._text(node)
            self._drawn[node.name] = (text.plain, closed)
            self.add_option(Option(text, id=node.name, disabled=closed))

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

    def _text(self, node: Node) -> tuple[Content, bool]:
        progress = self.view.progress(node.path)
        closed = not node.relevant
        note = _progress_words(progress, closed)
        width = WIDTH - 3 - cell_len(note)
        label = node.label or node.name
        if cell_len(label) > width:
            label = set_cell_size(label, width - 1).rstrip() + "…"
        style = "$faint" if closed else "$success" if progress.done else "$muted"
        pad = " " * (WIDTH - 2 - cell_len(label) - cell_len(note))
        return Content.assemble((label, "$faint" if closed else ""), pad, (note, style)), closed


def _progress_words(progress: Progress, closed: bool) -> str:
    if closed:
        return _("closed")
    if progress.done:
        return "✓"
    return f"{progress.answered}/{progress.relevant}" if progress.relevant else "–"
