"""Scripts of a form: steps that answer, add, remove and expect, as form authors write them down beside their form.

A script is a list of objects, each of them one step:

    {"set": PATH, "value": V}            an answer; null takes it away, {"missing": "declined"} is a reserved answer
    {"add": REPEAT}                      an entry at the end of a repeat
    {"remove": REPEAT, "at": n}          the n-th entry (from 1) away
    {"language": L}                      the language of labels: its full name or its code
    {"clock": "2026-03-01T09:00"}        what time it is from here on; as the first step, when the interview begins
    {"finish": true}                     the time of the end and the instance id, as at the end of an interview
    {"gates": ["G2"]}                    exactly these gates are open
    {"expect": PATH, "value": …}         or relevant, required, readonly, valid, label, hint, choices, count

A PATH is `group/question`, with or without the form's root in front; `repeat[2]/question` is the second entry as they
stand now; a name alone is enough where the form has it once. A set, add or remove that must be refused says so with
"problem": "E_…". Several things may be expected in one step. Nothing here reads or writes a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from schemas.answers import Attach, fill_value
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_live import LiveRepeat, Scope
from schemas.session_types import Node
from schemas.session_values import decode
from schemas.xform_model import Definition, Group, Path, Question, Repeat

_STEP = re.compile(r"([^\[\]/]+?)(?:\[(\d{1,6})\])?")
_EXPECTED = ("value", "relevant", "required", "readonly", "valid", "label", "hint", "choices", "count")
_MOVES = {
    "set": {"value"},
    "add": set(),
    "remove": {"at"},
    "language": set(),
    "finish": set(),
    "clock": set(),
    "gates": set(),
    "expect": set(_EXPECTED),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A step (counted from 1) that did not go as written: `what` was expected of `path`, and what was found instead.

    `what` is one of the words of an expectation, or `problem` for a step that was refused or should have been.
    """

    step: int
    path: str
    what: str
    wanted: Any
    found: Any

    def as_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {"step": self.step, "path": self.path, "what": self.what, "wanted": self.wanted, "found": self.found}


class ScriptClock:
    """The clock of a session that a script is run on: that of the machine until a step says what time it is.

    A script that begins with the time has it from the beginning of the session on, so that what a form makes of today
    is the same tomorrow. Raises E_INSTANCE_STEP for a first step whose time is none.
    """

    def __init__(self, machine: Callable[[], datetime], steps: Sequence[object] = ()) -> None:
        self._machine = machine
        self._moment: datetime | None = None
        if steps and isinstance(steps[0], Mapping) and "clock" in steps[0]:
            self.set(1, steps[0]["clock"])

    def __call__(self) -> datetime:
        """The time now."""
        return self._machine() if self._moment is None else self._moment

    def set(self, number: int, written: object) -> None:
        """Stops at a moment: a dateTime, or a date, which means its noon. Raises E_INSTANCE_STEP."""
        try:
            moment = datetime.fromisoformat(str(written))
            if len(str(written)) == 10:
                moment = datetime.combine(moment, time(12))
            self._moment = moment if moment.tzinfo is not None else moment.astimezone()
        except (ValueError, OverflowError, OSError):
            raise _no_step(number, "clock takes a time such as 2026-03-01T09:00") from None


def run_script(
    session: Session, steps: Sequence[object], attach: Attach | None = None, clock: ScriptClock | None = None
) -> list[Failure]:
    """Does the steps one after the other and gives what did not go as written; a failure stops no later step.

    `clock` is the session's own; without it no step may say what time it is. Raises E_INSTANCE_STEP for a step that is
    none.
    """
    failures: list[Failure] = []
    for number, step in enumerate(steps, start=1):
        kind = _kind(number, step)
        if not isinstance(step, Mapping):
            raise _no_step(number, "no object")
        if kind == "clock" and clock is not None:
            clock.set(number, step["clock"])
        elif kind == "expect":
            failures.extend(_expect(session, number, step))
        elif kind == "gates":
            failures.extend(_gates(session, number, step))
        else:
            failures.extend(_move(session, number, kind, step, attach))
    return failures


def _kind(number: int, step: object) -> str:
    if not isinstance(step, Mapping):
        raise _no_step(number, "no object")
    kinds = [each for each in _MOVES if each in step]
    if len(kinds) != 1:
        raise _no_step(number, f"one of {', '.join(_MOVES)} is needed")
    kind = kinds[0]
    unknown = set(step) - {kind, "problem", "note"} - _MOVES[kind]
    if unknown or (kind == "expect" and not set(step) & set(_EXPECTED)):
        raise _no_step(number, f"what {', '.join(sorted(map(str, unknown))) or 'to expect'} is")
    if kind not in ("finish", "gates") and not isinstance(step[kind], str):
        raise _no_step(number, f"{kind} takes a text")
    return kind


