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

import xml.etree.ElementTree as ET

from schemas.problems import Problem
from schemas.xform_body import Control, Parts, is_template, take_apart
from schemas.xform_fill import Filler
from schemas.xform_graph import build_program
from schemas.xform_model import Definition, Form, Group, Question, Repeat
from schemas.xform_text import read_texts
from schemas.xform_xml import local, read
from schemas.xpath.compiler import Compiler

__all__ = ["Form", "parse_form"]

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


def parse_form(xml: bytes) -> Form:
    """The form in an XForm.

    Raises E_FORM_XML for XML that is broken or unsafe, E_FORM_STRUCTURE, E_FORM_MARK, and for expressions
    E_FORM_EXPRESSION, E_FORM_FUNCTION, E_FORM_REFERENCE, E_FORM_CYCLE, which name the question.
    """
    parts = take_apart(read(xml))
    root = _tree(parts)
    nodes = {each.ref: each for each in (root, *root.walk())}
    _check_references(parts, nodes)
    texts = read_texts(parts.model)
    filler = Filler(parts, Compiler(root, parts.tables), texts, nodes)
    actions = filler.fill()
    return Form(
        id=parts.data.get("id", ""),
        version=parts.data.get("version", ""),
        title=parts.title,
        languages=texts.languages,
        default_language=texts.default,
        root=root,
        program=build_program(root),
        questions={ref: each for ref, each in nodes.items() if isinstance(each, Question)},
        nodes=nodes,
        texts=filler.choice_texts,
        actions=actions,
        warnings=tuple(parts.warnings),
    )


def _tree(parts: Parts) -> Group:
    """The definitions by the shape of the primary instance, each with its place in a scope."""
    name = local(parts.data)
    root = Group(name, f"/{name}", None)
    _grow(root, root, parts.data, parts)
    return root


def _grow(parent: Group, scope: Group, element: ET.Element, parts: Parts) -> None:
    grouped: dict[str, list[ET.Element]] = {}
    for each in element:
        grouped.setdefault(local(each), []).append(each)
    for name, elements in grouped.items():
        ref = f"{parent.ref}/{name}"
        control = parts.controls.get(ref)
        pattern = next((each for each in elements if is_template(each)), elements[0])
        made = _definition(name, ref, parent, pattern, control, parts)
        if isinstance(made, Repeat):
            made.start = sum(not is_template(each) for each in elements)
        made.scope, made.slot = scope, len(scope.layout)
        scope.layout.append(made)
        parent.children.append(made)
        if isinstance(made, Group):
            _grow(made, made if isinstance(made, Repeat) else scope, pattern, parts)


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
    """Every bind and every control stands for a node of the instance."""
    for ref in (*parts.binds, *parts.controls):
        if ref not in nodes and not ref.endswith("_count"):
            name = ref.rpartition("/")[2]
            raise Problem("E_FORM_REFERENCE", question=name, name=ref, expression=ref)
