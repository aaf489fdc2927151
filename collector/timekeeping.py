"""The time of an interview: when it began and was last attended, its breaks, how long the cursor stood in each section.

Rule: nothing finer is noted than which section is open while somebody sits there; no keystroke has a time. Times of day
are those that this computer claims; durations come from a clock that nobody can set, and leave out breaks, a locked
vault and every screen but that of the questions. The notes lie in the draft as they are made and go into the process
document when it is sealed (docs/spec/protocol.md §6.4, `x-times`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from schemas.records.times import Times

if TYPE_CHECKING:
    from collector.interview import Interview

KIND = "time"


def noted(interview: Interview) -> Times | None:
    """The notes as the draft keeps them; None when nobody sat at this interview yet."""
    row = interview.asides(KIND).get(())
    if row is None:
        return None
    start, end, breaks, sections = row
    return Times(
        start=start,
        end=end,
        breaks=tuple((begun, ended) for begun, ended in breaks),
        sections=tuple((name, seconds) for name, seconds in sections),
    )


class Timekeeper:
    """Keeps the time of one open interview. `mono` counts seconds that nobody can set, as `time.monotonic`."""

    def __init__(self, interview: Interview, *, mono: Callable[[], float] = time.monotonic) -> None:
        self._interview = interview
        self.mono = mono
        known = noted(interview)
        self._start = None if known is None else known.start
        self._end = 0 if known is None else known.end
        self._breaks: list[tuple[int, int | None]] = [] if known is None else list(known.breaks)
        self._sections: dict[str, float] = {} if known is None else dict(known.sections)
        self._section: str | None = None
        self._since = 0.0

    @property
    def on_break(self) -> bool:
        """Whether a break began that has no end yet."""
        return bool(self._breaks) and self._breaks[-1][1] is None

    def stand(self, section: str | None) -> None:
        """The cursor stands in this section from now on, in None nowhere. Durable where that is another than before."""
        if section == self._section:
            return
        self._count()
        self._section = section
        if self._start is None and section is not None:
            self._start = self._end = self._interview.now
        self._write()

    def pause(self) -> None:
        """Nothing is counted until the cursor stands somewhere again. Not written: hiding waits for no disk."""
        self._count()
        self._section = None

    def note(self) -> None:
        """Makes durable what was counted until now."""
        self._count()
        self._write()

    def begin_break(self) -> None:
        """A break begins; durable when this returns. Nothing is counted until the cursor stands somewhere again."""
        self._count()
        self._section = None
        if not self.on_break:
            now = self._interview.now
            self._start = now if self._start is None else self._start
            self._end = max(self._end, self._start)
            self._breaks.append((now, None))
        self._write()

    def end_break(self) -> int | None:
        """Ends the break that is going on; its length in seconds by the clock of this computer, None without one."""
        if not self.on_break:
            return None
        begun, _ = self._breaks[-1]
        ended = max(begun, self._interview.now)
        self._breaks[-1] = (begun, ended)
        self._write()
        return ended - begun

    def _count(self) -> None:
        """Adds what went by to the section that is open."""
        mono = self.mono()
        if self._section is not None:
            self._sections[self._section] = self._sections.get(self._section, 0.0) + max(0.0, mono - self._since)
            self._end = max(self._start or 0, self._interview.now)
        self._since = mono

    def _write(self) -> None:
        if self._start is None:
            return
        values: list[Any] = [
            self._start,
            self._end,
            [list(pause) for pause in self._breaks],
            [[name, int(seconds)] for name, seconds in self._sections.items()],
        ]
        self._interview.put_aside(KIND, (), values)