def _no_step(number: int, detail: str) -> Problem:
    return Problem("E_INSTANCE_STEP", step=number, detail=detail[:200])


def _move(session: Session, number: int, kind: str, step: Mapping[str, Any], attach: Attach | None) -> list[Failure]:
    wanted, found = step.get("problem"), None
    try:
        _MOVE[kind](session, number, step, attach)
    except Problem as problem:
        if problem.code == "E_INSTANCE_STEP":
            raise
        found = problem.code
    return [] if found == wanted else [Failure(number, str(step[kind]), "problem", wanted, found)]


def _set(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    if "value" not in step:
        raise _no_step(number, "set needs a value")
    path, definition = find(session, step["set"])
    if not isinstance(definition, Question):
        raise Problem("E_ANSWER_PATH", question=definition.name)
    if not definition.fillable or session.node(path).readonly:
        raise Problem("E_ANSWER_READONLY", question=definition.name)
    fill_value(session, definition, path, _loosely(definition, step["value"]), attach)


def _loosely(question: Question, value: Any) -> Any:  # noqa: ANN401  # what JSON holds
    """Texts that people write for numbers, several choices and yes or no."""
    if not isinstance(value, str):
        return value
    if question.type in ("select_multiple", "rank"):
        return value.split()
    if question.type == "integer" and re.fullmatch(r"[+-]?\d{1,15}", value, re.ASCII):
        return int(value)
    if question.type == "boolean" and value in ("true", "false"):
        return value == "true"
    return None if value == "" else value


def _add(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    session.add(find(session, step["add"])[0])


def _remove(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    at = step.get("at")
    if isinstance(at, bool) or not isinstance(at, int):
        raise _no_step(number, "remove needs a number in at")
    session.remove(find(session, f"{step['remove']}[{at}]")[0])


def _language(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    session.language = step["language"]


def _finish(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    session.finish()


def _clock(session: Session, number: int, step: Mapping[str, Any], attach: Attach | None) -> None:
    raise _no_step(number, "the time cannot be set here")


_MOVE: dict[str, Callable[[Session, int, Mapping[str, Any], Attach | None], None]] = {
    "set": _set, "add": _add, "remove": _remove, "language": _language, "finish": _finish, "clock": _clock,
}  # fmt: skip


def _gates(session: Session, number: int, step: Mapping[str, Any]) -> list[Failure]:
    wanted = step["gates"]
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise _no_step(number, "gates takes a list of gates")
    found = list(dict.fromkeys(gate.id for gate in session.open_gates()))
    return [] if sorted(wanted) == sorted(found) else [Failure(number, "/", "gates", wanted, found)]


def _expect(session: Session, number: int, step: Mapping[str, Any]) -> list[Failure]:
    failures = []
    try:
        path, definition = find(session, step["expect"])
        node = session.node(path)
        for what in _EXPECTED:
            if what in step:
                found = _seen(session, node, definition, what, step[what])
                if not _same(step[what], found):
                    failures.append(Failure(number, step["expect"], what, step[what], found))
    except Problem as problem:
        failures.append(Failure(number, step["expect"], "problem", None, problem.code))
    return failures


def _seen(session: Session, node: Node, definition: Definition, what: str, wanted: object) -> object:
    if what == "value":
        return _value(session, node, definition)
    if what == "valid":
        return not any(issue.path[: len(node.path)] == node.path for issue in session.validity())
    if what == "choices":
        named = isinstance(wanted, list) and any(isinstance(each, Mapping) for each in wanted)
        return [{"value": each.value, "label": each.label} if named else each.value for each in node.choices]
    found: object = getattr(node, what)
    return found


def _value(session: Session, node: Node, definition: Definition) -> object:
    if not isinstance(definition, Question) or not node.relevant:
        return None
    if node.missing is not None:
        return {"missing": node.missing}
    value = session.value(node.path) if node.value is None else node.value
    if isinstance(value, bytes):
        return {"attachment": value.hex()}
    return list(value) if isinstance(value, tuple) else value


def _same(wanted: object, found: object) -> bool:
    """Equal, where a number and the text of the same number are equal, too, and nothing is the empty text."""
    if wanted == found and isinstance(wanted, bool) == isinstance(found, bool):
        return True
    if wanted in ("", None) and found in ("", None):
        return True
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool) and isinstance(found, str):
        try:
            return float(found) == wanted
        except ValueError:
            return False
    return isinstance(wanted, str) and isinstance(found, int) and not isinstance(found, bool) and wanted == str(found)


# --- paths


def find(session: Session, written: str) -> tuple[Path, Definition]:
    """The path of what a script calls so, and its definition. Raises E_ANSWER_PATH."""
    steps = _steps(session.form.root, written)
    place: Definition = session.form.root
    scope: Scope = session.live_root
    path: Path = ()
    for number, (name, at) in enumerate(steps, start=1):
        child = place.named.get(name) if isinstance(place, Group) else None
        if child is None:
            raise Problem("E_ANSWER_PATH", question=written[:200])
        place, last = child, number == len(steps)
        if isinstance(child, Repeat) and not (last and at is None):
            scope = _entry(scope.nodes[child.slot], at, written)
            path = (*path, (name, scope.id))
        elif at is not None and at != 1:
            raise Problem("E_ANSWER_PATH", question=written[:200])
        else:
            path = (*path, name)
    return path, place


def _steps(root: Group, written: str) -> list[tuple[str, int | None]]:
    steps: list[tuple[str, int | None]] = []
    for part in written.strip().strip("/").split("/"):
        match = _STEP.fullmatch(part.strip())
        if match is None:
            raise Problem("E_ANSWER_PATH", question=written[:200])
        steps.append((match[1], int(match[2]) if match[2] else None))
    if len(steps) > 1 and steps[0] == (root.name, None) and root.name not in root.named:
        steps = steps[1:]
    if steps[0][0] not in root.named:
        named = [each for each in root.walk() if each.name == steps[0][0]]
        if len(named) != 1:
            raise Problem("E_ANSWER_PATH", question=written[:200])
        steps = [*((name, None) for name in named[0].path[:-1]), *steps]
    return steps


def _entry(live: object, at: int | None, written: str) -> Scope:
    """The entry at a position; without a position, the only one."""
    if isinstance(live, LiveRepeat):
        if at is None and len(live.entries) == 1:
            return live.entries[0]
        if at is not None and 1 <= at <= len(live.entries):
            return live.entries[at - 1]
    raise Problem("E_ANSWER_PATH", question=written[:200])


# --- what a run came to


def report(session: Session) -> dict[str, Any]:
    """All of a session as `svidok form run --json` prints it, with paths as scripts write them.

    `instance` is the nested answers, `nodes` maps each path to its type, relevance, requirement, value and label,
    `calculated` the values that the form made, `issues` what stands against the answers, `valid` whether nothing does,
    `gates` the gates that are open.
    """
    issues = session.validity()
    calculated = {
        path_text(session, live.path): decode(live.definition, live.seen)
        for live in session.live_root.walk()
        if isinstance(live.definition, Question) and live.definition.type == "calculate" and live.seen
    }
    return {
        "form": session.form.id,
        "version": session.form.version,
        "language": session.language,
        "instance": session.to_nested(),
        "nodes": {path_text(session, node.path): _row(session, node) for node in session.walk()},
        "calculated": calculated,
        "issues": [
            {"path": path_text(session, each.path), "kind": each.kind, "code": each.code, "message": each.message}
            for each in issues
        ],
        "valid": not issues,
        "gates": [gate.as_dict(session.language) for gate in session.open_gates()],
    }


def _row(session: Session, node: Node) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": node.kind, "relevant": node.relevant, "readonly": node.readonly, "label": node.label,
    }  # fmt: skip
    if node.kind == "question" and isinstance(node.definition, Question):
        row |= {"type": node.definition.type, "required": node.required, "problem": node.problem}
        row["value"] = _value(session, node, node.definition)
    if node.kind in ("repeat", "entry"):
        row["count"] = node.count
    return row


def path_text(session: Session, path: Path) -> str:
    """A path as scripts write it: `/group/repeat[2]/question`, with positions instead of ids."""
    parts: list[str] = []
    scope, place = session.live_root, session.form.root
    for step in path:
        name = step if isinstance(step, str) else step[0]
        child = place.named[name]
        if isinstance(step, tuple):
            live = scope.nodes[child.slot]
            entries = live.entries if isinstance(live, LiveRepeat) else []
            scope = next(each for each in entries if each.id == step[1])
            parts.append(f"{name}[{scope.place}]")
        else:
            parts.append(name)
        place = child if isinstance(child, Group) else place
    return "/" + "/".join(parts)
