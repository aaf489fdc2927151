"""Draws docs/images/interview.svg from the real interview screen, with invented testimony.

A desk and an enrolled field machine are made in a temporary folder, one of the demonstration's interviews is begun, and
the screen is drawn without a terminal. The picture loads nothing from a network: references to fonts are taken out.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from collector import filling
from collector.field import Field
from collector.keyslots import KdfParams
from schemas.forms import shipped_forms
from sync.desk import mission
from sync.desk.desk import Desk
from tui.demo_interviews import interviews
from tui.screens.interview.screen import InterviewScreen
from tui.screens.shell import Shell
from tui.theme import DARK

REPO = Path(__file__).resolve().parent.parent
PICTURE = REPO / "docs" / "images" / "interview.svg"
WORDS = "invented words for a picture only"
QUICK = KdfParams(65_536, 1)
SIZE = (100, 32)
SECTION, QUESTION = "h_event", "ev_type"
TURNS = 4_000


def enrolled_home(folder: Path) -> Path:
    """A field machine's home with one English draft, its cursor in an event."""
    home = folder / "field"
    with Desk.create(folder / "desk", WORDS, organisation="Invented office", params=QUICK) as desk:
        founded = desk.mission_new("Demonstration", [mission.checked(form.xform) for form in shipped_forms()])
        field = Field.create(home, WORDS, params=QUICK)
        request, spoken = field.request()
        field.accept_pack(desk.enrol(request, spoken).pack, founded.fingerprint)
    files = folder / "files"
    files.mkdir()
    told = next(each for each in interviews(8) if each.language == "en")
    for attachment in told.attachments:
        attachment.write(files)
    interview = field.open_interview(filling.begin_filled(field, told.answers_in(files), folder=files))
    path = next(path for path, _, _ in interview.session.answers() if path[0] == SECTION and path[-1] == QUESTION)
    interview.keep(path)
    interview.close()
    field.close()
    return home


async def drawn(home: Path) -> str:
    """The interview screen as SVG."""
    shell = Shell(home, "field")
    shell.theme = DARK.name
    async with shell.run_test(size=SIZE) as pilot:
        await pilot.press(*("space" if letter == " " else letter for letter in WORDS), "enter")
        for _ in range(TURNS):
            await pilot.pause(0.005)
            if shell.opened is not None:
                break
        await pilot.press("enter")
        for _ in range(TURNS):
            await pilot.pause(0.005)
            if isinstance(shell.screen, InterviewScreen) and shell.screen.card.node is not None:
                break
        await pilot.pause()
        return shell.export_screenshot(title="Svidok")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        picture = asyncio.run(drawn(enrolled_home(Path(folder))))
    picture = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", "utf-8")
    print(f"{PICTURE.relative_to(REPO)}: {PICTURE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
