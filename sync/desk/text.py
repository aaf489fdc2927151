"""Words for the search: the same normal form for what is kept and for what is asked.

Case is folded, the apostrophes that Ukrainian is written with are one letter, accents that stand apart from their
letter (as stress is marked) and signs that are not seen are left out. Nothing else is changed: no stems, no
transliteration, so that what is found is what was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from schemas.records.document import Document

_APOSTROPHE_CLASS = "'’ʼ‘`´ʹ′＇"
_MARKS = "\u0300-\u036f"
_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_LEFT_OUT = re.compile(f"[{_APOSTROPHE_CLASS}{_MARKS}{_UNSEEN}]")
_TOKEN = re.compile(r'"([^"]*)"?|(\S+)')
_WORD = re.compile(r"[^\W_]+")
_GAP = f"[{_APOSTROPHE_CLASS}{_MARKS}{_UNSEEN}]?"
MAX_WORDS = 16
MAX_QUERY = 1000


def normal(text: str) -> str:
    """The words of a text as the index keeps them, a space between two: composed, case folded, without apostrophes."""
    return " ".join(_WORD.findall(_folded(text)))


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return _LEFT_OUT.sub("", folded if folded.isascii() else unicodedata.normalize("NFC", folded))


def texts_of(document: Document) -> str:
    """Every text that was given and the names of the attachments, a line each."""
    given = [answer[1] for answer in document.answers if isinstance(answer[1], str)]
    return "\n".join([*given, *(attachment.name for attachment in document.atts)])


def query(words: str) -> str | None:
    """An FTS5 expression: every word must occur, by prefix; words in double quotes stand together.

    None when there is no word. Every word is quoted, so that nothing typed is ever a part of the expression's syntax.
    At most 1,000 characters and 16 words of what was typed count.
    """
    terms: list[str] = []
    for match in _TOKEN.finditer(_folded(words[:MAX_QUERY])):
        phrase, single = match.group(1), match.group(2)
        found = _WORD.findall(phrase if phrase is not None else single)
        if not found:
            continue
        if phrase is not None:
            terms.append('"' + " ".join(found[:MAX_WORDS]) + '"*')
        else:
            terms += [f'"{word}"*' for word in found]
    return " AND ".join(terms[:MAX_WORDS]) or None


def excerpts(words: str, width: int = 160) -> Callable[[str], str]:
    """What gives, of the texts of a record, the place of the first word asked for, on a line of about `width`
    characters.
    """
    wanted = list(dict.fromkeys(_WORD.findall(_folded(words[:MAX_QUERY]))))
    plain = _pattern(wanted, "")

    def excerpt(texts: str) -> str:
        # As it was asked for, else whatever its apostrophes and stress marks: that pattern takes long to be made.
        found = (plain.search(texts) or _pattern(wanted, _GAP).search(texts)) if wanted else None
        start = max(0, found.start() - width // 3) if found else 0
        piece = " ".join(texts[start : start + width].split())
        return ("…" if start else "") + piece + ("…" if start + width < len(texts) else "")

    return excerpt


def _pattern(wanted: list[str], gap: str) -> re.Pattern[str]:
    """Any of the words at the beginning of a word, whatever its case, with `gap` between its letters."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(gap.join(map(re.escape, word)) for word in wanted)})", re.I)
