"""The interview in plain prompts: the same record as the session gives, and nothing lost however it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.field import Field
from collector.packs import FormSource
from schemas.session_types import Value
from tests.helpers.forms import AGAIN, AGE, CONSENT, CONSENT_AUDIO, NAME, PLACE, STORY, small_form
from tests.helpers.mission import PASSPHRASE, Office, SetClock, enrolled_field
from tests.helpers.opening import Opened, open_sealed
from tests.tui.plain_kit import Prompts
from tui.plain.talk import cleaned
from tui.plain.words import command

WHAT = ("account", ("event", 1), "what")
PHOTO = ("account", ("event", 1), "photo")


@pytest.fixture
def office() -> Office:
    """Its form is the small one, with an account of many lines."""
    xml = small_form().replace(b'ref="/data/account/story"', b'ref="/data/account/story" appearance="multiline"')
    return Office(forms=[FormSource("small", "1", xml)])


@pytest.fixture
def home(tmp_path: Path, office: Office) -> Path:
    field = enrolled_field(tmp_path / "field", office)
    place = field.vault.home
    field.close()
    return place


def drafts(home: Path) -> dict[object, Value]:
    """The answers of the one draft of a home, and what is typed there and no answer yet under "pending"."""
    with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
        (row,) = [each for each in field.interviews() if each.state == "open"]
        draft = field.open_interview(row.code)
        found: dict[object, Value] = {path: value for path, value, _missing in draft.session.answers()}
        found["pending"] = draft.cursor.pending if draft.cursor else ""
        draft.close()
    return found


def opened(home: Path, office: Office) -> Opened:
    """The one sealed entry, as the office reads it."""
    with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
        (row,) = [each for each in field.interviews() if each.entry is not None]
        return open_sealed(field, bytes.fromhex(str(row.entry)), list(office.recipient_keys().values()))


def told(found: Opened) -> dict[object, object]:
    """Answers of all compartments, files as their being there; the record code is another each time."""
    return {
        item[0]: (bool(item[1]) if isinstance(item[1], bytes) else item[1], item[2])
        for document in found.documents.values()
        for item in document.answers
        if item[0][-1] != "record_code"
    }


def test_what_is_sealed_is_what_the_same_answers_make_elsewhere(home: Path, tmp_path: Path, office: Office) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff invented picture")
    prompts = Prompts(home)
    prompts.say("1", "a quiet room", "1", "2")
    prompts.say("They came in the evening.", "", "Two of them.", ".")
    said = prompts.say("150")
    assert "saved" in said
    prompts.say("/undo", "/find age", "41")
    prompts.say("1", "a summons", f"/attach {photo}", "1", "/find full", "/declined", "/find confirm")
    prompts.say("/go 5", "1")
    review = prompts.say("/review")
    assert "Nothing is missing" in review, prompts.all.decode()
    prompts.say("/seal")
    assert "Write this record code on the card" in prompts.last("1")
    assert prompts.process.returncode == 0
    assert b"\x1b" not in prompts.all
    assert b"\r" not in prompts.all.replace(b"\r\n", b"\n")
    assert PASSPHRASE.encode() not in prompts.all

    other = enrolled_field(tmp_path / "other", office)
    draft = other.new_interview()
    for path, value in ((PLACE, "a quiet room"), (CONSENT, "yes"), (CONSENT_AUDIO, "no")):
        draft.answer(path, value)
    draft.answer(STORY, "They came in the evening.\n\nTwo of them.")
    draft.answer(AGE, 41)
    draft.add_entry(("account", "event"))
    draft.answer(WHAT, "a summons")
    draft.attach(PHOTO, photo)
    draft.missing(NAME, "declined")
    draft.answer(AGAIN, "yes")
    draft.close()
    other.seal(draft.code)
    place = other.vault.home
    other.close()
    assert told(opened(home, office)) == told(opened(place, office))


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda prompts: prompts.killed(signal.SIGKILL), -signal.SIGKILL),
        (lambda prompts: prompts.killed(signal.SIGINT), 128 + signal.SIGINT),
        (lambda prompts: prompts.killed(signal.SIGTERM), 128 + signal.SIGTERM),
        (lambda prompts: prompts.killed(signal.SIGHUP), 128 + signal.SIGHUP),
        (lambda prompts: prompts.hang_up() != 0, True),
    ],
    ids=["kill", "int", "term", "hup", "closed"],
)
def test_however_it_ends_nothing_is_lost(home: Path, end: Callable[[Prompts], int], code: int) -> None:
    prompts = Prompts(home)
    prompts.say("1", "a quiet room", "1", "/next", "The first line.", "The second line.")
    assert end(prompts) == code
    kept = drafts(home)
    assert kept[PLACE] == "a quiet room"
    assert kept[STORY] == "The first line.\nThe second line."


def test_end_of_input_is_an_end_and_a_refused_line_stays(home: Path) -> None:
    prompts = Prompts(home)
    prompts.say("1", "a quiet room", "perhaps")
    prompts.last("\x04")
    assert prompts.process.returncode == 1
    assert drafts(home)["pending"] == "perhaps"
    again = Prompts(home)
    assert "perhaps" in again.say("2")
    again.last("/quit")
    assert again.process.returncode == 0


def test_it_speaks_ukrainian(home: Path) -> None:
    prompts = Prompts(home, language="uk")
    assert "Почати нове" in " ".join(prompts.all.decode().split())
    assert "збережено" in prompts.say("1", "тиха кімната")
    assert "попереднє запитання" in prompts.say("/допомога")
    prompts.last("/вийти")
    assert drafts(home)[PLACE] == "тиха кімната"


@given(st.text())
def test_nothing_that_is_said_steers_a_terminal(text: str) -> None:
    plain = cleaned(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in plain)
    assert cleaned(plain) == plain
    assert command(text) is None or text.startswith("/")


@settings(max_examples=60)
@given(st.text("абвxyz 0123456789.,-'їґ", min_size=1))
def test_words_of_an_account_are_kept_as_they_are(text: str) -> None:
    assert cleaned(text) == text
