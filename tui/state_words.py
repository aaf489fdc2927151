"""What the state of an interview is called, on screens and in the lines of commands."""

from __future__ import annotations

from typing import Final

from tui.locale import N_

STATE_WORDS: Final = {
    "open": N_("draft"),
    "frozen": N_("draft · its sealing was interrupted"),
    "sealed": N_("sealed · has to leave"),
    "exported": N_("on its way · no receipt yet"),
    "stored": N_("with a receiver · no receipt yet"),
    "imported": N_("the office has it"),
    "needs-human": N_("the office could not take it: talk to them"),
    "purged": N_("the office has it · removed here"),
}


def code_text(code: str) -> str:
    """A record code in groups of four."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
