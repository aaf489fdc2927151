"""The parts of an XForm before they are put together: instances, binds, and the controls of the body by path."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.problems import Problem
from schemas.xform_model import Notice
from schemas.xform_tables import LAST_SAVED, file_name, leaf_of, read_table
from schemas.xform_xml import JR, children, first, local
from schemas.xpath.code import Leaf

_ITEMSETS = "itemsets.csv"
_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
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
    """What stands in an XForm: its title, model, primary instance and root, tables, binds and controls by path.

    `identities` are the paths of binds by their id. `files` are tables beside the form, `named` those that it names.
    `problems` are mistakes found so far, `notices` what deserves a look.
    """

    title: str
    model: ET.Element
    data: ET.Element
    tables: dict[str, Leaf] = field(default_factory=dict)
    binds: dict[str, ET.Element] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def note(self, question: str, message: str) -> None:
        """Keeps a warning about a question; about the form when the name is empty."""
        found = Notice(question, message)
        if found not in self.notices:
            self.notices.append(found)

    def table(self, name: str, source: str) -> bytes | None:
        """The bytes of a table that the form names; noted when there is none."""
        self.named[name] = None
        if name in self.files:
            return self.files[name]
        self.note("", f"the table {source} lies in another file and is empty here")
        return None

    def plain_path(self, written: str) -> str:
        """An absolute path with its names as they stand in the instance: without prefixes and spaces."""
        return "/".join(step.strip().rpartition(":")[2] for step in written.split("/"))


def take_apart(root: ET.Element, files: Mapping[str, bytes], last_saved: bytes | None = None) -> Parts:
    """The parts of the form. Raises E_FORM_STRUCTURE when one is missing, E_FORM_FILE for a table that is none."""
    head = first(root, "head")
    model = first(head, "model") if head is not None else None
    if head is None or model is None:
        raise Problem("E_FORM_STRUCTURE", detail="head and model")
    instances = children(model, "instance")
    data = next(iter(instances[0]), None) if instances else None
    if data is None:
        raise Problem("E_FORM_STRUCTURE", detail="the primary instance")
    title = first(head, "title")
    parts = Parts("".join(title.itertext()).strip() if title is not None else "", model, data, files=files)
    for each in instances[1:]:
        _table(each, parts, last_saved)
    for bind in children(model, "bind"):
        nodeset = (bind.get("nodeset") or bind.get("ref") or "").strip()
        absolute = nodeset if nodeset.startswith("/") else f"/{local(data)}/{nodeset}"
        absolute = parts.plain_path(absolute)
        if absolute in parts.binds:
            parts.problems.append(Problem("E_FORM_DUPLICATE", question=absolute.rpartition("/")[2], ref=absolute))
        parts.binds[absolute] = bind
        if "id" in bind.attrib:
            parts.identities[bind.attrib["id"]] = absolute
    body = first(root, "body")
    if body is not None:
        _controls(body, f"/{local(data)}", parts, parts.identities)
    return parts


def _table(instance: ET.Element, parts: Parts, last_saved: bytes | None) -> None:
    identity, source = instance.get("id", ""), instance.get("src", "")
    if identity in parts.tables:
        parts.problems.append(Problem("E_FORM_DUPLICATE", question=identity, ref=identity))
    content = [leaf_of(each) for each in instance]
    if not content and source == LAST_SAVED:
        if last_saved is not None:
            content = [read_table("last-saved.xml", last_saved)]
        else:
            parts.note("", f"the table {identity} (the last interview) is empty: interviews are kept apart")
    elif not content and source:
        name = file_name(source)
        data = parts.table(name, f"{identity} ({source})")
        content = [read_table(name, data)] if data is not None else []
    parts.tables[identity] = Leaf(identity, "", content)


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
            if reference in parts.controls:
                parts.note(reference.rpartition("/")[2], "is asked in two places; the last one counts")
            parts.controls[reference] = _external(element, parts) if element.get("query") else Control(tag, element)


def _external(element: ET.Element, parts: Parts) -> Control:
    """`select_one_external`: pyxform writes an input whose `query` leads to a list of the file itemsets.csv."""
    query = element.get("query", "")
    made = ET.SubElement(element, "itemset", nodeset=query)
    ET.SubElement(made, "value", ref="name")
    ET.SubElement(made, "label", ref="label")
    for name in _INSTANCE.findall(query):
        if name not in parts.tables:
            data = parts.table(_ITEMSETS, f"{name} ({_ITEMSETS})")
            rows = read_table(_ITEMSETS, data).children if data is not None else ()
            parts.tables[name] = Leaf(
                name, "", [Leaf("root", "", [each for each in rows if each.text("list_name") == name])]
            )
    return Control("select1", element)


def _reference(element: ET.Element, context: str, identities: Mapping[str, str]) -> str | None:
    written = (element.get("ref") or element.get("nodeset") or "").strip()
    if not written:
        return identities.get(element.get("bind", ""))
    absolute = written if written.startswith("/") else f"{context}/{written.removeprefix('./')}"
    return "/".join(step.rpartition(":")[2] for step in absolute.split("/"))


def is_template(element: ET.Element) -> bool:
    """Whether this is the pattern that new entries of a repeat are made from."""
    return f"{{{JR}}}template" in element.attrib
