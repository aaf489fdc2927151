"""The parts of an XForm before they are put together: instances, binds, and the controls of the body by path."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.problems import Problem
from schemas.xform_xml import JR, children, first, local
from schemas.xpath.code import Leaf

_CONTROLS = ("input", "select1", "select", "rank", "upload", "trigger", "range", "secret")


@dataclass(slots=True)
class Control:
    """A control of the body. `element` bears label and hint; `repeat` is the repeat element when it is one."""

    tag: str
    element: ET.Element
    repeat: ET.Element | None = None

    @property
    def appearance(self) -> str:
        """The appearances, of the repeat and of the group around it."""
        inner = self.repeat.get("appearance", "") if self.repeat is not None else ""
        return " ".join(f"{self.element.get('appearance', '')} {inner}".split())


@dataclass(slots=True)
class Parts:
    """What stands in an XForm: its title, model, primary instance and root, tables, binds and controls by path."""

    title: str
    model: ET.Element
    data: ET.Element
    tables: dict[str, Leaf] = field(default_factory=dict)
    binds: dict[str, ET.Element] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def take_apart(root: ET.Element) -> Parts:
    """The parts of the form. Raises E_FORM_STRUCTURE when one is missing."""
    head = first(root, "head")
    model = first(head, "model") if head is not None else None
    if head is None or model is None:
        raise Problem("E_FORM_STRUCTURE", detail="head and model")
    instances = children(model, "instance")
    data = next(iter(instances[0]), None) if instances else None
    if data is None:
        raise Problem("E_FORM_STRUCTURE", detail="the primary instance")
    title = first(head, "title")
    parts = Parts("".join(title.itertext()).strip() if title is not None else "", model, data)
    for each in instances[1:]:
        _table(each, parts)
    identities: dict[str, str] = {}
    for bind in children(model, "bind"):
        nodeset = (bind.get("nodeset") or bind.get("ref") or "").strip()
        absolute = nodeset if nodeset.startswith("/") else f"/{local(data)}/{nodeset}"
        parts.binds[absolute] = bind
        if "id" in bind.attrib:
            identities[bind.attrib["id"]] = absolute
    body = first(root, "body")
    if body is not None:
        _controls(body, f"/{local(data)}", parts, identities)
    return parts


def _table(instance: ET.Element, parts: Parts) -> None:
    identity = instance.get("id", "")
    content = [_leaf(each) for each in instance]
    if not content and instance.get("src"):
        parts.warnings.append(f"the table {identity} lies in another file ({instance.get('src')}) and is empty here")
    parts.tables[identity] = Leaf(identity, "", content)


def _leaf(element: ET.Element) -> Leaf:
    return Leaf(local(element), (element.text or "").strip(), [_leaf(each) for each in element])


def _controls(parent: ET.Element, context: str, parts: Parts, identities: Mapping[str, str]) -> None:
    for element in parent:
        tag = local(element)
        if tag not in ("group", "repeat", *_CONTROLS):
            continue
        reference = _reference(element, context, identities)
        if tag == "group":
            inner = first(element, "repeat")
            if reference is not None and (inner is None or _reference(inner, context, identities) != reference):
                parts.controls[reference] = Control("group", element)
            elif inner is not None:
                repeated = _reference(inner, context, identities) or context
                parts.controls[repeated] = Control("repeat", element, inner)
            _controls(element, reference or context, parts, identities)
        elif tag == "repeat":
            reference = reference or context
            parts.controls.setdefault(reference, Control("repeat", element, element))
            _controls(element, reference, parts, identities)
        elif reference is not None:
            parts.controls[reference] = Control(tag, element)


def _reference(element: ET.Element, context: str, identities: Mapping[str, str]) -> str | None:
    written = (element.get("ref") or element.get("nodeset") or "").strip()
    if not written:
        return identities.get(element.get("bind", ""))
    if written.startswith("/"):
        return written
    return f"{context}/{written.removeprefix('./')}"


def is_template(element: ET.Element) -> bool:
    """Whether this is the pattern that new entries of a repeat are made from."""
    return f"{{{JR}}}template" in element.attrib
