"""Words for the search: the same normal form for what is kept and for what is asked.

Case is folded, the apostrophes that Ukrainian is written with are one letter, combining marks are composed. Nothing
else is changed: no stems, no transliteration, so that what is found is what was said.
"""

from __future__ import annotations

import re
import unicodedata

from schemas.records.document import Document

_APOSTROPHE_CLASS = "'’ʼ‘`´ʹ′＇"
_TOKEN = re.compile(r'"([^"]*)"?|(\S+)')
_WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 16


def normal(text: str) -> str:
    """NFC, case folded, apostrophes inside words taken out."""
    folded = unicodedata.normalize("NFC", text).casefold()
    for apostrophe in _APOSTROPHE_CLASS:
        folded = folded.replace(apostrophe, "")
    return folded


def texts_of(document: Document) -> str:
    """Every text that was given and the names of the attachments, a line each."""
    given = [answer[1] for answer in document.answers if isinstance(answer[1], str)]
    return "\n".join([*given, *(attachment.name for attachment in document.atts)])


def query(words: str) -> str | None:
    """An FTS5 expression:

    every word must occur, by prefix; words in double quotes stand together. None when there is no word.
    """
    terms: list[str] = []
    for match in _TOKEN.finditer(normal(words)):
        phrase, single = match.group(1), match.group(2)
        found = _WORD.findall(phrase if phrase is not None else single)
        if not found:
            continue
        if phrase is not None:
            terms.append('"' + " ".join(found) + '"*')
        else:
            terms += [f'"{word}"*' for word in found]
    return " AND ".join(terms[:MAX_WORDS]) or None


def excerpt(texts: str, words: str, width: int = 160) -> str:
    """The place of the first word asked for, on one line of about `width` characters."""
    pattern = _pattern(words)
    found = pattern.search(texts) if pattern else None
    start = max(0, found.start() - width // 3) if found else 0
    piece = " ".join(texts[start : start + width].split())
    return ("…" if start else "") + piece + ("…" if start + width < len(texts) else "")


def _pattern(words: str) -> re.Pattern[str] | None:
    """Any of the words at the beginning of a word, whatever its case and its apostrophes."""
    wanted = dict.fromkeys(_WORD.findall(normal(words)))
    gap = f"[{_APOSTROPHE_CLASS}]?"
    return (
        re.compile(rf"(?<!\w)(?:{'|'.join(gap.join(map(re.escape, word)) for word in wanted)})", re.I)
        if wanted
        else None
    )
