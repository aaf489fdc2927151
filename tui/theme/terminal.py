"""What a terminal can show: colours or none, signs beyond ASCII or none.

The rule: where the terminal cannot show a sign, another of the same width stands in its place, and two signs that mean
different things never become the same one in one place. Letters stay as they are, unless the encoding has no place for
them.
"""

from __future__ import annotations

import locale
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor

if TYPE_CHECKING:
    from textual.app import App

_POOR = ("linux", "dumb", "vt52", "vt100", "vt102", "vt220")
_SIGNS = {
    "✓": "v", "•": "*", "·": ".", "–": "-", "—": "-", "‐": "-", "−": "-", "…": ".", "●": "@", "○": "o", "◐": "%",
    "▪": "#", "×": "x", "▸": ">", "▾": "=", "→": ">", "←": "<", "↑": "^", "↓": "v", "⏎": "~", "⇧": "S", "’": "'",
    "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "№": "N", "§": "S", "†": "+",
    "€": "E", "\u00a0": " ", "━": "=", "┄": ".", "°": "o", "¶": "P", "✕": "x",
}  # fmt: skip
_LYING, _STANDING = "─╌╍┅┈┉═╴╶╸╺╼╾", "│┃╎╏┆┇┊┋║╵╷╹╻╽╿"  # of the box, beside those with a sign of their own
_EMPTY_BLOCKS = "▁▂▃▔▕▏▎▍▌▐░"


def _table() -> dict[int, str]:
    table = {code: "+" for code in range(0x2500, 0x2580)} | {code: "#" for code in range(0x2580, 0x25A0)}
    table |= {ord(sign): "-" for sign in _LYING} | {ord(sign): "|" for sign in _STANDING + _EMPTY_BLOCKS}
    return table | {ord(sign): plain for sign, plain in _SIGNS.items()}


_TABLE = _table()


def shows_only_ascii(environ: Mapping[str, str]) -> bool:
    """Whether signs beyond ASCII would come out as something else: by TERM, and by what the locale says."""
    if environ.get("TERM", "") in _POOR:
        return True
    named = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return bool(named) and "utf" not in named.casefold()


def letters(environ: Mapping[str, str]) -> str:
    """The encoding in which letters leave this process."""
    del environ
    return getattr(sys.__stderr__, "encoding", None) or locale.getpreferredencoding(False)


@lru_cache(4096)
def in_ascii(text: str, encoding: str = "utf-8") -> str:
    """The text with every sign replaced by one of ASCII, and letters that the encoding lacks by question marks."""
    if text.isascii():
        return text
    plain = text.translate(_TABLE)
    try:
        plain.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "".join(char if char.isascii() or _has(char, encoding) else "?" * cell_len(char) for char in plain)
    return plain


def _has(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class AsciiSigns(LineFilter):
    """The last step before the terminal: every line with the signs that it can show."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in other signs."""
        del background
        return [Segment(in_ascii(text, self._encoding), style, control) for text, style, control in segments]


def fit(app: App[Any], environ: Mapping[str, str]) -> None:
    """Make what the application draws fit the terminal. Without colours there is no grey in their place either."""
    filters = [NoColor() if isinstance(each, Monochrome) else each for each in app._filters]
    if shows_only_ascii(environ):
        filters.append(AsciiSigns(letters(environ)))
    app._filters = filters
