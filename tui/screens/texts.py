"""How codes and times are written on every screen."""

from __future__ import annotations

from datetime import datetime


def code_text(code: str) -> str:
    """A record code in groups of four."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def time_text(seconds: int) -> str:
    """A time for people, in this computer's time zone."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
