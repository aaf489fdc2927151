"""The shape of a catalogue entry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One coded problem: what happened, what is safe, what to do now; `{fact}` marks a place for a fact."""

    code: str
    what: str
    safe: str
    remedy: str
