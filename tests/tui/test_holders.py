"""Who can open which part is said in words where the office has said it, by digits of the key everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import contents
from collector.contents import Holder, Part
from tests.helpers.mission import Office
from tests.tui.conftest import begin, consent, seen, shell_of, until
from tests.tui.network import enrolled_with, office_with_form
from tests.tui.plain_inside import spoken
from tui import review_lines
from tui.locale import set_language
from tui.screens.review import ReviewScreen

WORDS = "protection officer"


@pytest.fixture
def office() -> Office:
    """An office that says who holds the key of the identity."""
    made = office_with_form()
    made.epochs[0].labels = {Office.OFFICER: WORDS}
    return made


def part(*holders: Holder) -> Part:
    return Part("identity", 1, 0, {}, 0, (holders,))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Opened by Office: officer (key 11111 22222 …)"),
        ("uk", "Відкриває Office: officer (ключ 11111 22222 …)"),
        ("ru", "Открывает Office: officer (ключ 11111 22222 …)"),
    ],
)
def test_a_holder_is_named_with_the_key(language: str, said: str) -> None:
    set_language(language)
    assert review_lines.part_openers(part(Holder("officer", "11111 22222 …")), "Office") == [said]


def test_all_holders_of_a_group_are_named_those_without_words_by_their_digits() -> None:
    (line,) = review_lines.part_openers(part(Holder("officer", "11111 22222 …"), Holder("", "33333 44444 …")), "Office")
    assert line == (
        "Opened by Office only with all these keys together: officer (key 11111 22222 …), 33333 44444 …"
    )  # fmt: skip


async def test_the_review_names_the_holder_at_80_columns(tmp_path: Path, office: Office) -> None:
    enrolled_with(tmp_path / "home", office).close()
    shell = shell_of(tmp_path / "home")
    async with shell.run_test(size=(80, 40)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.changed(screen.interview.answer(("a_setting", "interview_place_exact"), "an invented street"))
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(shell.screen, ReviewScreen))
        await pilot.press("left")
        await pilot.pause()
        digits = {each.compartment: each.keys[0][0] for each in contents.parts(shell.field, screen.interview)}
        assert digits["process"].label == ""
        assert f"Opened by Test Office with the key {digits['process'].digits}" in seen(shell)
        assert f"Opened by Test Office: {WORDS} (key {digits['identity'].digits})" in seen(shell)


def test_the_plain_prompts_and_the_enrolment_name_the_holder(tmp_path: Path, office: Office) -> None:
    with enrolled_with(tmp_path / "home", office) as field:
        pack = field.pack()
        assert pack is not None
        assert {each.label for each in pack.body.recips if each.comp == 1} == {WORDS}
        interview = field.new_interview()
        interview.answer(("a_setting", "interview_mode"), "in_person")
        interview.answer(("a_setting", "interview_place_exact"), "an invented street")
        said, _code = spoken(field, interview, "/contents", "/quit")
    assert f"Opened by Test Office: {WORDS} (key " in said
