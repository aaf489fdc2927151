"""Volumes on their way over the network: a bar for all of them, a line for each, and how fast it goes.

The rule: a line never promises more than its state says, every state has its sign and its word, and what is only
stored is never called arrived. Many volumes of one state that say nothing new are one line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.widgets.progress import ProgressPanel, size_text

State = Literal["waiting", "sending", "retry", "stored", "coming", "here", "failed"]
Parts = list[Content | str | tuple[str, str]]
STATES: dict[State, tuple[str, str, str]] = {
    "waiting": ("○", "$muted", N_("waiting")),
    "sending": ("→", "$primary", N_("sending")),
    "retry": ("…", "$warning", N_("trying again")),
    "stored": ("✓", "$success", N_("stored")),
    "coming": ("←", "$primary", N_("coming")),
    "here": ("✓", "$success", N_("here")),
    "failed": ("!", "$warning", N_("failed")),
}
DONE = frozenset(("stored", "here"))
ALONE = 6
"""So many volumes have a line each, whatever their state, in a window of 24 rows; more where there are more rows."""
ROWS = 24
BAR = 12
WIDE_BAR = 28
WIDE, NARROW = 96, 72
WINDOW = 20.0
"""Seconds over which the speed is measured: long enough for a bad line."""


@dataclass(frozen=True, slots=True)
class VolumeLine:
    """One volume: its bundle's label, its place (stripe, index), bytes there and in all, and how it stands.

    `wait`: seconds until it is tried again. `problem`: why it has to be, or why it failed.
    """

    label: str
    stripe: int
    index: int
    done: int
    size: int
    state: State
    wait: float = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class TransferView:
    """All volumes of a run, bytes there and in all, bytes in a second (None while nothing can be said)."""

    lines: tuple[VolumeLine, ...] = ()
    done: int = 0
    total: int = 0
    speed: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds until the end at this speed."""
        return (self.total - self.done) / self.speed if self.speed else None


