"""How the screens of a home look and speak: the language and the colours that were chosen last.

The rule: they lie in clear beside the vault, because the screen that asks for the passphrase needs them, and they say
nothing else. A file that cannot be read or written is passed over: nobody is kept from work by a colour.

home/appearance  one line "language CODE", one "colours NAME"; other lines mean nothing
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.problems import Problem

NAME: Final = "appearance"
_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Appearance:
    """The code of a language, the name of a set of colours; None: nobody chose."""

    language: str | None = None
    colours: str | None = None


def load(home: Path) -> Appearance:
    """What was chosen last in this home."""
    from collector import files

    try:
        text = files.read_limited(home / NAME, _BYTES).decode("ascii", "replace")
    except (Problem, OSError):
        return Appearance()
    words = dict(line.split(" ", 1) for line in text.splitlines() if line.count(" ") == 1)
    return Appearance(words.get("language"), words.get("colours"))


def save(home: Path, language: str, colours: str) -> None:
    """Keep what is chosen now, if there is a home."""
    if (home / "profile").is_file():
        from collector import files

        with contextlib.suppress(Problem):
            files.write_durably(home / NAME, f"language {language}\ncolours {colours}\n".encode("ascii"))
