"""The sections at the left, with how much of each is answered."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual import events

from schemas.session_types import Node
from schemas.xform_model import Path
from tui.screens.interview.view import InterviewView, Progress
from tui.widgets.lines import Line, Lines


class Sections(Lines):
    """One line for each section; the keys are the sections' names. Closed sections are shown and cannot be entered."""

    def __init__(self, view: InterviewView) -> None:
        super().__init__(id="sections", cursor_blurred=True)
        self.view = view
        self.names: list[str] = []

    def on_resize(self, event: events.Resize) -> None:
        """Draw all for the new width."""
        nodes = self.view.sections()
        self.names = [node.name for node in nodes]
        self._laid_out_for = max(self.content_size.width, 1)
        self.show_lines([self._line(node) for node in nodes], self.at)
        super().on_resize(event)

    def update_sections(self, touched: set[Path]) -> None:
        """Draw again only the sections that changed."""
        for node in self.view.sections():
            if node.path in touched and node.name in self.names:
                self.change_line(self.names.index(node.name), self._line(node))

    def show_section(self, section: Path) -> None:
        """Mark the section that is shown."""
        self.names = self.names or [node.name for node in self.view.sections()]
        self.stand_on(self.names.index(str(section[0])))

    def _line(self, node: Node) -> Line:
        progress = self.view.progress(node.path)
        closed = not node.relevant
        note = progress_words(progress, closed=closed)
        width = max(self._laid_out_for - cell_len(note) - 2, 4)
        label = (node.label or node.name).partition(" (")[0]
        if cell_len(label) > width:
            label = set_cell_size(label, width - 1).rstrip() + "…"
        tone = "success" if progress.done and not closed else "faint" if closed else "muted"
        return Line(node.name, label, note=note, note_tone=tone, tone="faint" if closed else "plain", closed=closed)  # type: ignore[arg-type]  # literals


def progress_words(progress: Progress, *, closed: bool) -> str:
    """`3/9`, a tick when nothing is left, a dash while the section is closed."""
    if closed:
        return "–"
    if progress.done:
        return "✓"
    return f"{progress.answered}/{progress.relevant}" if progress.relevant else "0"
