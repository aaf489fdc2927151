"""Our side of `benchmarks.forms`: one JSON request on each line of standard input, one JSON answer each.

A process of its own, as the peer's is (`peer/engine.mjs`): what else was measured before leaves nothing in it. Every
time is taken here, in milliseconds.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import peak_mebibytes
from schemas.form_cache import load_form, save_form
from schemas.session import Session
from schemas.session_types import Node, Value
from schemas.xform_model import Form, Question
from schemas.xform_model import Path as Place

Answer = dict[str, Any]
_WORDS = {"text": "words of a witness", "date": "2020-05-05", "time": "10:00:00.000+00:00", "acknowledge": "OK"}


class Side:
    """The form that was loaded last, and what is asked of it."""

    form: Form

    def load(self, request: Mapping[str, Any]) -> Answer:
        """From the XForm, or with its cache where one is named, to a session."""
        xml = Path(request["file"]).read_bytes()
        cache = Path(request["cache"]).read_bytes() if "cache" in request else None
        begun = time.perf_counter()
        self.form = load_form(xml, cache)
        session = self._session()
        return {"ms": [_since(begun)], "children": len(session.sections())}

    def cache(self, request: Mapping[str, Any]) -> Answer:
        """Writes the cache of a form."""
        data = save_form(Path(request["file"]).read_bytes())
        Path(request["cache"]).write_bytes(data)
        return {"bytes": len(data)}

    def story(self, request: Mapping[str, Any]) -> Answer:
        """Answers for every question that is asked, in order: path, type and value as text."""
        steps = answer_all(self._session(), request["seed"])
        made = [each.ref for each in self.form.questions.values() if each.type == "calculate"]
        return {"steps": steps, "calculated": made}

    def answers(self, request: Mapping[str, Any]) -> Answer:
        """Gives these answers to a new session."""
        session = self._session()
        ms, hidden = [], 0
        for ref, _, value in request["steps"]:
            path = tuple(ref.split("/")[2:])
            hidden += not session.node(path).relevant
            ms.append(_timed(session, path, _read(self.form.definition(path), value)))
        return {
            "ms": ms,
            "hidden": hidden,
            "wrong": sorted("/".join((self.form.root.ref, *map(str, each.path))) for each in session.validity()),
        }

    def entries(self, request: Mapping[str, Any]) -> Answer:
        """Entries of the repeat `person`, all answered; then one answer at a time in ten of them."""
        session, count = self._session(), request["count"]
        for index in range(count):
            entry: Place = (("person", index + 1),)
            if index:
                session.add(("person",))
            for name, value in (("name", f"Name {index}"), ("age", index % 90), ("area", "a"), ("town", "a1")):
                session.set((*entry, name), value)
        ms: dict[str, list[float]] = {"name": [], "age": [], "area": [], "town": []}
        for turn in range(request["rounds"]):
            for place in range(10):
                entry = (("person", 1 + place * count // 10),)
                letter = "ba"[turn % 2]
                ms["name"].append(_timed(session, (*entry, "name"), f"Other {turn} {place}"))
                ms["age"].append(_timed(session, (*entry, "age"), 10 + (turn * 7 + place) % 80))
                ms["area"].append(_timed(session, (*entry, "area"), letter))
                ms["town"].append(_timed(session, (*entry, "town"), f"{letter}1"))
        return {"ms": ms}

    def memory(self, request: Mapping[str, Any]) -> Answer:
        """The most that this process ever had resident."""
        del request
        return {"mib": peak_mebibytes()}

    def _session(self) -> Session:
        return Session(self.form, clock=lambda: datetime.now(UTC))


def answer_all(session: Session, seed: int) -> list[tuple[str, str, str]]:
    """Answers every question that is asked, in order, as chance has it; with seed 0, the first choice of each.

    Returns path, type and value as text.
    """
    chance, steps = random.Random(seed), []
    for path in [node.path for node in session.walk() if node.kind == "question"]:
        node = session.node(path)
        if not node.relevant or node.readonly:
            continue
        value = _value(node, chance if seed else None)
        if value:
            session.set(path, _read(node.definition, value))
            steps.append((node.definition.ref, _type(node), value))
    return steps


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


def _timed(session: Session, path: Place, value: Value) -> float:
    """`set` returns when everything that follows from the answer has been calculated."""
    begun = time.perf_counter()
    session.set(path, value)
    return _since(begun)


def _type(node: Node) -> str:
    return node.definition.type if isinstance(node.definition, Question) else ""


def _value(node: Node, chance: random.Random | None) -> str:
    """An answer: the first choice, or one by chance."""
    kind = _type(node)
    if kind.startswith("select_"):
        codes = [each.value for each in node.choices]
        if not codes:
            return ""
        return chance.choice(codes) if chance is not None else codes[0]
    if kind in ("integer", "decimal"):
        return str(chance.randint(1, 60)) if chance is not None else "5"
    return _WORDS.get(kind, "")


def _read(definition: object, value: str) -> Value:
    kind = definition.type if isinstance(definition, Question) else ""
    if kind == "integer":
        return int(value)
    return tuple(value.split()) if kind == "select_multiple" else value


def main() -> None:
    """Answers requests until there are none."""
    side = Side()
    asked: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
        "load": side.load, "cache": side.cache, "story": side.story, "answers": side.answers, "entries": side.entries,
        "memory": side.memory,
    }  # fmt: skip
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(asked[request["do"]](request)), flush=True)


if __name__ == "__main__":
    main()
