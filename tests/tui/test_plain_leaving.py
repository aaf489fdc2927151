"""How plain prompts are left: erased, panicked, forgotten by whoever went away; and how a sealed one is corrected."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from collector import correction
from collector.field import Field
from collector.interview import Interview
from tests.conftest import REPO
from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import SVIDOK
from tests.tui.conftest import reopened
from tests.tui.plain_inside import Lines, spoken
from tests.tui.test_plain_deeds import again, field, taken
from tests.tui.test_plain_inside import begun

__all__ = ["field", "taken"]


def test_a_digit_typed_too_early_erases_nothing(field: Field, taken: Interview) -> None:
    stored = ("c_consent", "consent_store")
    no = [choice.value for choice in taken.session.node(stored).choices].index("no") + 1
    said, _code = spoken(field, taken, str(no), "1", "1", "/quit", at=stored)
    assert "/withdraw to erase everything" in said
    assert again(field, taken).session.value(stored) == "yes"
    said, code = spoken(field, again(field, taken), str(no), "perhaps", "/withdraw", at=stored)
    assert code == 0
    assert "It is erased." in said
    assert field.interviews() == []


@pytest.mark.parametrize("before", ["/withdraw", "/readback", "/break"])
def test_a_panic_is_heeded_at_every_question_of_the_program(field: Field, taken: Interview, before: str) -> None:
    said, code = spoken(field, taken, before, "/panic")
    assert code == 0
    assert "Sealed: " in said


def test_a_panic_is_possible_before_an_interview_is_chosen(
    home: Path, field: Field, taken: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken.close()
    field.close()
    talk, code = begun(monkeypatch, home, "/panic")
    assert code == 0
    assert "Sealed: " in talk.all


WAITING = """
from tui.plain.talk import Ended, Talk
talk = Talk()
talk.lock_after({seconds})
try:
    while True:
        talk.say("heard " + talk.ask())
except Ended as ended:
    raise SystemExit(40 + ended.code)
"""


def test_whoever_goes_away_leaves_a_closed_vault_and_is_warned_before() -> None:
    run = [sys.executable, "-c", WAITING.format(seconds=0.4)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("first\n")
        process.stdin.flush()
        said = process.stdout.read()
        assert process.wait(60) == 41
    assert "heard first" in said
    assert said.index("Soon the vault closes") < said.index("the vault is closed")


def test_what_was_typed_and_not_read_does_not_go_to_the_shell(home: Path) -> None:
    master, slave = pty.openpty()
    words = [*SVIDOK, "field", "interview", "--plain", "--language", "en", "--home", str(home)]
    try:
        with subprocess.Popen(words, stdin=slave, stdout=subprocess.PIPE, stderr=slave) as process:
            assert process.stdout is not None
            os.read(master, 1)  # the passphrase is asked for
            os.write(master, PASSPHRASE.encode() + b"\n")
            said = b""
            while b"> " not in said:
                said += os.read(process.stdout.fileno(), 1000)
            os.write(master, b"/quit\nMarichka told\nand told\n")
            assert process.wait(60) == 0
        os.set_blocking(slave, False)
        with pytest.raises(BlockingIOError):
            os.read(slave, 100)
    finally:
        os.close(slave)
        os.close(master)


def test_the_policy_of_the_mission_says_when_plain_prompts_close(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(Lines, "lock_after", lambda _self, seconds: waited.append(seconds))
    monkeypatch.setattr(os, "isatty", lambda _fd: True)
    begun(monkeypatch, home, "/quit")
    with reopened(home) as field:
        pack = field.pack()
        assert pack is not None
        assert waited == [pack.body.policy.idle_minutes * 60]


@pytest.mark.parametrize(("chosen", "way"), [("1", "supersedes"), ("2", "continues")])
def test_a_sealed_interview_is_corrected(
    home: Path, field: Field, taken: Interview, monkeypatch: pytest.MonkeyPatch, chosen: str, way: str
) -> None:
    taken.close()
    field.seal(taken.code)
    field.close()
    talk, _code = begun(monkeypatch, home, "/correct 0000-0000-0000", f"/correct {taken.code}", "x", chosen, "/quit")
    assert "type /correct and its record code" in talk.all
    assert "There is no interview with" in talk.all
    with reopened(home) as opened:
        (row,) = [each for each in opened.interviews() if each.entry is None]
        draft = opened.open_interview(row.code)
        link = correction.link_of(draft)
        draft.close()
    assert link is not None
    assert (link.way, link.code) == (way, taken.code)
