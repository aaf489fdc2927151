"""Entries of repeats: made with what the form says stands in them, counted, taken away.

An entry that stands in the form itself begins with the values written there and hears of `odk-instance-first-load`; one
that is made later begins with the values of the template and hears of `odk-new-repeat` (ODK XForms specification,
"The odk-new-repeat event").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.session_actions import act
from schemas.session_live import LiveRepeat, Scope
from schemas.xform_model import Question, Start

if TYPE_CHECKING:
    from schemas.session_engine import Engine

MAX_ENTRIES = 10_000
MAX_COUNTED = 1_000


def count_entries(engine: Engine, live: LiveRepeat, amount: float) -> None:
    """The count decides how many entries there are; entries that it puts away come back when it rises again."""
    wanted = int(min(max(amount, 0), MAX_COUNTED)) if amount == amount else 0
    while len(live.entries) > wanted:
        entry = live.entries.pop()
        entry.gone = True
        live.spare.append(entry)
        _changed(engine, live)
    while len(live.entries) < wanted:
        add_entry(engine, live)


def add_entry(engine: Engine, live: LiveRepeat, identity: int | None = None) -> Scope:
    """Makes an entry (or takes back one that a lower count put away) and marks everything in it."""
    if live.spare and identity is None:
        entry = live.spare.pop()
        entry.gone = False
        live.entries.append(entry)
        engine.spread_children(live.repeat, entry)
        _arrived(engine, live, entry)
        return entry
    entry = new_scope(live, identity if identity is not None else live.next_id)
    live.entries.append(entry)
    live.number()
    fill_new(engine, entry)
    for action in engine.form.new_entry_actions.get(live.repeat, ()):
        target = entry.nodes[action.target.slot]
        engine.renewed.add(target)
        act(engine, action, [target])
    _arrived(engine, live, entry)
    return entry


def _arrived(engine: Engine, live: LiveRepeat, entry: Scope) -> None:
    _changed(engine, live)
    engine.before.update(dict.fromkeys((entry, *entry.walk())))
    engine.mark_scope(entry)


def new_scope(live: LiveRepeat, identity: int) -> Scope:
    """An entry with this id, with nothing in it."""
    live.next_id = max(live.next_id, identity + 1)
    return Scope(live.repeat, live.scope, identity, live)


def fill_new(engine: Engine, scope: Scope, start: Start | None = None) -> None:
    """Static defaults, and the entries that the form begins with; `start` is what the form says of this very entry."""
    for live in scope.nodes:
        definition = live.definition
        if isinstance(definition, Question):
            default = definition.default if start is None else start.values.get(definition.slot, "")
            if default:
                live.raw = default
                live.seen = default if live.relevant else ""
        elif isinstance(live, LiveRepeat):
            starts = live.repeat.starts if start is None else start.entries.get(definition.slot, ())
            for each in starts:
                entry = new_scope(live, live.next_id)
                live.entries.append(entry)
                fill_new(engine, entry, each)
                _arrived(engine, live, entry)


def drop_entry(engine: Engine, entry: Scope) -> None:
    """Takes an entry away for good; its id is remembered."""
    container = entry.container
    if container is None:
        return
    for each in container.entries[entry.place :]:
        engine.note(each)
    container.entries.remove(entry)
    container.removed.append(entry.id)
    entry.gone = True
    _changed(engine, container)


def _changed(engine: Engine, live: LiveRepeat) -> None:
    live.number()
    engine.before[live] = None
    engine.touch_entries(live)
