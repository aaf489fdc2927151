"""Tells an invented interview from its base: `base/NAME.json`.

A base holds the answers in the nesting of the form, as `--answers` takes them, and *variants*: groups of choices, each
choice a map of words. `{word}` inside an answer is replaced from the chosen maps. The first choice of every group gives
the interview as written; a variation draws its own, may leave out a paragraph marked `sometimes`, and never draws the
first choice of the group `mark`, which holds what only the written one may say.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

from tui.demo_interviews.media import MEDIA, DemoAttachment

__all__ = ["Base", "DemoInterview", "as_written", "bases", "varied"]

_ORDER = ("uk_college", "uk_mother", "ru_miner", "en_nurse", "ru_crimea", "en_docker")
_WORD = re.compile(r"\{(\w+)\}")
_FIRST_DAY = date(2025, 9, 1)
_DAYS = 360

Words: TypeAlias = Mapping[str, str | int]
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int"
_Change: TypeAlias = "Callable[[dict[str, Json]], Json | None]"


@dataclass(frozen=True, slots=True)
class DemoInterview:
    """One interview: nested answers for `schemas.answers.fill`, the language it was held in (uk, ru, en), its files.

    A file stands in the answers as `{"file": NAME}`, NAME being that of one of the attachments.
    """

    answers: dict[str, Any]
    language: str
    attachments: tuple[DemoAttachment, ...]

    def answers_in(self, folder: Path) -> dict[str, Any]:
        """The answers with the path of every file in `folder`, where the attachments were written."""

        def placed(value: dict[str, Json]) -> Json | None:
            return {"file": str(folder / str(value["file"]))} if set(value) == {"file"} else None

        return _dict(_rebuilt(self.answers, placed))


@dataclass(frozen=True, slots=True)
class Base:
    """One file of `base/`: see the module."""

    language: str
    variants: dict[str, list[dict[str, str | int]]]
    answers: dict[str, Any]


@cache
def bases() -> tuple[Base, ...]:
    """The written interviews in their order."""
    folder = resources.files("tui.demo_interviews") / "base"
    return tuple(Base(**json.loads((folder / f"{name}.json").read_text("utf-8"))) for name in _ORDER)


def as_written(base: Base) -> DemoInterview:
    """The interview with the first choice of every group, every paragraph, and its files."""
    words = {word: text for group in base.variants.values() for word, text in group[0].items()}
    answers = _told(base.answers, words, lambda: True)
    return DemoInterview(answers, base.language, tuple(MEDIA[name] for name in _file_names(answers)))


def varied(base: Base, number: int) -> DemoInterview:
    """Variation `number` of `base`: other words, another day, no recording and no files."""
    dice = random.Random(f"svidok demo interview {number}")
    words: dict[str, str | int] = {}
    for name, group in base.variants.items():
        words.update(dice.choice(group[1:] if name == "mark" else group))
    answers = _told(base.answers, words, lambda: dice.random() < 0.7)
    answers["a_setting"]["interview_date"] = (_FIRST_DAY + timedelta(days=dice.randrange(_DAYS))).isoformat()
    answers["c_consent"]["consent_audio"] = "no"  # the recording is not asked for where none may be made
    answers["d_account"].pop("narrative_audio", None)
    return DemoInterview(_dict(_rebuilt(answers, _without_file)), base.language, ())


def _told(answers: Mapping[str, Any], words: Words, keep: Callable[[], bool]) -> dict[str, Any]:
    def filled(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        return _filled_text(value, words) if isinstance(value, str) else value

    account = answers["d_account"]["narrative_text"]
    paragraphs = [part if isinstance(part, str) else part["sometimes"] for part in account if _stays(part, keep)]
    told = dict(answers, d_account=dict(answers["d_account"], narrative_text="\n\n".join(paragraphs)))
    return _dict(filled(told))


def _stays(part: str | Mapping[str, str], keep: Callable[[], bool]) -> bool:
    return isinstance(part, str) or keep()


def _filled_text(text: str, words: Words) -> str | int:
    """The text with its words; a text that is one word alone takes its type too (a number stays a number)."""
    whole = _WORD.fullmatch(text)
    if whole:
        return words[whole[1]]
    return _WORD.sub(lambda found: str(words[found[1]]), text)


def _rebuilt(value: Json, change: _Change) -> Json:
    """A copy in which `change` replaces every map that it does not answer with None."""
    if isinstance(value, dict):
        changed = change(value)
        return {key: _rebuilt(inner, change) for key, inner in value.items()} if changed is None else changed
    if isinstance(value, list):
        return [_rebuilt(inner, change) for inner in value]
    return value


def _without_file(value: dict[str, Json]) -> Json | None:
    return {"missing": "not_asked"} if set(value) == {"file"} else None


def _file_names(value: Json) -> list[str]:
    if isinstance(value, dict):
        if set(value) == {"file"}:
            return [str(value["file"])]
        value = list(value.values())
    return [name for inner in value for name in _file_names(inner)] if isinstance(value, list) else []


def _dict(value: Json) -> dict[str, Any]:
    """A map stays a map through the functions above, which the type checker cannot know."""
    if not isinstance(value, dict):
        raise TypeError(type(value).__name__)
    return value