class Pace:
    """Bytes in a second over the last `WINDOW` seconds, from counts that are noted now and then."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> float | None:
        """Take in that `done` bytes are there; the speed, or None before there are two counts a second apart."""
        if self._noted and done < self._noted[-1][1]:
            self._noted.clear()
        self._noted.append((now, done))
        while now - self._noted[0][0] > WINDOW and len(self._noted) > 2:
            self._noted.popleft()
        seconds = now - self._noted[0][0]
        return (done - self._noted[0][1]) / seconds if seconds >= 1 else None

    def forget(self) -> None:
        """Begin anew, as after a pause."""
        self._noted.clear()


def time_left(seconds: float) -> str:
    """Seconds for people, roughly: 40 s, 3 min, 2 h."""
    if seconds < 100:
        return _("{count} s", count=max(1, round(seconds)))
    if seconds < 100 * 60:
        return _("{count} min", count=round(seconds / 60))
    return _("{count} h", count=round(seconds / 3600))


def speed_text(view: TransferView) -> str:
    """Speed and time left, as far as they are known."""
    if view.speed is None or view.done >= view.total:
        return ""
    speed = _("{size} a second", size=size_text(round(view.speed)))
    left = view.left
    return speed if left is None else speed + " · " + _("about {time} left", time=time_left(left))


def bar(done: int, size: int, width: int) -> Content:
    """A bar of so many cells whose two parts differ in shape, not only in colour."""
    full = width if done >= size else done * width // max(size, 1)
    return Content.assemble(("━" * full, "$primary"), ("┄" * (width - full), "$faint"))


def _percent(line: VolumeLine) -> str:
    return f"{line.done * 100 // max(line.size, 1):3d} %"


def _words(line: VolumeLine) -> str:
    if line.state == "retry" and line.wait > 0:
        return _("trying again in {time}", time=time_left(line.wait))
    return _(STATES[line.state][2])


def _one(line: VolumeLine, width: int) -> Parts:
    sign, style, _word = STATES[line.state]
    wide = width >= WIDE
    parts: Parts = [(sign, style), " ", (line.label, "bold"), f"  {line.stripe}/{line.index}  "]
    if wide or (line.state not in DONE and line.state != "failed"):
        cells = WIDE_BAR if wide else BAR if width >= NARROW else 0
        parts += [bar(line.done, line.size, cells), f" {_percent(line)}  "]
    parts.append((_words(line), style))
    if line.problem is not None and line.state == "failed":
        parts.append((f"  {line.problem.code}", "$muted"))
    if wide and line.state != "failed":
        parts.append((f"  {size_text(line.size)}", "$muted"))
    parts.append("\n")
    return parts


def _why(line: VolumeLine) -> Parts:
    """What failed, and what to do."""
    if line.state != "failed" or line.problem is None:
        return []
    what, _safe, remedy = problem_sentences(line.problem)
    return ["  ", what, " ", (remedy, "$muted"), "\n"]


def _many(state: State, count: int) -> Parts:
    sign, style, _word = STATES[state]
    if state == "stored":
        words = ngettext("{count} volume stored", "{count} volumes stored", count)
    elif state == "here":
        words = ngettext("{count} volume here", "{count} volumes here", count)
    else:
        words = ngettext("{count} volume waits", "{count} volumes wait", count)
    return [(f"{sign} {words}", style), "\n"]


def _runs(lines: Sequence[VolumeLine]) -> Iterator[list[VolumeLine]]:
    """Neighbours that are done, or that wait, together; every other line alone."""
    for state, run in groupby(lines, key=lambda line: line.state):
        found = list(run)
        if state in DONE or state == "waiting":
            yield found
        else:
            yield from ([line] for line in found)


def _reasons(lines: Sequence[VolumeLine]) -> Parts:
    """Why volumes are tried again, each reason once."""
    problems = {line.problem.code: line.problem for line in lines if line.state == "retry" and line.problem is not None}
    parts: Parts = []
    for problem in problems.values():
        parts += ["\n", (problem_sentences(problem)[0], "$muted"), (f"  {problem.code}", "$muted"), "\n"]
    return parts


def volumes_text(lines: Sequence[VolumeLine], size: Size) -> Content:
    """A line for each volume, or for many that say the same where a window of this size has no room for all."""
    parts: Parts = []
    alone = ALONE + max(0, size.height - ROWS)
    for run in _runs(lines):
        if len(lines) <= alone or len(run) == 1:
            for line in run:
                parts += [*_one(line, size.width), *_why(line)]
        else:
            parts += _many(run[0].state, len(run))
    parts += _reasons(lines)
    return Content.assemble(*parts[:-1])


def ended_volumes(lines: Sequence[VolumeLine], width: int) -> Content:
    """How many are stored and how many wait after a run, and each that failed; why, is said elsewhere."""
    stored = sum(line.state == "stored" for line in lines)
    failed = [line for line in lines if line.state == "failed"]
    waiting = len(lines) - stored - len(failed)
    parts: Parts = _many("stored", stored) if stored else []
    for line in failed:
        parts += _one(line, width)
    return Content.assemble(*[*parts, *(_many("waiting", waiting) if waiting else [])][:-1])


class TransferPanel(Vertical):
    """What a run over the network looks like while it goes on and when it has ended."""

    DEFAULT_CSS = """
    TransferPanel { height: auto;
        & > #volumes { height: auto; max-height: 100%; padding: 0 1; }
        & #volume-lines { height: auto; }
    }
    """

    def __init__(self, name: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label = name
        self._view = TransferView()

    def compose(self) -> ComposeResult:
        yield ProgressPanel(self._label, id="whole")
        with VerticalScroll(id="volumes", can_focus=False):
            yield Static(id="volume-lines")

    def show(self, view: TransferView, name: str | None = None) -> None:
        """Draw this."""
        self._view = view
        self.query_one("#whole", ProgressPanel).advance(view.done, view.total, name, note=speed_text(view))
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """There may be room for more."""
        self._draw()

    def _draw(self) -> None:
        self.query_one("#volume-lines", Static).update(volumes_text(self._view.lines, self.app.size))
