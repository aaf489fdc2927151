"""Text that was pasted, as it reaches an editor.

The rule: nothing of it is dropped unsaid. In a field of one line the lines stand one after another; signs that no text
has (control characters) are left out, and how many is told.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from textual import events
from textual.widgets import Input

from tui.locale import ngettext
from tui.widgets.paragraphs import clean, left_out

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver


def terminal_driver() -> type[Driver] | None:
    """How the terminal is read; None for Textual's own way, where there is no other."""
    if sys.platform == "win32":
        return None
    from tui.terminal_input import Terminal

    return Terminal


def pasted(app: App[Any], event: events.Paste) -> events.Paste:
    """What the widget with the cursor is given."""
    dropped = left_out(event.text)
    if dropped:
        words = ngettext(
            "{count} control character was left out of what was pasted: it is no part of a text.",
            "{count} control characters were left out of what was pasted: they are no part of a text.",
            dropped,
        )
        app.notify(words, markup=False, severity="warning")
    text = clean(event.text)
    return events.Paste(one_line(text) if isinstance(app.focused, Input) else text)


def one_line(text: str) -> str:
    """The lines of a text, one after another."""
    return " ".join(line for line in text.split("\n") if line)
