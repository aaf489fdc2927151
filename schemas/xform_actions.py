"""Actions of a form: `setvalue`, `setgeopoint` and preloads, with the events that set them off.

Names of devices and of people, and the place of the device, are never filled in, whatever a form asks for: they would
tell who was where. The form gets a warning that names the question.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemas.problems import Problem
from schemas.xform_model import Action, Definition, Question
from schemas.xform_xml import JR, local
from schemas.xpath.tree import String

if TYPE_CHECKING:
    from schemas.xform_fill import Filler

_EVENTS = {
    "odk-instance-first-load": "first-load",
    "xforms-ready": "first-load",
    "odk-new-repeat": "new-repeat",
    "xforms-value-changed": "value-changed",
}
_PRELOADS = {
    ("timestamp", "start"): ("first-load", "now()"),
    ("timestamp", "end"): ("finish", "now()"),
    ("date", "today"): ("first-load", "today()"),
    ("uid", ""): ("finish", "once(concat('uuid:', uuid()))"),
}
_ACTIONS = ("setvalue", "setgeopoint", "setlocation", "recordaudio")


def read_actions(filler: Filler) -> tuple[Action, ...]:
    """The actions of the form, preloads first, then those of the model, then those of the body."""
    found = list(_preloads(filler))
    for element in filler.parts.model:
        if local(element) in _ACTIONS:
            found.extend(_action(filler, element, None))
    for ref, control in filler.parts.controls.items():
        outer = control.repeat if control.repeat is not None else control.element
        for element in outer:
            if local(element) in _ACTIONS:
                found.extend(_action(filler, element, filler.nodes.get(ref)))
    return tuple(found)


def _preloads(filler: Filler) -> Iterator[Action]:
    for ref, bind in filler.parts.binds.items():
        target = filler.nodes.get(ref)
        kind, parameter = bind.get(f"{{{JR}}}preload", ""), bind.get(f"{{{JR}}}preloadParams", "")
        if not kind or not isinstance(target, Question):
            continue
        known = _PRELOADS.get((kind, "" if kind == "uid" else parameter))
        if known is None:
            wanted = parameter or kind
            filler.parts.note(target.name, f"{wanted} is never filled in: it would tell who and where the device is")
            continue
        event, source = known
        yield Action(event, target, target, filler.compile(source, target), filler.compile(ref, target))


def _action(filler: Filler, element: ET.Element, holder: Definition | None) -> Iterator[Action]:
    ref = _target(filler, element, holder)
    if "/@" in ref:
        return  # attributes of entities are read and kept, not acted on
    target = filler.nodes.get(ref)
    if not isinstance(target, Question):
        name = ref.rpartition("/")[2]
        filler.fail(Problem("E_FORM_REFERENCE", question=name, name=ref, expression=local(element)))
        return
    if local(element) != "setvalue":
        filler.parts.note(target.name, f"{local(element)} is not done: nothing records where or when the device is")
        return
    if target.type == "note":
        target.type = "text"  # it has a value to show
    source, written = (element.get("value") or "").strip(), (element.text or "").strip()
    value = filler.compile(source, target) if source else None
    if value is None and written:
        value = filler.compiler.compile_tree(String(written), written, target)
    for event in (element.get("event") or "").split():
        known = _EVENTS.get(event)
        if known is None:
            filler.parts.note(target.name, f"the event {event} never happens here")
            continue
        place: Definition = holder if known == "value-changed" and holder is not None else target
        yield Action(known, place, target, value, filler.compile(ref, place))


def _target(filler: Filler, element: ET.Element, holder: Definition | None) -> str:
    """The absolute path of what an action sets: `ref`, which may be relative to the holder, or the bind of an id."""
    ref = (element.get("ref") or "").strip()
    if not ref:
        return filler.parts.identities.get(element.get("bind", ""), "")
    if ref.startswith("/"):
        return filler.parts.plain_path(ref)
    names = (holder.ref if holder is not None else filler.compiler.root.ref).split("/")
    for step in ref.split("/"):
        if step == "..":
            names.pop()
        elif step != ".":
            names.append(step)
    return "/".join(names)
