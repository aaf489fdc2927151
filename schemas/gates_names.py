"""Finds words of identity in the account: a name, a place or a contact, Slavic names in any case of theirs (G17).

No dictionary: a full morphology is larger than the rest of the program. Two words are taken for one name when they
share a stem. A stem is the word with one spelling for letters that Ukrainian and Russian write differently, without the
ending of a case; vowels that come and go (Федір – Федора, Павел – Павла, Коломієць – Коломійця) and consonants that
change before them (Ольга – Ользі) are looked past. Endings are taken off a name only where they are those of its first
form, so that Максим is no case of Макс. What this finds is a warning and never an error; it misses short forms (Оля for
Ольга), names told in another alphabet, and words that begin small, because надія, віра and любов are words too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.gates_facts import Fact, Facts
from schemas.session_types import Path

__all__ = ["Mention", "mentions", "with_placeholders"]

PLACE = "[…]"
_WORD = re.compile(r"[^\W\d_]+(?:[-’ʼ'`][^\W\d_]+)*")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){5,}")
_HANDLE = re.compile(r"[\w.+-]+@[\w.-]+\w|@\w{3,}")
_SENTENCE = re.compile(r"[.!?…\n—–][\s»”\")]*$")
_ALIKE = str.maketrans({"ё": "е", "є": "е", "э": "е", "і": "и", "ї": "и", "ы": "и", "ґ": "г", "й": None, "ъ": None,
                        "’": None, "ʼ": None, "'": None, "`": None, "-": None})  # fmt: skip
_FIRST_FORM = ("ая", "яя", "ии", "и", "а", "я", "о", "е", "ь")
_CASES = (
    "ого", "его", "ому", "ему", "ими", "ами", "ями", "ови", "еви", "ою", "ею", "ои", "ом", "ем", "им", "их", "ам",
    "ям", "ах", "ях", "ая", "яя", "ую", "юю", "ии", "ию", "ья", "ью", "ов", "ев", "ив", "о", "е", "а", "я", "у", "ю",
    "и", "ь",
)  # fmt: skip
_SOFTENED = {"ж": "г", "з": "г", "ц": "к", "ч": "к", "с": "х", "ш": "х"}
_SHORTEST = 3
_NAMES = ("id_full_name", "id_affected_name")
_CODES = frozenset({"documenter_code", "interpreter_code", "record_code", "gate_stop", "gate_depth"})
_COMMON = re.compile(
    "село|селище|смт|місто|город|посёлок|пгт|деревня|станица|вулиця|улица|район|область|провулок|переулок|проспект|"
    "капітан|капитан|майор|полковник|підполковник|подполковник|лейтенант|сержант|прапорщик|комендант|командир|рядовий|"
    "пан|пані|captain|major|colonel|lieutenant|sergeant|commander|street|village|town|city|mister"
)
_CONTACT = 7
_Capital: TypeAlias = "tuple[int, int, set[str], bool]"
_TAIL = 9


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of identity in another answer: where (`path`, from `start` to `end`), whose (`source`), what to write.

    `placeholder` is P1, W1, V1 for the affected person, S1 for a speaker who is another, or `[…]`.
    """

    path: Path
    start: int
    end: int
    source: Path
    placeholder: str
    text: str = field(repr=False)


def mentions(facts: Facts) -> list[Mention]:
    """Every mention, in the order of the answers; of two at one place the first source counts."""
    sources = [_Needles(fact, _placeholder(fact, facts)) for fact in facts.texts(identity=True)]
    initials = frozenset(stem[:1] for each in sources for stem in each.sure | each.perhaps)
    found: list[Mention] = []
    for place in facts.texts(identity=False) if sources else ():
        if place.name in _CODES:
            continue
        text, taken = str(place.value), list[Mention]()
        words = list(_capitals(text, initials))
        for needles in sources:
            for start, end in needles.within(text, words):
                if all(end <= each.start or start >= each.end for each in taken):
                    taken.append(
                        Mention(place.path, start, end, needles.source.path, needles.placeholder, text[start:end])
                    )
        found += sorted(taken, key=lambda each: each.start)
    return found


def with_placeholders(text: str, found: Iterable[Mention]) -> str:
    """The answer with its mentions replaced: the offer that a screen makes, never done without being asked for."""
    for each in sorted(found, key=lambda mention: mention.start, reverse=True):
        text = text[: each.start] + each.placeholder + text[each.end :]
    return re.sub(r"([PWVS]\d+)(?: \1)+\b", r"\1", text)


