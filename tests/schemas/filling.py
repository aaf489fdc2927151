"""Fills any form to the end: an answer for every relevant question, until nothing is left that can be answered."""

from __future__ import annotations

from collections.abc import Callable

from schemas.session import Session
from schemas.session_types import Node, Value
from schemas.xform_model import Question

Pick = Callable[[int], int]
"""A number below the one given."""
MAX_ROUNDS = 60

_PLACES = "50.45 30.52 0 0;49.84 24.03 0 0;46.48 30.73 0 0"
_VALUES: dict[str, tuple[Value, ...]] = {
    "integer": (1, 0, 5, 12, 45, 99, 800, 2600, 4800, 9999),
    "decimal": ("1.5", "0", "37.2", "120"),
    "boolean": (True, False),
    "acknowledge": (True,),
    "date": ("2023-10-05", "1980-02-29", "2026-03-01"),
    "time": ("14:30:00.000+02:00", "08:05"),
    "dateTime": ("2023-10-05T14:30:00.000+03:00",),
    "geopoint": ("50.45 30.52 0 0",),
    "geotrace": (_PLACES,),
    "geoshape": (_PLACES + ";50.45 30.52 0 0",),
    "file": (b"0123456789abcdef",),
    "barcode": ("4820000000000",),
}
_TEXTS = ("Ольга", "no", "-", "12", "a longer answer, with 'quotes' & <marks>", "2023-10-05")


def candidates(node: Node, pick: Pick) -> list[Value]:
    """Answers worth trying, in the order to try them."""
    question = node.definition
    if not isinstance(question, Question):
        return []
    if question.itemset is not None:
        codes = [each.value for each in node.choices]
        start = pick(max(len(codes), 1))
        turned = codes[start:] + codes[:start]
        if question.type == "select_one":
            return list(turned)
        return (
            [tuple(turned[:1]), tuple(turned[: 1 + pick(3)])] if question.type == "select_multiple" else [tuple(turned)]
        )
    found = list(_VALUES.get(question.type, _TEXTS))
    start = pick(len(found))
    return found[start:] + found[:start]


def answer(session: Session, node: Node, pick: Pick) -> bool:
    """Gives the question the first answer that breaks no rule; whether one was found."""
    for value in candidates(node, pick):
        session.set(node.path, value)
        if session.node(node.path).problem is None:
            return True
    session.clear(node.path)
    return False


def fill_to_the_end(session: Session, pick: Pick) -> set[str]:
    """Answers everything; gives the names of questions for which no candidate was an answer."""
    stuck: set[str] = set()
    for _ in range(MAX_ROUNDS):
        waiting = [
            node
            for node in session.walk()
            if node.kind == "question" and node.relevant and not node.readonly and node.value is None
            and node.missing is None and node.name not in stuck
        ]  # fmt: skip
        wrong = [session.node(each.path) for each in session.validity() if each.code != "required"]
        again = [node for node in wrong if node.name not in stuck and not node.readonly]
        if not waiting and not again:
            break
        for node in (*waiting, *again):
            now = session.node(node.path)
            asked = now.relevant and not now.readonly and (now.value is None or now.problem is not None)
            if asked and not answer(session, now, pick):
                stuck.add(node.name)
    return stuck
