"""Invented interviews, to show and to measure the whole way with. No person, place, unit or event in them is real.

The rule: every interview fills the shipped form completely, as a careful documenter would, so that it can be sealed;
and the same number always gives the same interviews, byte for byte. Six are written out (two each in Ukrainian, Russian
and English); all further ones are variations of these, without files, for those who need thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as counting
from itertools import islice

from tui.demo_interviews.media import DemoAttachment
from tui.demo_interviews.telling import DemoInterview, as_written, bases, varied

__all__ = ["BASE_COUNT", "SEARCH_PHRASE", "DemoAttachment", "DemoInterview", "interviews"]

BASE_COUNT = 6
"""Interviews that are written out, with their files; the first carries the recording, the second the photographs."""

SEARCH_PHRASE = "жовтий шкільний автобус"
"""Words in the account of the first interview and in no other, however many are told: what a search must find."""


def interviews(count: int = BASE_COUNT) -> Iterator[DemoInterview]:
    """`count` interviews: the written ones, then their variations, one at a time so that thousands need no memory."""
    written = bases()
    yield from islice((as_written(base) for base in written), count)
    for number in islice(counting(len(written)), max(0, count - len(written))):
        yield varied(written[number % len(written)], number)
