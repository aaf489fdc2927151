"""Texts of a form: labels, hints and messages in every language, with outputs compiled into them.

pyxform writes `-` where a translation is missing; such a text counts as missing, so that another language stands in.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from schemas.xform_model import Definition, Text
from schemas.xform_values import cleaned
from schemas.xform_xml import children, local
from schemas.xpath.code import Expression
from schemas.xpath.compiler import Compiler

MEDIA = ("image", "big-image", "video", "audio")
_REFERENCE = "jr:itext('"


@dataclass(slots=True)
class Texts:
    """The texts of a form by id and form (`` for the text itself, `guidance`), as XML until a place for them is
    known.
    """

    languages: tuple[str, ...] = ()
    default: str = ""
    elements: dict[str, dict[str, dict[str, ET.Element]]] = field(default_factory=dict)

    def has(self, identity: str) -> bool:
        """Whether there is a text with this id in some language."""
        return identity in self.elements


def read_texts(model: ET.Element) -> Texts:
    """The translations of the model."""
    found = Texts()
    languages: list[str] = []
    for itext in children(model, "itext"):
        for translation in children(itext, "translation"):
            language = translation.get("lang", "")
            languages.append(language)
            if translation.get("default") is not None and not found.default:
                found.default = language
            for text in children(translation, "text"):
                forms = found.elements.setdefault(text.get("id", ""), {})
                for value in children(text, "value"):
                    forms.setdefault(value.get("form", ""), {})[language] = value
    found.languages = tuple(dict.fromkeys(languages))
    found.default = found.default or next(iter(found.languages), "")
    return found


def identity_of(reference: str | None) -> str | None:
    """The id in `jr:itext('id')`; None when it is not written like that."""
    if reference is None:
        return None
    reference = reference.strip()
    if reference.startswith(_REFERENCE) and reference.endswith("')"):
        return reference[len(_REFERENCE) : -2]
    return None


def _file(element: ET.Element) -> str:
    """The name of a file in its URI; empty for none."""
    name = (element.text or "").strip().rpartition("/")[2]
    return "" if name == "-" else name


class TextMaker:
    """Makes texts for places in the form; outputs are compiled where the text is shown."""

    def __init__(self, texts: Texts, compiler: Compiler) -> None:
        self.texts = texts
        self.compiler = compiler

    def from_element(self, element: ET.Element | None, place: Definition, form: str = "") -> Text | None:
        """The text of a label, hint or output element."""
        if element is None:
            return None
        identity = identity_of(element.get("ref"))
        if identity is not None:
            return self.from_id(identity, place, form)
        if form:
            return None
        parts = self._parts(element, place)
        return Text({"": parts}) if parts else None

    def from_attribute(self, written: str | None, place: Definition) -> Text | None:
        """The text of an attribute: `jr:itext('id')` or the words themselves."""
        if written is None:
            return None
        identity = identity_of(written)
        if identity is not None:
            return self.from_id(identity, place)
        return Text({"": (written,)}) if written.strip() else None

    def from_id(self, identity: str, place: Definition, form: str = "") -> Text | None:
        """The text with this id; None when no language has any.

        Where a language has no plain text, its long or short form stands in, then the name of the file that is shown.
        """
        forms = self.texts.elements.get(identity, {})
        by_language: dict[str, tuple[str | Expression, ...]] = {}
        for name in (form,) if form else ("", "long", "short"):
            for language, each in forms.get(name, {}).items():
                if language not in by_language and (parts := self._parts(each, place)):
                    by_language[language] = parts
        for name in () if form else MEDIA:
            for language, each in forms.get(name, {}).items():
                if language not in by_language and (file := _file(each)):
                    by_language[language] = (file,)
        return Text(by_language) if by_language else None

    def media_of(self, identity: str | None, place: Definition) -> dict[str, Text]:
        """The files beside a text, by kind: the URI that the form gives, such as `jr://images/map.png`."""
        forms = self.texts.elements.get(identity or "", {})
        found = ((name, self.from_id(identity or "", place, name)) for name in MEDIA if name in forms)
        return {name: text for name, text in found if text is not None}

    def _parts(self, element: ET.Element, place: Definition) -> tuple[str | Expression, ...]:
        parts: list[str | Expression] = [element.text or ""]
        for inner in element:
            if local(inner) == "output":
                source = (inner.get("value") or inner.get("ref") or "").strip()
                parts.append(self.compiler.compile(source, place))
            parts.append(inner.tail or "")
        if isinstance(parts[0], str):
            parts[0] = parts[0].lstrip()
        if isinstance(parts[-1], str):
            parts[-1] = parts[-1].rstrip()
        kept = tuple(cleaned(part) if isinstance(part, str) else part for part in parts if part != "")
        return () if kept == ("-",) else kept
