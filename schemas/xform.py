"""XForm to form definition: `parse_form` reads what pyxform writes (and XForms like it), and refuses what cannot run.

A form that loads can run: every name leads somewhere, every function is on the allow-list, nothing depends on itself.
Read by the XForms specification of ODK (getodk.github.io/xforms-spec). Svidok's own marks stand in binds, in the
namespace `urn:svidok:form:1`:

    compartment  identity | narrative | process    on questions and groups, inherited downwards
    mode         read | ask | code | staff | auto   as above
    tier         C | X                              as above
    required     block | answer | no | auto         strictness; block and answer make the question required
    reserved     no | yes                           no: closed, takes no unknown, declined, not_asked
    alone        codes                              those that stand alone in a select_multiple
    code         prefix                             on a repeat: entries are called P1, P2 …
    start        number                             on a repeat: how many entries there are at the beginning

The open prompt of a section is the hint of its group: pyxform writes no hint element for groups, but keeps the text
`/data/<group>:hint`. Without such a text, a note `<group>_prompt` that stands first in the group is its prompt.
"""

from __future__ import annotations

import gc
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from schemas.problems import Problem
from schemas.xform_body import Control, Parts, is_template, take_apart
from schemas.xform_fill import Filler
from schemas.xform_graph import Program, build_program
from schemas.xform_model import Definition, Entity, Form, Group, Notice, Question, Repeat, Start
from schemas.xform_tables import local_name
from schemas.xform_text import read_texts
from schemas.xform_values import check_values
from schemas.xform_xml import JR, local, read
from schemas.xpath.compiler import Compiler
from schemas.xpath.tree import Tree

__all__ = ["Examined", "Form", "examine", "parse_form"]

_JR = f"{{{JR}}}"

