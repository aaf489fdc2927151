"""Actions of a form (`setvalue`): values given when an interview begins, when an entry is made, when an answer changes.

An action's value is calculated where its target stands; what it sets is an answer like any other, and may set off the
next action.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from schemas.session_live import Live
from schemas.session_values import coerce
from schemas.xform_graph import Kind
from schemas.xform_model import Action

if TYPE_CHECKING:
    from schemas.session_engine import Engine

MAX_ROUNDS = 50


def act(engine: Engine, action: Action, lives: Iterable[Live]) -> None:
    """Gives the targets the action's value; a reserved answer gives way to it."""
    for live in lives:
        if live.pinned:
            continue
        value = "" if action.value is None else action.value.value(engine.at(live.scope))
        if live.missing is not None:
            engine.note(live)
            live.missing = None
            engine.mark_kind(live, Kind.VALID)
        engine.put(live, coerce(action.target.data_type, value))


def first_load(engine: Engine) -> None:
    """The actions of a new interview; entries that a count made were given theirs when they were made."""
    for action in engine.form.actions:
        if action.event == "first-load":
            act(engine, action, [live for live in engine.instances(action.target) if live not in engine.renewed])
            engine.run()
    engine.renewed.clear()


def finished(engine: Engine) -> None:
    """What the end of an interview fills in."""
    for action in engine.form.actions:
        if action.event == "finish":
            act(engine, action, engine.instances(action.target))
    engine.run()


def answered(engine: Engine, live: Live) -> None:
    """The actions that the answer to this question sets off, and those that these set off, at most 50."""
    waiting = [live]
    for _ in range(MAX_ROUNDS):
        if not waiting:
            return
        trigger = waiting.pop(0)
        for action in engine.form.value_actions.get(trigger.definition, ()):
            if action.find.nodes is None:
                continue
            found = action.find.nodes(engine.at(trigger.scope))
            before = [each.raw for each in found]
            act(engine, action, found)
            engine.run()
            waiting += [each for each, raw in zip(found, before, strict=True) if each.raw != raw]
