"""One step of a long work: its name, a bar, and how far it is in words."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Label, ProgressBar

from tui.locale import _

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size_text(size: int) -> str:
    """A count of bytes for people: 512 B, 3.4 MiB."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{size} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


class ProgressPanel(Vertical):
    """Shows `done` of `total`; knows nothing of the work. Bytes are written as sizes, other counts as they are."""

    DEFAULT_CSS = """
    ProgressPanel { height: auto; padding: 0 1; margin: 0 0 1 0;
        & > .progress-name { color: $foreground; }
        & > .progress-text { color: $muted; }
        & ProgressBar { width: 1fr; } & Bar { width: 1fr; }
    }
    """

    def __init__(self, name: str, *, bytes_counted: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label, self._bytes = name, bytes_counted

    def compose(self) -> ComposeResult:
        yield Label(self._label, classes="progress-name", markup=False)
        yield ProgressBar(total=None, show_eta=False)
        yield Label("", classes="progress-text", markup=False)

    def advance(self, done: int, total: int, name: str | None = None, *, note: str = "") -> None:
        """Show how far the work is; `note` stands behind the numbers."""
        if name is not None and name != self._label:
            self._label = name
            self.query_one(".progress-name", Label).update(name)
        self.query_one(ProgressBar).update(total=max(total, 1), progress=done if total else 1)
        write = size_text if self._bytes else str
        words = _("{done} of {total}", done=write(done), total=write(total))
        self.query_one(".progress-text", Label).update(f"{words} · {note}" if note else words)

    def finish(self, verdict: str) -> None:
        """Full bar and a verdict in words."""
        bar = self.query_one(ProgressBar)
        bar.update(total=bar.total or 1, progress=bar.total or 1)
        self.query_one(".progress-text", Label).update(verdict)
