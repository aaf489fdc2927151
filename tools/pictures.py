"""Draws the pictures of the documenter's guide in docs/pictures from the real screens, with invented testimony.

Two field machines are made in a temporary folder: one that has not been enrolled, and one with a draft and a sealed
interview of the demonstration. Each picture is drawn in every language of the screens, without a terminal, and loads
nothing from a network. Drawing again changes record codes, dates and digits, nothing else.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from collector import filling
from collector.field import Field
from collector.keyslots import KdfParams
from schemas.forms import shipped_forms
from sync.desk import mission
from sync.desk.desk import Desk
from tui import appearance, locale
from tui.demo_interviews import interviews
from tui.screens.interview.screen import InterviewScreen
from tui.screens.shell import Shell
from tui.theme import LIGHT

REPO = Path(__file__).resolve().parent.parent
PICTURES = REPO / "docs" / "pictures"
WORDS = "invented words for a picture only"
QUICK = KdfParams(65_536, 1)
SIZE = (88, 26)
TURNS = 4_000
READ_ALOUD = ("c_consent", "consent_store")
Steps = Callable[[Pilot[Any]], Awaitable[None]]


def homes(folder: Path, language: str) -> tuple[Path, Path]:
    """A field machine that waits for the office, and one at work, whose draft stands at a question to read aloud."""
    new, home = folder / "new", folder / "field"
    Field.create(new, WORDS, params=QUICK).close()
    with Desk.create(folder / "desk", WORDS, organisation="Invented office", params=QUICK) as desk:
        founded = desk.mission_new("Demonstration", [mission.checked(form.xform) for form in shipped_forms()])
        field = Field.create(home, WORDS, params=QUICK)
        request, spoken = field.request()
        field.accept_pack(desk.enrol(request, spoken).pack, founded.fingerprint)
    files = folder / "files"
    files.mkdir()
    told = [each for each in interviews(16) if each.language == language][:2]
    for number, each in enumerate(told):
        for attachment in each.attachments:
            attachment.write(files)
        code = filling.begin_filled(field, each.answers_in(files), folder=files)
        if number:
            field.seal(code)
        else:
            field.open_interview(code).keep(READ_ALOUD)
    field.close()
    return new, home


async def until(pilot: Pilot[Any], reached: Callable[[], bool]) -> None:
    """Let the program go on until something is so."""
    for _turn in range(TURNS):
        if reached():
            break
        await pilot.pause(0.005)
    await pilot.pause()


async def enrolment(pilot: Pilot[Any]) -> None:
    """The mission before the office knows the computer."""
    await pilot.press("f9")


async def listed(pilot: Pilot[Any]) -> None:
    """The list of interviews."""


async def interview(pilot: Pilot[Any]) -> None:
    """A question that is read aloud."""
    await pilot.press("enter")
    screen = pilot.app.screen
    await until(pilot, lambda: isinstance(pilot.app.screen, InterviewScreen))
    screen = pilot.app.screen
    if isinstance(screen, InterviewScreen):
        await until(pilot, lambda: screen.card.node is not None)


async def review(pilot: Pilot[Any]) -> None:
    """What stands before the seal."""
    await interview(pilot)
    screen = pilot.app.screen
    if isinstance(screen, InterviewScreen):
        screen.interview.clear(("d_account", "narrative_text"))
    await pilot.press("f5")


async def drawn(home: Path, steps: Steps) -> str:
    """The screen after these steps, as SVG."""
    shell = Shell(home, "field")
    shell.theme = LIGHT.name
    async with shell.run_test(size=SIZE) as pilot:
        await pilot.press(*("space" if letter == " " else letter for letter in WORDS), "enter")
        await until(pilot, lambda: shell.opened is not None)
        await steps(pilot)
        await pilot.pause()
        await pilot.pause()
        picture = shell.export_screenshot(title="Svidok")
    picture = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def main() -> int:
    """Draw all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language in locale.languages():
        with tempfile.TemporaryDirectory() as folder:
            new, home = homes(Path(folder), language)
            for each in (new, home):
                appearance.save(each, language, LIGHT.name)
            pictured = {"enrolment": (new, enrolment), "interview": (home, interview), "review": (home, review)}
            for name, (where, steps) in {"list": (home, listed), **pictured}.items():
                path = PICTURES / f"{name}.{language}.svg"
                path.write_text(asyncio.run(drawn(where, steps)), "utf-8")
                print(f"{path.relative_to(REPO)}: {path.stat().st_size} bytes")
    locale.set_language(locale.SOURCE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
