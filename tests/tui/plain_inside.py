"""The plain prompts without a terminal: what is typed is a list, what is said is kept."""

from __future__ import annotations

from collections.abc import Iterable

from collector.field import Field
from collector.interview import Interview
from schemas.session_types import Path
from tui.plain.deeds import Deeds
from tui.plain.talk import Ended, Over, Talk


class Lines(Talk):
    """Hears lines until they end, and keeps what it says."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._reading, self._heard = False, 0
        self.lines, self.said = iter(lines), list[str]()

    def say(self, text: str = "") -> None:
        """Keep it."""
        self.said.append(text)

    def line(self) -> str:
        """The next one. Raises Ended after the last."""
        try:
            return next(self.lines)
        except StopIteration:
            raise Ended(1) from None

    @property
    def all(self) -> str:
        """Everything that was said, in one line."""
        return " ".join(" ".join(self.said).split())


def spoken(field: Field, interview: Interview, *lines: str, at: Path | None = None) -> tuple[str, int]:
    """Say lines to an interview, from a question on; what was said, and the exit code. The interview is closed then."""
    talk = Lines(lines)
    deeds = Deeds(talk, field, interview)
    deeds.stand(at)
    code = 0
    try:
        deeds.run()
    except Over:
        pass
    except Ended as ended:
        code = ended.code
    finally:
        deeds.interview.close()
    return talk.all, code
