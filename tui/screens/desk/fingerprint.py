"""A fingerprint in digits that can be read across a table, and that fit into a small window."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Digits, Label

GROUPS_IN_A_ROW = 4


class Fingerprint(Vertical):
    """Groups of five digits, four in a row, three rows high; plain text in a narrow or low window."""

    DEFAULT_CSS = """
    Fingerprint { height: auto; padding: 0 1; margin: 1 0;
        & Digits { height: 3; color: $primary; }
        & .fingerprint-plain { display: none; color: $primary; text-style: bold; }
    }
    Screen.-narrow Fingerprint, Screen.-low Fingerprint { margin: 0;
        & Digits { display: none; }
        & .fingerprint-plain { display: block; }
    }
    """

    def __init__(self, digits: str) -> None:
        super().__init__()
        self._groups = digits.split()

    def compose(self) -> ComposeResult:
        for place in range(0, len(self._groups), GROUPS_IN_A_ROW):
            yield Digits(" ".join(self._groups[place : place + GROUPS_IN_A_ROW]))
        yield Label(" ".join(self._groups), classes="fingerprint-plain", markup=False)
