"""One interview finished on the screens and in plain prompts: what is sealed says the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from collector import consent, filling
from tests.helpers.mission import Office
from tests.helpers.opening import Opened, open_sealed
from tests.tui.conftest import reopened, shell_of, type_text, unlock, until
from tests.tui.plain_inside import spoken
from tui.demo_interviews import interviews
from tui.screens.interview.consent import ReconfirmScreen
from tui.screens.interview.screen import InterviewScreen
from tui.screens.interviews import InterviewsScreen
from tui.screens.review import ReviewScreen
from tui.screens.seal_card import SealCard

CLOSING, AGE = ("u_closing", "consent_reconfirm"), ("e_person", "age_band")
FROM, OTHERS = ("f_status", "res_from"), ("h_event", ("ev", 1), "ev_others_count")
NOTE = "spoke very quietly"
UNLIKE = {"record_code", "instanceID"}


def begin(home: Path) -> int:
    """A draft in which some answers are still to be given; how many uses will be asked for again."""
    (demo,) = list(interviews(4))[3:]
    with reopened(home) as field:
        draft = field.open_interview(filling.begin_filled(field, demo.answers, folder=Path()))
        for path in (AGE, FROM, OTHERS, CLOSING):
            draft.clear(path)
        uses = len(consent.given(draft.session))
        draft.close()
    return uses


def sealed(home: Path) -> Opened:
    """The one entry, as the office reads it."""
    with reopened(home) as field:
        (row,) = [each for each in field.interviews() if each.entry is not None]
        keys = list(Office(seed=b"tui").recipient_keys().values())
        return open_sealed(field, bytes.fromhex(str(row.entry)), keys)


def told(opened: Opened) -> dict[str, Any]:
    """What it says, without times and without what is another one in every interview."""
    answers = {
        comp: {item[0]: tuple(item[1:3]) for item in document.answers if item[0][-1] not in UNLIKE}
        for comp, document in opened.documents.items()
    }
    process = opened.documents[0]
    heard = [(item[0], item[1], item[2], *item[4:]) for item in process.consents or ()]
    notes = [(item[0], item[1]) for item in (process.extra or {}).get("x-notes", ())]
    return {"answers": answers, "consents": heard, "notes": notes}


async def on_screens(home: Path, uses: int) -> None:
    """Finish it with the keys of the screens."""
    shell = shell_of(home)
    async with shell.run_test(size=(100, 40)) as pilot:
        await unlock(pilot)
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(shell.screen, InterviewScreen))
        screen = shell.screen
        assert isinstance(screen, InterviewScreen)
        for path, text in ((FROM, "1996~"), (OTHERS, "12")):
            screen.go(path)
            await pilot.pause()
            await type_text(pilot, text)
            await pilot.press("enter")
            await pilot.pause()
        screen.go(AGE)
        await pilot.pause()
        await pilot.press("down", "ctrl+e")
        await type_text(pilot, NOTE)
        await pilot.press("tab", "enter", "ctrl+b")
        await pilot.pause()
        screen.go(CLOSING)
        await until(pilot, lambda: isinstance(shell.screen, ReconfirmScreen))
        await pilot.press(*["1"] * uses)
        await until(pilot, lambda: shell.screen is screen)
        await pilot.press("1", "f5")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        await pilot.press("f5", "right", "enter")
        await until(pilot, lambda: isinstance(shell.screen, SealCard))


def in_lines(home: Path, uses: int) -> None:
    """Finish it line by line."""
    with reopened(home) as field:
        (row,) = field.interviews()
        draft = field.open_interview(row.code)
        draft.session.language = "English (en)"
        spoken(field, draft, "1996~", "/quit", at=FROM)
        draft = field.open_interview(row.code)
        draft.session.language = "English (en)"
        spoken(field, draft, "12", "/quit", at=OTHERS)
        draft = field.open_interview(row.code)
        draft.session.language = "English (en)"
        lines = ("/note " + NOTE, "/mark", "2", "/seal", *["1"] * uses, "1", "/seal", "1")
        said, code = spoken(field, draft, *lines, at=AGE)
        assert code == 0, said
        assert "It is sealed." in said


async def test_the_same_interview_is_sealed_on_the_screens_and_in_plain_prompts(home: Path, tmp_path: Path) -> None:
    uses = begin(home)
    other = tmp_path / "other"
    shutil.copytree(home, other)
    await on_screens(home, uses)
    in_lines(other, uses)
    screens, lines = told(sealed(home)), told(sealed(other))
    assert screens["answers"] == lines["answers"]
    assert screens["consents"][-uses - 1 :] == lines["consents"][-uses - 1 :]
    assert screens == lines
    assert [note for _path, note in lines["notes"]] == [NOTE]
