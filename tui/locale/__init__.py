"""Words on the screen: English sentences are the keys, catalogues beside this file translate them at run time.

The rule: a sentence is written once, in English, at the place that shows it (`_("Lock")`), and never built from
pieces; places for facts are named (`{count}`). Changing the language changes what the next `_()` returns; screens
then draw themselves again. A sentence without a translation is shown in English: words on a screen never fail.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from schemas.problems.reasons import filled
from tui.locale import po

if TYPE_CHECKING:
    from schemas.problems import Problem

__all__ = [
    "N_",
    "SOURCE",
    "_",
    "current_language",
    "languages",
    "ngettext",
    "problem_sentences",
    "set_language",
]

SOURCE = "en"
NAMES = {"en": "English", "uk": "Українська", "ru": "Русский"}

_language = SOURCE


@lru_cache(maxsize=len(NAMES))
def catalogue(language: str) -> po.Catalogue:
    """All catalogue files of a language, merged. A sentence that two files translate differently is an error."""
    merged = po.Catalogue({}, {}, po.RULES[language])
    for item in sorted(resources.files(__name__).joinpath(language).iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".po"):
            merged.take_over(po.parse(item.read_text(encoding="utf-8"), language), where=f"{language}/{item.name}")
    return merged


def languages() -> tuple[str, ...]:
    """Codes of the languages that the screens speak, the source language first."""
    here = resources.files(__name__)
    return tuple(code for code in NAMES if code == SOURCE or here.joinpath(code).is_dir())


def set_language(language: str) -> None:
    """Choose the language of everything that is drawn from now on; an unknown code chooses the source language."""
    global _language
    _language = language if language in languages() else SOURCE


def current_language() -> str:
    """The code of the language in use."""
    return _language


def _(sentence: str, /, **facts: object) -> str:
    """The sentence in the language in use, with its named places filled."""
    text = sentence if _language == SOURCE else catalogue(_language).single.get(sentence, sentence)
    return text.format(**facts) if facts else text


def ngettext(one: str, many: str, count: int, /, **facts: object) -> str:
    """The sentence with the plural form that `count` asks for; `{count}` is filled as well."""
    if _language == SOURCE:
        text = one if count == 1 else many
    else:
        chosen = catalogue(_language)
        forms = chosen.plural.get((one, many))
        text = forms[chosen.rule.form(count)] if forms else (one if count == 1 else many)
    return text.format(count=count, **facts)


def N_(sentence: str) -> str:
    """Mark a sentence for translation where it cannot be translated yet (class level, tables)."""
    return sentence


def problem_sentences(problem: Problem) -> tuple[str, str, str]:
    """What happened, what is safe, what to do now: the sentences of the catalogue with their reasons, translated and
    filled.
    """
    entry = problem.entry
    what, safe, remedy = (filled(text, problem.facts, _) for text in (entry.what, entry.safe, entry.remedy))
    return what, safe, remedy
