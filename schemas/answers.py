"""Filling a session from plain data, such as a JSON file, and from what `Session.to_nested` gives.

Data is a map. A key is the name of a node directly below, or the name of any one node further below (outside repeats),
so that both the nested shape and a flat one with unique names are taken. Values:

    text, number, true/false       an answer
    a list of codes                select_multiple, rank
    a list of maps                 the entries of a repeat: those there are in which nothing is answered, then new ones;
                                   `_code` ("P3") asks for the same id
    {"missing": "declined"}        a reserved answer
    {"file": "photo.jpg"}          a file, taken over by `attach`
    {"attachment": "0123…"}        a file that was taken over before: its stream id in hexadecimal
    null                           no answer

What is calculated or read-only is passed over: the form makes it anew. What the form hides may be filled too; it is
kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Value
from schemas.session_values import SID, decode
from schemas.xform_model import Definition, Group, Path, Question, Repeat

Attach = Callable[[str, Path], bytes]
"""Takes over the file at a path for the question at a Path, and gives the id (16 bytes) of its stream."""


def fill(session: Session, data: Mapping[str, Any], attach: Attach | None = None) -> None:
    """Answers from data, in the order of the data.

    Raises E_ANSWER_PATH for a name that the form does not have or that several nodes have, E_ANSWER_TYPE,
    E_ANSWER_CHOICE, E_ANSWER_RESERVED; what came before stays filled.
    """
    _fill_group(session, session.form.root, (), data, attach)


def to_nested(session: Session) -> dict[str, Any]:
    """The relevant answers by form structure; `fill` takes them back."""
    return session.to_nested()


def _fill_group(session: Session, group: Group, path: Path, data: object, attach: Attach | None) -> None:
    if not isinstance(data, Mapping):
        raise Problem("E_ANSWER_TYPE", question=group.name, wanted="a map of answers")
    for key, value in data.items():
        if key == "_code" and isinstance(group, Repeat):
            continue
        found = _named(group, key)
        where = (*path, *_between(group, found))
        if isinstance(found, Repeat):
            _fill_repeat(session, found, where, value, attach)
        elif isinstance(found, Group):
            _fill_group(session, found, where, value, attach)
        elif isinstance(found, Question):
            _fill_question(session, found, where, value, attach)


def _named(group: Group, key: object) -> Definition:
    """The child of this name, or the one node further below that has it."""
    direct = [each for each in group.children if each.name == key]
    found = direct or [each for each in _reachable(group) if each.name == key]
    if len(found) != 1:
        raise Problem("E_ANSWER_PATH", question=str(key)[:200])
    return found[0]


def _reachable(group: Group) -> Iterator[Definition]:
    for child in group.children:
        yield child
        if isinstance(child, Group) and not isinstance(child, Repeat):
            yield from _reachable(child)


def _between(group: Group, below: Definition) -> tuple[str, ...]:
    names: list[str] = []
    for each in below.lineage():
        if each is group:
            break
        names.append(each.name)
    return tuple(reversed(names))


def _fill_repeat(session: Session, repeat: Repeat, path: Path, value: object, attach: Attach | None) -> None:
    if not isinstance(value, (list, tuple)):
        raise Problem("E_ANSWER_TYPE", question=repeat.name, wanted="a list of entries")
    there = [each.path for each in session.below(path) if each.kind == "entry" and len(each.path) == len(path)]
    if repeat.count is not None or repeat.fixed:
        for entry, each in zip(there, value, strict=False):
            _fill_group(session, repeat, entry, each, attach)
        return
    unused = [entry for entry in there if not _answered(session, entry)]
    for each in value:
        identity = _identity(repeat, each)
        if unused and identity in (None, unused[0][-1][1]):
            entry = unused.pop(0)
        else:
            entry, _ = session.add(path, identity)
        _fill_group(session, repeat, entry, each, attach)


def _answered(session: Session, entry: Path) -> bool:
    """Whether anything in an entry was answered otherwise than by its default."""
    for path, value, missing in session.kept():
        if path[: len(entry)] != entry:
            continue
        question = session.form.definition(path)
        if not isinstance(question, Question) or not question.fillable:
            continue
        if missing is not None or value != decode(question, question.default):
            return True
    return False


def _identity(repeat: Repeat, data: object) -> int | None:
    """The id in an entry's code; None when there is none."""
    code = data.get("_code") if isinstance(data, Mapping) else None
    if code is None:
        return None
    digits = code.removeprefix(repeat.code) if isinstance(code, str) and repeat.code else ""
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 6:
        raise Problem("E_ANSWER_TYPE", question=repeat.name, wanted="a code such as P1 in _code")
    return int(digits)


def _fill_question(session: Session, question: Question, path: Path, value: object, attach: Attach | None) -> None:
    if question.fillable and not session.node(path).readonly:
        fill_value(session, question, path, value, attach)


def fill_value(session: Session, question: Question, path: Path, value: object, attach: Attach | None = None) -> None:
    """Answers one question with a value as it stands in data. Raises the E_ANSWER_… problems."""
    if value is None:
        session.clear(path)
    elif isinstance(value, Mapping):
        _fill_special(session, question, path, value, attach)
    else:
        session.set(path, _typed(question, value))


def _fill_special(
    session: Session, question: Question, path: Path, value: Mapping[str, Any], attach: Attach | None
) -> None:
    if set(value) == {"missing"} and isinstance(value["missing"], str):
        session.set_missing(path, value["missing"])
    elif set(value) == {"attachment"} and question.type == "file":
        session.set(path, _sid(question, value["attachment"]))
    elif set(value) == {"file"} and question.type == "file" and isinstance(value["file"], str) and attach is not None:
        session.set(path, attach(value["file"], path))
    else:
        raise Problem("E_ANSWER_TYPE", question=question.name, wanted="an answer of its type")


def _sid(question: Question, written: object) -> bytes:
    try:
        found = bytes.fromhex(written) if isinstance(written, str) else b""
    except ValueError:
        found = b""
    if len(found) != SID:
        raise Problem("E_ANSWER_TYPE", question=question.name, wanted="the id of an attachment, 32 hexadecimal digits")
    return found


def _typed(question: Question, value: object) -> Value:
    """JSON's types as the session's: lists as tuples, fractions as decimal text."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, float) and question.type == "decimal" and value == value and abs(value) < 1e15:
        return format(Decimal(repr(value)), "f")
    if isinstance(value, (str, int, bool, tuple)):
        return value
    raise Problem("E_ANSWER_TYPE", question=question.name, wanted="an answer of its type")