def _placeholder(source: Fact, facts: Facts) -> str:
    """What stands for the words of this answer in an account."""
    for step in source.path:
        if not isinstance(step, str) and step[0] in ("pp", "ow") and source.name in ("pp_name", "ow_contact"):
            return f"{'P' if step[0] == 'pp' else 'W'}{step[1]}"
    if source.name == "id_affected_name":
        return "V1"
    if source.name == "id_full_name":
        return "S1" if facts.has("respondent_role", "relative", "eyewitness", "professional") else "V1"
    return PLACE


class _Needles:
    """What to look for, of one answer of identity. What is no person's name counts inside sentences only."""

    def __init__(self, source: Fact, placeholder: str) -> None:
        self.source = source
        self.placeholder = placeholder
        text = str(source.value)
        self.numbers = {_digits(match[0]) for match in _NUMBER.finditer(text) if len(_digits(match[0])) >= _CONTACT}
        self.handles = {match[0].casefold() for match in _HANDLE.finditer(text)}
        text = _HANDLE.sub(" ", text)
        self.sure: set[str] = set()
        self.perhaps: set[str] = set()
        words = [match for match in _WORD.finditer(text) if not _COMMON.fullmatch(match[0].casefold())]
        for place, match in enumerate(words):
            if match[0][:1].isupper() or (source.name in _NAMES and text.islower()):
                follows = words[place + 1][0] if place + 1 < len(words) else ""
                alone = not _begins(text, match.start()) or follows[:1].isupper()
                named = source.name in _NAMES or len(words) == 1 or (alone and placeholder != PLACE)
                for part in {match[0], *match[0].split("-")}:
                    (self.sure if named else self.perhaps).update(_stems(part, _FIRST_FORM))

    def within(self, text: str, words: Iterable[_Capital]) -> Iterator[tuple[int, int]]:
        """Where they stand in another answer, whose capitalised words are `words`."""
        for match in _HANDLE.finditer(text) if self.handles else ():
            if match[0].casefold() in self.handles:
                yield match.span()
        for match in _NUMBER.finditer(text) if self.numbers else ():
            if any(_same_number(_digits(match[0]), number) for number in self.numbers):
                yield match.span()
        for start, end, stems, begins in words:
            if stems & self.sure or (not begins and stems & self.perhaps):
                yield start, end


def _capitals(text: str, initials: frozenset[str]) -> Iterator[_Capital]:
    """The words that may be names: those with a capital letter; all of a text that has none.

    Only words that begin as a name does (`initials`): a case never changes the beginning, and accounts are long.
    """
    if not initials:
        return
    plain = text.islower()
    for match in _WORD.finditer(text):
        word = match[0]
        if (plain or word[0].isupper()) and word[:2].casefold().translate(_ALIKE)[:1] in initials:
            yield match.start(), match.end(), _stems(word, _CASES), _begins(text, match.start())


def _begins(text: str, place: int) -> bool:
    """Whether a sentence begins here, so that a capital letter says nothing."""
    before = text[max(0, place - 8) : place]
    return not text[:place].strip(' «“"(') or _SENTENCE.search(before) is not None


def _stems(word: str, endings: tuple[str, ...]) -> set[str]:
    """What a word may be a form of. Empty for a word that is too short to say anything."""
    plain = word.casefold().removesuffix("’s").removesuffix("'s").translate(_ALIKE)
    plain = re.sub("([цсз])ьк", r"\1к", plain)
    if len(plain) < _SHORTEST:
        return set()
    least = _SHORTEST if len(plain) > 4 else 2
    found = {plain}
    for ending in endings:
        stem = plain[: -len(ending)]
        if plain.endswith(ending) and len(stem) >= least:
            found.add(stem)
            if endings is _CASES and ending in ("и", "е") and stem[-1] in _SOFTENED:
                found.add(stem[:-1] + _SOFTENED[stem[-1]])
    found |= {each.rstrip("ь") for each in found if len(each) > _SHORTEST}
    return found | {_without_fleeting(each) for each in found}


def _without_fleeting(stem: str) -> str:
    """The stem without a vowel before its last consonant that other cases lose or change."""
    if len(stem) > _SHORTEST and stem[-2] in "оеи" and stem[-1] not in "аеиоуюя":
        return stem[:-2] + stem[-1]
    return stem


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def _same_number(one: str, other: str) -> bool:
    """Numbers that end alike: with or without the code of a country or a leading zero."""
    length = min(len(one), len(other), _TAIL)
    return length >= _CONTACT and one[-length:] == other[-length:]
