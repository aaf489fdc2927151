"""Draws the README's picture and those of the documenter's guide from the real screens, with invented testimony.

Two field machines are made in a temporary folder: one that has not been enrolled, and one with a draft and a sealed
interview of the demonstration. The guide's pictures are drawn in every language of the screens, all without a terminal;
they load nothing from a network. Drawing again changes record codes, dates and digits, nothing else.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path as FilePath
from typing import Any

from textual.pilot import Pilot

from collector import filling
from collector.field import Field
from collector.keyslots import KdfParams
from schemas.forms import shipped_forms
from schemas.xform_model import Path
from sync.desk import mission
from sync.desk.desk import Desk
from tui import appearance, locale
from tui.demo_interviews import interviews
from tui.screens.interview.screen import InterviewScreen
from tui.screens.shell import Shell
from tui.theme import DARK, LIGHT

REPO = FilePath(__file__).resolve().parent.parent
README_PICTURE = REPO / "docs" / "images" / "interview.svg"
PICTURES = REPO / "docs" / "pictures"
WORDS = "invented words for a picture only"
QUICK = KdfParams(65_536, 1)
SIZE, README_SIZE = (88, 26), (100, 32)
TURNS = 4_000
READ_ALOUD: Path = ("c_consent", "consent_store")
EVENT: Path = ("h_event", ("ev", 1), "ev_type")
Steps = Callable[[Pilot[Any]], Awaitable[None]]


def homes(folder: FilePath, language: str) -> tuple[FilePath, FilePath]:
    """A field machine that waits for the office, and one at work."""
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
    field.close()
    return new, home


def stand_on(home: FilePath, path: Path) -> None:
    """The draft opens at this question."""
    field = Field.open(home, WORDS)
    draft = field.open_interview(next(row.code for row in field.interviews() if row.state == "open"))
    draft.keep(path)
    draft.close()
    field.close()


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


async def drawn(home: FilePath, steps: Steps, theme: str = LIGHT.name, size: tuple[int, int] = SIZE) -> str:
    """The screen after these steps, as SVG."""
    shell = Shell(home, "field")
    shell.theme = theme
    async with shell.run_test(size=size) as pilot:
        await pilot.press(*("space" if letter == " " else letter for letter in WORDS), "enter")
        await until(pilot, lambda: shell.opened is not None)
        await steps(pilot)
        await pilot.pause()
        await pilot.pause()
        picture = shell.export_screenshot(title="Svidok")
    picture = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def write(path: FilePath, picture: str) -> None:
    """Write one picture, and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture, "utf-8")
    print(f"{path.relative_to(REPO)}: {path.stat().st_size} bytes")


def of_a_language(language: str) -> None:
    """The guide's pictures in one language; with the English ones, the README's."""
    with tempfile.TemporaryDirectory() as folder:
        new, home = homes(FilePath(folder), language)
        for each in (new, home):
            appearance.save(each, language, LIGHT.name)
        if language == locale.SOURCE:
            stand_on(home, EVENT)
            write(README_PICTURE, asyncio.run(drawn(home, interview, DARK.name, README_SIZE)))
        stand_on(home, READ_ALOUD)
        for where, steps in ((home, listed), (new, enrolment), (home, interview), (home, review)):
            name = "list" if steps is listed else steps.__name__
            write(PICTURES / f"{name}.{language}.svg", asyncio.run(drawn(where, steps)))


def main() -> int:
    """Draw all."""
    for language in locale.languages():
        of_a_language(language)
    locale.set_language(locale.SOURCE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
