"""Words on the screen: English sentences are the keys, catalogues beside this file translate them at run time.

The rule: a sentence is written once, in English, at the place that shows it (`_("Lock")`), and never built from
pieces; places for facts are named (`{count}`). Changing the language changes what the next `_()` returns; screens
then draw themselves again. A sentence without a translation is shown in English: words on a screen never fail.
`<language>/*.po` are what translators write; they are compiled to `<language>.mo`, which gettext reads.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from schemas.problems.reasons import filled

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
def catalogue(language: str) -> gettext.NullTranslations:
    """The compiled catalogue of a language; of the source language, one that returns what it is asked."""
    if language == SOURCE:
        return gettext.NullTranslations()
    with resources.files(__name__).joinpath(f"{language}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def languages() -> tuple[str, ...]:
    """Codes of the languages that the screens speak, the source language first."""
    here = resources.files(__name__)
    return tuple(code for code in NAMES if code == SOURCE or here.joinpath(f"{code}.mo").is_file())


def set_language(language: str) -> None:
    """Choose the language of everything that is drawn from now on; an unknown code chooses the source language."""
    global _language
    _language = language if language in languages() else SOURCE


def current_language() -> str:
    """The code of the language in use."""
    return _language


def _(sentence: str, /, **facts: object) -> str:
    """The sentence in the language in use, with its named places filled."""
    text = catalogue(_language).gettext(sentence) if sentence else ""  # gettext("") is the catalogue's header
    return text.format(**facts) if facts else text


def ngettext(one: str, many: str, count: int, /, **facts: object) -> str:
    """The sentence with the plural form that `count` asks for; `{count}` is filled as well."""
    return catalogue(_language).ngettext(one, many, count).format(count=count, **facts)


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
