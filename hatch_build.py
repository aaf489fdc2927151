"""Compiles the catalogues of the screens: every `tui/locale/<language>/*.po` into one `tui/locale/<language>.mo`.

    python hatch_build.py

The rule: a catalogue that compiles is one that can be shown. A sentence without a translation in its entry, with other
named places than its source, with too few plural forms, or translated in two ways is an error that names its file.
Runs when the project is installed or built (hatchling), before the tests, and by hand. Why: docs/adr/0012-locale.md.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = Path(__file__).resolve().parent / "tui" / "locale"


class CatalogueError(ValueError):
    """A catalogue breaks a rule; the message names its file and its sentence."""


def forms(text: object) -> tuple[str, ...]:
    """The strings of a message's id or translation: one, or one for each plural form."""
    return tuple(text) if isinstance(text, (list, tuple)) else (str(text or ""),)


def places(text: str) -> set[str]:
    """The named places of a sentence."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def _fault(message: Message, catalogue: Catalog) -> str:
    """What is wrong with one entry, empty when nothing is."""
    texts = forms(message.string)
    if message.context:
        return "has a context, which the screens do not ask for"
    if len(texts) != (catalogue.num_plurals if message.pluralizable else 1):
        return "wrong number of plural forms"
    if not all(texts):
        return "empty translation"
    if message.fuzzy:
        return "marked as fuzzy"
    wanted = places(forms(message.id)[-1])
    return "" if all(places(text) == wanted for text in texts) else "other named places than the source"


def read(text: str, language: str, where: str) -> Catalog:
    """One catalogue file. Raises CatalogueError."""
    try:
        catalogue = read_po(io.StringIO(text), locale=language, abort_invalid=True)
    except (PoFileError, ValueError, TypeError) as error:
        raise CatalogueError(f"{where}: {error}") from error
    entries = [message for message in catalogue if message.id]
    if sum(line.startswith("msgid ") for line in text.splitlines()) != len(entries) + 1:
        raise CatalogueError(f"{where}: no header, or a sentence that stands twice")
    if catalogue.num_plurals != Catalog(locale=language).num_plurals:
        raise CatalogueError(f"{where}: the header has another language's plural forms")
    for message in entries:
        if fault := _fault(message, catalogue):
            raise CatalogueError(f"{where}: {fault}: {forms(message.id)[0]!r}")
    return catalogue


def merged(language: str, folder: Path = LOCALE) -> Catalog:
    """All files of a language as one. Raises CatalogueError."""
    whole = Catalog(locale=language, charset="utf-8")
    for path in sorted((folder / language).glob("*.po")):
        where = f"{language}/{path.name}"
        for message in read(path.read_text("utf-8"), language, where):
            if not message.id:
                continue
            known = whole.get(forms(message.id)[0])
            if known is not None and (forms(known.id), forms(known.string)) != (
                forms(message.id),
                forms(message.string),
            ):
                raise CatalogueError(f"{where}: translated differently in another file: {forms(message.id)[0]!r}")
            whole.add(message.id, message.string)
    return whole


def languages(folder: Path = LOCALE) -> list[str]:
    """The languages that have catalogues."""
    return sorted(path.name for path in folder.iterdir() if any(path.glob("*.po")))


def stale(folder: Path = LOCALE) -> bool:
    """Whether a compiled catalogue is missing or older than one of its files."""
    for language in languages(folder):
        compiled = folder / f"{language}.mo"
        newest = max(path.stat().st_mtime_ns for path in [folder / language, *(folder / language).glob("*.po")])
        if not compiled.exists() or compiled.stat().st_mtime_ns < newest:
            return True
    return False


def compile_all(folder: Path = LOCALE) -> list[Path]:
    """Write `<language>.mo` for every language, each whole or not at all; returns their paths."""
    written = []
    for language in languages(folder):
        buffer = io.BytesIO()
        write_mo(buffer, merged(language, folder))
        path = folder / f"{language}.mo"
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.write_bytes(buffer.getvalue())
        beside.replace(path)
        written.append(path)
    return written


class Catalogues(BuildHookInterface[Any]):
    """hatchling's hook: catalogues are compiled before the wheel, or the editable installation, is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and take the results into the wheel though git does not know them."""
        build_data["artifacts"] += [f"/{path.relative_to(self.root)}" for path in compile_all()]


if __name__ == "__main__":
    print(*(path.relative_to(LOCALE.parent.parent) for path in compile_all()), sep="\n", file=sys.stderr)
