"""The form engine beside that of ODK's web forms (`@getodk/xforms-engine`), on the same forms, in turns.

Ours and the peer's engine run in a process each (`forms_side.py`, `peer/engine.mjs` under Node with jsdom) and take
their times themselves: what the line between the processes costs is in none. The large form is the WHO verbal autopsy
questionnaire; both sides are given the same answers in the same order, and must agree in what they hide and refuse. The
repeat is a form of our own: people with a sum of their ages, a choice among them of those who are of age, and in each
of them a town of the chosen area.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from benchmarks import world
from benchmarks.measure import median, percentile95, say
from benchmarks.table import Row, bounded, compared, missing
from schemas.xlsform import to_xform

REPO = Path(__file__).resolve().parent.parent
PEER = Path(__file__).resolve().parent / "peer"
OURS = (sys.executable, "-m", "benchmarks.forms_side")
THEIRS = ("node", str(PEER / "engine.mjs"))
NAME = "@getodk/xforms-engine under Node"
LOAD_GOAL, CACHED_GOAL, ANSWER_GOAL, GROWTH_GOAL = 1.0, 0.25, 1.0, 1.25
MAX_MS, MAX_MIB = 50.0, 60.0
SIZES = (10, 100, 500)
PEER_SIZES = (10, 100)
REPEAT = b"""
| survey |
| | type             | name  | label | calculation  | choice_filter |
| | begin_repeat     | person | P    |              |               |
| | text             | name  | N     |              |               |
| | integer          | age   | A     |              |               |
| | select_one area  | area  | Area  |              |               |
| | select_one town  | town  | Town  |              | area = ${area} |
| | end_repeat       |       |       |              |               |
| | calculate        | total |       | sum(${age})  |               |
| | calculate        | eldest |      | max(${age})  |               |
| | calculate        | adults |      | count(${person}[age > 17]) | |
| | select_one ${name} | who | Who   |              | ${age} > 17   |
| choices |
| | list_name | name | label | area |
| | area      | a    | A     |      |
| | area      | b    | B     |      |
| | town      | a1   | A1    | a    |
| | town      | b1   | B1    | b    |
"""
_LOOKED_AT = {
    "age": "a sum, a maximum, a count and a filtered choice look at",
    "name": "a choice among the entries shows",
    "area": "a filtered choice in the same entry looks at",
    "town": "nothing looks at",
}


class Ask(Protocol):
    """Puts a request to one side and gives its answer."""

    def __call__(self, do: str, **more: object) -> dict[str, Any]: ...


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """Loading, answering, repeats, memory."""
    del full
    with world.temporary("forms") as folder, ExitStack() as stack:
        ours = stack.enter_context(_side(*OURS))
        lack = _lack()
        if lack:
            say(f"MISSING: {lack}")
        peer = None if lack else stack.enter_context(_side(*THEIRS))
        found = _whova(ours, peer, folder, lack, quick=quick)
        return found + _repeat(ours, peer, folder, lack, rounds=2 if quick else 8)


# --- the two sides


def _lack() -> str:
    """What the peer lacks, in words; nothing when it is there. Its packages are installed by npm, once, by the lock."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed (Debian: nodejs, npm); the peer was not measured"
    lock, done = PEER / "package-lock.json", PEER / "node_modules" / "lock-of-these.json"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        say("npm installs the peer")
        command = ["npm", "ci", "--prefix", str(PEER), "--ignore-scripts", "--no-audit", "--no-fund"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return f"npm could not install the peer: {' '.join(run.stderr.split())[-200:]}"
        shutil.copyfile(lock, done)
    return ""


@contextmanager
def _side(*command: str) -> Iterator[Ask]:
    """A process that answers requests; it ends with the block."""
    with subprocess.Popen(
        command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def ask(do: str, **more: object) -> dict[str, Any]:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError(command[0])
            process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{command} ended while it was asked to {do}")
            answer: dict[str, Any] = json.loads(line)
            return answer

        try:
            yield ask
        finally:
            process.terminate()


def _bare(*command: str) -> float:
    """What an interpreter has resident by itself, in MiB."""
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


# --- the large form


def _whova(ours: Ask, peer: Ask | None, folder: Path, lack: str, *, quick: bool) -> list[Row]:
    shared = Path(os.environ.get("SVIDOK_SHARED", REPO.parent / "shared"))
    sheet = shared / "forms" / "whova_form.xlsx"
    if not sheet.exists():
        what = f"forms/whova_form.xlsx does not lie in {shared} (SVIDOK_SHARED names the folder)"
        say(f"MISSING: {what}")
        return [missing("WHO verbal autopsy: load, answers, memory", "–", what)]
    say("WHO verbal autopsy: from the workbook")
    begun = time.perf_counter()
    (folder / "form.xml").write_bytes(to_xform(sheet).xml)
    converted = (time.perf_counter() - begun) * 1000
    found = _loading(ours, peer, folder, lack, converted, turns=3 if quick else 11)
    return found + _answering(ours, peer, lack, stories=2 if quick else 6) + _memory(folder, lack)


def _loading(ours: Ask, peer: Ask | None, folder: Path, lack: str, converted: float, turns: int) -> list[Row]:
    say(f"WHO verbal autopsy: from the XForm and from the cache, {turns} times each")
    file, cache = str(folder / "form.xml"), str(folder / "form.cache")
    first = ours("load", file=file)["ms"][0]
    size = ours("cache", file=file, cache=cache)["bytes"]
    peer_first = peer("load", file=file)["ms"][0] if peer is not None else 0.0
    plain: list[float] = []
    cached: list[float] = []
    others: list[float] = []
    for _ in range(turns):
        plain += ours("load", file=file)["ms"]
        others += peer("load", file=file)["ms"] if peer is not None else [0.0]
        cached += ours("load", file=file, cache=cache)["ms"]
    works = ("WHO VA from the workbook to a session", "WHO VA from the XForm to a session", "WHO VA from our cache")
    if peer is None:
        return [
            missing(work, f"≤ {goal:g}", f"{lack}; ours {median(each):.0f} ms")
            for work, each, goal in zip(works[1:], (plain, cached), (LOAD_GOAL, CACHED_GOAL), strict=True)
        ]
    notes = (
        f"pyxform's conversion, {converted:.0f} ms, is the same for both",
        f"first load of a new process: ours {first:.0f} ms, the peer's {peer_first:.0f} ms; the table has warm ones",
        f"the cache has {size / 1024:.0f} KiB",
    )
    return [
        compared(work, _with(ours_ms, more), _with(others, more), goal, against=NAME, unit="ms", note=note)
        for work, ours_ms, more, goal, note in zip(
            works,
            (plain, plain, cached),
            (converted, 0.0, 0.0),
            (LOAD_GOAL, LOAD_GOAL, CACHED_GOAL),
            notes,
            strict=True,
        )
    ]


def _with(ms: Sequence[float], more: float) -> float:
    return median(ms) + more


def _answering(ours: Ask, peer: Ask | None, lack: str, stories: int) -> list[Row]:
    say(f"WHO verbal autopsy: every question that is asked, in {stories} interviews")
    mine: list[float] = []
    others: list[float] = []
    unlike = 0
    for seed in range(stories):
        story = ours("story", seed=seed)
        steps, calculated = story["steps"], set(story["calculated"])
        here = ours("answers", steps=steps)
        mine += here["ms"]
        if peer is not None:
            there = peer("answers", steps=steps)
            others += there["ms"]
            unlike += here["hidden"] != there["hidden"] or set(here["wrong"]) != set(there["wrong"]) - calculated
    work, longest = "an answer in WHO VA until the session is consistent", max(mine)
    if peer is None:
        note = f"{lack}; ours: median {median(mine):.3f} ms, p95 {percentile95(mine):.3f} ms"
        found = [missing(f"{work}, p50 and p95", f"≤ {ANSWER_GOAL:g}", note)]
        return [*found, bounded(f"{work}, longest", longest, MAX_MS, "ms")]
    agreed = (
        f"{len(mine)} answers; both sides hide the same and object to the same questions in {stories - unlike} of"
        f" {stories} interviews (what is calculated may be empty with us and not with the peer)"
    )
    return [
        compared(f"{work}, p50", median(mine), median(others), ANSWER_GOAL, against=NAME, unit="ms", note=agreed),
        compared(f"{work}, p95", percentile95(mine), percentile95(others), ANSWER_GOAL, against=NAME, unit="ms"),
        bounded(f"{work}, longest", longest, MAX_MS, "ms", other=f"{max(others):.1f} ms ({NAME})"),
    ]


def _memory(folder: Path, lack: str) -> list[Row]:
    """New processes that load the form and are given all answers, above interpreters that do nothing."""
    code = "from benchmarks.measure import peak_mebibytes as p; print(p())"
    with _side(*OURS) as ours:
        ours("load", file=str(folder / "form.xml"))
        steps = ours("story", seed=0)["steps"]
        ours("answers", steps=steps)
        mine = ours("memory")["mib"] - _bare(sys.executable, "-c", code)
    other = "–"
    if not lack:
        with _side(*THEIRS) as peer:
            peer("load", file=str(folder / "form.xml"))
            peer("answers", steps=steps)
            bare = _bare("node", "-e", "console.log(process.memoryUsage().rss / 1048576)")
            other = f"{peer('memory')['mib'] - bare:.0f} MiB ({NAME})"
    note = "ours is the most there ever was, the parser of expressions with it; the peer's is what it has at the end"
    return [bounded("WHO VA in memory, above a bare interpreter", mine, MAX_MIB, "MiB", other=other, note=note)]


# --- the repeat


def _repeat(ours: Ask, peer: Ask | None, folder: Path, lack: str, rounds: int) -> list[Row]:
    file = folder / "repeat.xml"
    file.write_bytes(to_xform(REPEAT, ".md").xml)
    ours("load", file=str(file))
    mine: dict[int, dict[str, list[float]]] = {size: {name: [] for name in _LOOKED_AT} for size in SIZES}
    say(f"answers among {', '.join(map(str, SIZES))} entries of a repeat, in turns")
    for _ in range(rounds):
        for size in SIZES:
            for name, taken in ours("entries", count=size, rounds=4)["ms"].items():
                mine[size][name] += taken
    others = {}
    if peer is not None:
        peer("load", file=str(file))
        for size in PEER_SIZES:
            say(f"the same with the peer, {size} entries")
            others[size] = peer("entries", count=size, rounds=2)["ms"]
    found = []
    for name, what in _LOOKED_AT.items():
        times = {size: 1000 * median(mine[size][name]) for size in SIZES}
        note = ", ".join(f"{size} entries: {taken:.0f} µs" for size, taken in times.items())
        if others:
            note += "; the peer: " + ", ".join(
                f"{size} entries: {1000 * median(each[name]):.0f} µs" for size, each in others.items()
            )
        else:
            note += f"; {lack}"
        work = f"one answer of 500 entries that {what}"
        found.append(compared(work, times[500], times[10], GROWTH_GOAL, against="of 10 entries", unit="µs", note=note))
    return found
