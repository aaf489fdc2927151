"""A strict reader of gettext `.po` catalogues.

The rule: only what our catalogues need, and everything else is refused with its line: comments, `msgid`,
`msgid_plural`, `msgstr`, `msgstr[n]`, C strings with the escapes `\\n`, `\\"` and `\\\\`. An empty translation, a
sentence that appears twice, a wrong number of plural forms or named places that differ from the source are errors, so
that a catalogue that loads is one that can be shown. Why no compiled `.mo`: docs/adr/0012-locale.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter


class CatalogueError(ValueError):
    """A catalogue breaks the grammar or contradicts itself; the message names the line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a language counts: the header's text, the number of forms, and the form for a count."""

    header: str
    forms: int
    form: Callable[[int], int]


def _slavic(count: int) -> int:
    last, two = count % 10, count % 100
    if last == 1 and two != 11:
        return 0
    return 1 if 2 <= last <= 4 and not 12 <= two <= 14 else 2


_SLAVIC = Rule(
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);", 3, _slavic
)
RULES = {"uk": _SLAVIC, "ru": _SLAVIC}


@dataclass(slots=True)
class Catalogue:
    """Translations: single sentences, and (one, many) pairs with their forms."""

    single: dict[str, str]
    plural: dict[tuple[str, str], tuple[str, ...]]
    rule: Rule

    def take_over(self, other: Catalogue, where: str) -> None:
        """Add another file's translations; the same sentence twice must be translated the same way."""
        for key, text in other.single.items():
            if self.single.setdefault(key, text) != text:
                raise CatalogueError(f"{where}: translated differently in another file: {key!r}")
        for pair, forms in other.plural.items():
            if self.plural.setdefault(pair, forms) != forms:
                raise CatalogueError(f"{where}: translated differently in another file: {pair[0]!r}")


_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[([0-9])\]) )?"((?:[^"\\]|\\[n"\\])*)"')
_ESCAPE = re.compile(r"\\(.)")


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def _entries(text: str) -> list[tuple[int, dict[str, str]]]:
    """Cut the file into entries: (first line, keyword -> string)."""
    entries: list[tuple[int, dict[str, str]]] = []
    keyword = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            keyword = ""
            continue
        found = _LINE.fullmatch(line.rstrip())
        if not found or (not found[1] and not keyword):
            raise CatalogueError(f"line {number}: not a line of a catalogue")
        if found[1]:
            keyword = found[1]
            if keyword == "msgid":
                entries.append((number, {}))
            elif not entries:
                raise CatalogueError(f"line {number}: {keyword} before msgid")
            if keyword in entries[-1][1]:
                raise CatalogueError(f"line {number}: {keyword} twice")
            entries[-1][1][keyword] = ""
        entries[-1][1][keyword] += _unescape(found[3])
    return entries


def places(text: str) -> set[str]:
    """The named places of a sentence."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def _check(source: str, text: str, number: int) -> None:
    if not text:
        raise CatalogueError(f"line {number}: empty translation")
    if places(source) != places(text):
        raise CatalogueError(f"line {number}: the named places differ from the source")


def parse(text: str, language: str) -> Catalogue:
    """Read one catalogue file of `language`. Raises CatalogueError."""
    rule = RULES[language]
    result = Catalogue({}, {}, rule)
    entries = _entries(text)
    if (
        not entries
        or entries[0][1].get("msgid") != ""
        or f"Plural-Forms: {rule.header}\n" not in entries[0][1]["msgstr"]
    ):
        raise CatalogueError("line 1: the header with this language's Plural-Forms is missing")
    for number, entry in entries[1:]:
        one = entry["msgid"]
        if "msgid_plural" in entry:
            many = entry["msgid_plural"]
            if entry.keys() != {"msgid", "msgid_plural", *(f"msgstr[{n}]" for n in range(rule.forms))}:
                raise CatalogueError(f"line {number}: {rule.forms} plural forms are needed")
            forms = tuple(entry[f"msgstr[{n}]"] for n in range(rule.forms))
            for form in forms:
                _check(many, form, number)
            if result.plural.setdefault((one, many), forms) is not forms:
                raise CatalogueError(f"line {number}: translated twice")
            continue
        if entry.keys() != {"msgid", "msgstr"}:
            raise CatalogueError(f"line {number}: msgstr is missing or out of place")
        _check(one, entry["msgstr"], number)
        if one in result.single:
            raise CatalogueError(f"line {number}: translated twice")
        result.single[one] = entry["msgstr"]
    return result
