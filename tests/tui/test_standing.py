"""An interview that corrects another, or may not be kept, is told apart in every list of interviews."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import correction
from collector.field import Field, InterviewRow
from collector.interview import Interview
from collector.standing import Refusal
from schemas.session_types import Path as QuestionPath
from tests.helpers.mission import NOW
from tests.receiver_kit import svidok
from tests.tui.conftest import CONSENTED, reopened, seen, shell_of, unlock
from tests.tui.network import enrolled_with, office_with_form, sealed
from tests.tui.test_gate_commands import Machine
from tui.locale import set_language
from tui.plain.beginning import _choose
from tui.plain.talk import Over, Talk
from tui.screens.interviews import InterviewsScreen
from tui.state_words import REFUSAL_WORDS, code_text, correction_mark, refusal_mark, row_line

CODE = "K" * 12
TALK: QuestionPath = ("c_consent", "consent_interview")
STORE: QuestionPath = ("c_consent", "consent_store")
CLOSING: QuestionPath = ("u_closing", "consent_reconfirm")


@pytest.fixture
def field(home: Path) -> Iterator[Field]:
    with reopened(home) as found:
        yield found


def opened(field: Field) -> Interview:
    """An interview to which a person agreed."""
    interview = field.new_interview()
    for section, name, value in CONSENTED:
        interview.answer((section, name), value)
    interview.answer(("d_account", "narrative_text"), "They came in the evening.")
    return interview


def row(**changes: object) -> InterviewRow:
    return InterviewRow(CODE, "open", "f", NOW, NOW, 0, **changes)  # type: ignore[arg-type]


def refusal(field: Field, code: str) -> Refusal | None:
    return next(each.refusal for each in field.interviews() if each.code == code)


# what is known without opening an interview


def test_the_last_answer_about_consent_says_whether_a_draft_may_be_kept(field: Field) -> None:
    interview = opened(field)
    assert refusal(field, interview.code) is None
    interview.answer(STORE, "no")
    assert refusal(field, interview.code) == "refused"
    interview.answer(STORE, "yes")
    assert refusal(field, interview.code) is None
    interview.answer(CLOSING, "withdrawn")
    assert refusal(field, interview.code) == "withdrawn"
    assert [gate.id for gate in interview.open_gates() if gate.wipes] == ["G16"]
    interview.clear(CLOSING)
    assert refusal(field, interview.code) is None


@pytest.mark.parametrize("path", [TALK, STORE])
def test_the_list_says_it_exactly_where_the_safeguard_wipes(field: Field, path: QuestionPath) -> None:
    interview = opened(field)
    for choice in interview.session.node(path).choices:
        interview.answer(path, choice.value)
        wipes = any(gate.wipes for gate in interview.open_gates())
        assert (refusal(field, interview.code) is not None) is wipes is (choice.value != "yes")
    interview.clear(path)
    assert refusal(field, interview.code) is None


def test_a_draft_whose_key_is_lost_stands_in_the_list_all_the_same(field: Field) -> None:
    interview = field.new_interview()
    interview.answer(TALK, "no")
    interview.close()
    field.vault.db.execute("UPDATE wrapped SET blob = zeroblob(length(blob)) WHERE kind = 'draft'")
    assert [(each.code, each.refusal) for each in field.interviews()] == [(interview.code, None)]


# the words


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_a_mark_fits_a_line_of_a_small_window(language: str) -> None:
    set_language(language)
    marks = [refusal_mark(row(refusal=each)) for each in REFUSAL_WORDS]
    marks += [correction_mark(row(corrects=correction.Link(way, bytes(16), CODE))) for way in correction.WAYS]
    marks.append(correction_mark(row(kind="correction")))
    assert all(marks)
    assert len(set(marks)) == len(marks)
    assert max(len(mark) for mark in marks) <= 80 - len("    ! ") - 2
    assert row_line(row()).count("·") == 0


# where it is shown


@pytest.fixture
def corrected(tmp_path: Path) -> tuple[Path, str, str]:
    """A home with a sealed interview, a draft that corrects it, and a sealed correction of the draft's kind."""
    home = tmp_path / "corrected"
    with enrolled_with(home, office_with_form()) as field:
        code = sealed(field, tmp_path, 1)[0]
        draft = correction.begin(field, code)
        draft.answer(TALK, "no")
        return home, code, draft.code


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("corrects the sealed interview", "consent was refused: nothing of it may be kept")),
        ("uk", ("виправляє запечатане опитування", "згоди не дано: нічого з нього не можна зберігати")),
        ("ru", ("исправляет запечатанный опрос", "согласие не дано: ничего из него нельзя хранить")),
    ],
)
async def test_the_row_says_it_in_a_small_window_and_the_filter_goes_by_rows(
    corrected: tuple[Path, str, str], language: str, said: tuple[str, str]
) -> None:
    home, code, draft = corrected
    set_language(language)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        screen = shell.screen
        assert isinstance(screen, InterviewsScreen)
        lines = seen(shell).splitlines()
        place = next(number for number, line in enumerate(lines) if code_text(draft) in line)
        assert said[1] in lines[place + 1]
        assert f"{said[0]} {code_text(code)}" in lines[place + 2]
        await pilot.press("right")
        assert [each.code for each in screen.rows] == [draft]
        await pilot.press("right")
        assert [each.code for each in screen.rows] == [code]
        assert said[0] not in seen(shell)


def test_the_command_line_says_it(corrected: tuple[Path, str, str], tmp_path: Path) -> None:
    home, code, draft = corrected
    found = {each["code"]: each for each in Machine(home, tmp_path).run("list")["interviews"]}
    assert set(found) == {code, draft}
    assert (found[code]["kind"], found[code]["corrects"], found[code]["consent"]) == ("testimony", None, None)
    assert found[draft]["corrects"] == {"type": "supersedes", "code": code, "eid": found[code]["eid"]}
    assert (found[draft]["kind"], found[draft]["consent"]) == ("correction", "refused")


def test_the_lists_for_people_say_it(corrected: tuple[Path, str, str], tmp_path: Path) -> None:
    home, code, draft = corrected
    passphrase = Machine(home, tmp_path).passphrase
    line = f"{code_text(draft)}  draft · {REFUSAL_WORDS['refused']} · corrects the sealed interview {code_text(code)}"
    for command in ("list", "status"):
        assert line in svidok("field", command, "--home", home, "--passphrase-file", passphrase).stdout


def test_the_plain_prompts_say_it(
    corrected: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, code, draft = corrected
    monkeypatch.setattr(Talk, "ask", lambda _talk: "/quit")
    with reopened(home) as field, pytest.raises(Over):
        _choose(Talk(), field)
    told = " ".join(capsys.readouterr().out.split())
    assert f"Go on with {code_text(draft)}: draft · consent was refused: nothing of it may be kept" in told
    assert f"corrects the sealed interview {code_text(code)}" in told