_INPUTS = {
    "string": "text", "int": "integer", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "dateTime",
    "boolean": "boolean", "geopoint": "geopoint", "geotrace": "geotrace", "geoshape": "geoshape", "barcode": "barcode",
}  # fmt: skip
_TAGS = {
    "select1": "select_one",
    "select": "select_multiple",
    "rank": "rank",
    "upload": "file",
    "trigger": "acknowledge",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What reading a form came to: the form, or every mistake in it; `notices` also stand beside mistakes."""

    form: Form | None
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]


def parse_form(
    xml: bytes,
    files: Mapping[str, bytes] | None = None,
    *,
    last_saved: bytes | None = None,
    trees: dict[str, Tree] | None = None,
) -> Form:
    """The form in an XForm. `files` are tables beside it by name; `last_saved` the submission that
    `jr://instance/last-saved` means; `trees` are expressions parsed before (schemas.form_cache).

    Raises E_FORM_XML for XML that is broken or unsafe, E_FORM_STRUCTURE, E_FORM_MARK, E_FORM_FILE, E_FORM_DUPLICATE,
    E_FORM_CHOICE, and for expressions E_FORM_EXPRESSION, E_FORM_FUNCTION, E_FORM_REFERENCE, E_FORM_TYPE, E_FORM_CYCLE,
    which name the question; of several mistakes the first.
    """
    found = examine(xml, files, last_saved=last_saved, trees=trees)
    if found.form is None:
        raise found.problems[0]
    return found.form


def examine(
    xml: bytes,
    files: Mapping[str, bytes] | None = None,
    *,
    last_saved: bytes | None = None,
    trees: dict[str, Tree] | None = None,
) -> Examined:
    """As `parse_form`, but gives every mistake at once instead of raising the first."""
    with _without_collection():
        return _examined(xml, files or {}, last_saved, {} if trees is None else trees)


@contextmanager
def _without_collection() -> Iterator[None]:
    """A form is a web of things that stay: looking for garbage among them takes a third of the time of loading."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _examined(xml: bytes, files: Mapping[str, bytes], last_saved: bytes | None, trees: dict[str, Tree]) -> Examined:
    try:
        parts = take_apart(read(xml), files, last_saved)
    except Problem as problem:
        return Examined(None, (problem,), ())
    try:
        form = _put_together(parts, trees)
    except Problem as problem:
        parts.problems.append(problem)
    except RecursionError:
        parts.problems.append(Problem("E_FORM_XML", detail="groups nested too deep"))
    if parts.problems:
        return Examined(None, tuple(parts.problems), tuple(parts.notices))
    return Examined(form, (), tuple(parts.notices))


def _put_together(parts: Parts, trees: dict[str, Tree]) -> Form:
    """The form; mistakes that leave something to look at are in `parts.problems`, and then it is worth nothing."""
    root = _tree(parts)
    nodes = {each.ref: each for each in (root, *root.walk())}
    _check_references(parts, nodes)
    texts = read_texts(parts.model)
    filler = Filler(parts, Compiler(root, parts.tables, trees), texts, nodes)
    actions = filler.fill()
    check_values(parts, nodes)
    return Form(
        id=parts.data.get("id", ""),
        version=next((value for key, value in parts.data.attrib.items() if local_name(key) == "version"), ""),
        title=parts.title,
        languages=texts.languages,
        default_language=texts.default,
        root=root,
        program=Program() if parts.problems else build_program(root),
        questions={ref: each for ref, each in nodes.items() if isinstance(each, Question)},
        nodes=nodes,
        texts=filler.choice_texts,
        media=filler.choice_media,
        actions=actions,
        entities=tuple(_entities(parts, root)),
        tables=tuple(parts.named),
        notices=tuple(parts.notices),
    )


def _tree(parts: Parts) -> Group:
    """The definitions by the shape of the primary instance, each with its place in a scope."""
    name = local(parts.data)
    root = Group(name, f"/{name}", None)
    _dress(root, parts.data)
    _grow(root, root, parts.data, parts)
    return root


def _dress(made: Definition, element: ET.Element) -> None:
    made.namespace = element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""
    made.attributes = {local_name(name): value for name, value in element.attrib.items() if not name.startswith(_JR)}
    made.marked = {name: value for name, value in element.attrib.items() if not name.startswith(_JR)}


def _grow(parent: Group, scope: Group, element: ET.Element, parts: Parts) -> None:
    grouped: dict[str, list[ET.Element]] = {}
    for each in element:
        grouped.setdefault(local(each), []).append(each)
    for name, elements in grouped.items():
        ref = f"{parent.ref}/{name}"
        control = parts.controls.get(ref)
        pattern = next((each for each in elements if is_template(each)), elements[0])
        made = _definition(name, ref, parent, pattern, control, parts)
        _dress(made, pattern)
        made.scope, made.slot = scope, len(scope.layout)
        scope.layout.append(made)
        parent.children.append(made)
        parent.named[name] = made
        if isinstance(made, Group):
            _grow(made, made if isinstance(made, Repeat) else scope, pattern, parts)
        if isinstance(made, Repeat):
            made.starts = tuple(start_of(made, each) for each in elements if not is_template(each))
        elif len(elements) > 1:
            parts.problems.append(Problem("E_FORM_DUPLICATE", question=name, ref=ref))


def start_of(group: Group, element: ET.Element) -> Start:
    """The values and entries in one entry that stands in the instance, by the slots of its repeat."""
    values: dict[int, str] = {}
    entries: dict[int, tuple[Start | None, ...]] = {}
    _collect(group, element, values, entries)
    return Start(values, entries)


def _collect(
    group: Group, element: ET.Element, values: dict[int, str], entries: dict[int, tuple[Start | None, ...]]
) -> None:
    for each in element:
        child = group.named.get(local(each))
        if isinstance(child, Repeat):
            if not is_template(each):
                entries[child.slot] = (*entries.get(child.slot, ()), start_of(child, each))
        elif isinstance(child, Group):
            _collect(child, each, values, entries)
        elif child is not None:
            values[child.slot] = (each.text or "").strip()


def _entities(parts: Parts, root: Group) -> Iterator[Entity]:
    saved = {
        ref: value
        for ref, bind in parts.binds.items()
        for key, value in bind.attrib.items()
        if local_name(key) == "saveto"
    }
    for each in (root, *root.walk()):
        if each.name == "entity" and "dataset" in each.attributes:
            dataset = each.attributes["dataset"]
            yield Entity(each.ref, dataset, each.attributes, saved)
            parts.note("", f"entities of {dataset} are kept as the form says, and no list of entities is changed")


def _definition(
    name: str, ref: str, parent: Group, element: ET.Element, control: Control | None, parts: Parts
) -> Definition:
    if control is not None and control.tag == "repeat":
        return Repeat(name, ref, parent, appearance=control.appearance)
    if len(element) or (control is not None and control.tag == "group"):
        return Group(name, ref, parent, appearance=control.appearance if control is not None else "")
    made = Question(name, ref, parent, default=(element.text or "").strip())
    bind = parts.binds.get(ref)
    kind = bind.get("type", "string") if bind is not None else "string"
    made.data_type = kind.rpartition(":")[2] if kind.startswith(("xsd:", "xs:", "odk:")) else kind
    if control is not None:
        made.appearance = control.appearance
        made.mediatype = control.element.get("mediatype", "")
        made.parameters = {
            key: value for key, value in control.element.attrib.items() if key in ("start", "end", "step", "rows")
        }
    made.type = _type(made, control, bind)
    made.edtf = made.type == "text" and "edtf" in made.appearance.split()
    return made


def _type(made: Question, control: Control | None, bind: ET.Element | None) -> str:
    """The question's type by its control and the type of its bind; without control it is a calculation.

    pyxform writes a note as a text question that is read-only; one that has a value to show is no note.
    """
    if control is None:
        return "calculate"
    if control.tag in _TAGS:
        return _TAGS[control.tag]
    kind = _INPUTS.get(made.data_type, "text")
    fixed = bind is not None and bind.get("readonly", "").strip() == "true()" and "calculate" not in bind.attrib
    return "note" if kind == "text" and fixed and not made.default else kind


def _check_references(parts: Parts, nodes: dict[str, Definition]) -> None:
    """Every bind and every control stands for a node of the instance; binds of attributes belong to entities."""
    for ref in (*parts.binds, *parts.controls):
        if ref not in nodes and not ref.endswith("_count") and "/@" not in ref:
            name = ref.rpartition("/")[2]
            parts.problems.append(Problem("E_FORM_REFERENCE", question=name, name=ref, expression=ref, ref=ref))
