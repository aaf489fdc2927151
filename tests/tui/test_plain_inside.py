"""The end of an interview in plain prompts, panic and what is told of it, files; and that no line breaks anything."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import consent, filling, panic, panic_note, placeholders
from collector.field import Field
from collector.interview import Interview
from collector.panic import Panicked
from collector.panic_note import PanicNote
from schemas.problems import Problem
from schemas.session_types import Path as Place
from tests.helpers.mission import NOW
from tests.tui.conftest import reopened
from tests.tui.plain_inside import Lines, spoken
from tui import locale
from tui.demo_interviews import interviews
from tui.plain import beginning
from tui.plain.deeds import Deeds
from tui.plain.talk import Ended, Over
from tui.plain.words import COMMANDS
from tui.screens.interview.view import is_asked, is_long

CLOSING = ("u_closing", "consent_reconfirm")
STATS = ("c_consent", "consent_stats")
ACCOUNT = ("d_account", "narrative_text")
NAME = ("t_identity", "id_full_name")
PHOTO = ("r_items", ("at", 1), "at_file")


@pytest.fixture
def field(home: Path) -> Iterator[Field]:
    """The enrolled home with the shipped form, open."""
    with reopened(home) as opened:
        yield opened


def told(field: Field) -> Interview:
    """An interview that is whole but for the closing question."""
    (demo,) = list(interviews(4))[3:]
    taken = field.open_interview(filling.begin_filled(field, demo.answers, folder=Path()))
    taken.clear(CLOSING)
    return taken


def kept(interview: Interview) -> dict[Place, object]:
    """Everything that is saved, what the form hides now too."""
    return {path: (value, missing) for path, value, missing in interview.session.kept()}


def test_each_permission_is_confirmed_before_the_seal(field: Field) -> None:
    taken = told(field)
    uses = consent.given(taken.session)
    place = [node.path for node in uses].index(STATS)
    answers = ["1"] * len(uses)
    answers[place] = "2"
    before = len(taken.ledger.events)
    said, code = spoken(field, taken, "/seal", *answers, "/quit")
    assert code == 0
    assert "The closing question about consent comes first." in said
    assert [f"{number} of {len(uses)}" in said for number in range(1, len(uses) + 1)] == [True] * len(uses)
    again = field.open_interview(taken.code)
    assert again.session.value(STATS) == "no"
    assert again.session.value(CLOSING) == "narrowed"
    events = again.ledger.events[before:]
    assert {event.path for event in events} == {*(node.path for node in uses), CLOSING}
    assert [event.path for event in events].index(CLOSING) < [event.path for event in events].index(STATS)
    again.close()


def test_asking_again_stops_by_an_empty_line_and_nothing_is_chosen_beforehand(field: Field) -> None:
    taken = told(field)
    before = len(taken.ledger.events)
    said, _code = spoken(field, taken, "/seal", "", "/quit")
    assert "1 of" in said
    assert "2 of" not in said
    assert "Still open" not in said
    again = field.open_interview(taken.code)
    assert len(again.ledger.events) == before
    again.close()


def test_names_are_listed_and_placeholders_written_for_one_or_all(field: Field) -> None:
    taken = told(field)
    taken.answer(ACCOUNT, "Тоді прийшов Іван Петренко. Потім Івана забрали.")
    taken.answer(("t_identity", "id_mode"), "full")
    taken.answer(NAME, "Петренко Іван")
    stands = placeholders.found(taken)[0].placeholder
    said, _code = spoken(field, taken, "/review", at=ACCOUNT)
    assert "Name 1: Іван, in “Тоді прийшов Іван Петренко" in said
    assert f"Placeholder: {stands}" in said
    taken = field.open_interview(taken.code)
    last = re.findall(r"Name (\d+):", said)[-1]
    spoken(field, taken, f"/placeholders {last}", "/placeholders 99", at=ACCOUNT)
    taken = field.open_interview(taken.code)
    assert taken.session.value(ACCOUNT) == f"Тоді прийшов Іван Петренко. Потім {stands} забрали."
    said, _code = spoken(field, taken, "/placeholders ALL", "/placeholders", at=ACCOUNT)
    assert "No name was found" in said
    taken = field.open_interview(taken.code)
    assert "Іван" not in str(taken.session.value(ACCOUNT))
    assert taken.session.value(NAME) == "Петренко Іван"
    taken.close()


# panic


def test_a_panic_tells_what_it_did(field: Field) -> None:
    taken, empty = told(field), field.new_interview()
    empty.close()
    said, code = spoken(field, taken, "/panic")
    assert code == 0
    assert "Sealed: " in said
    assert "Erased: " in said
    assert "Still a draft" not in said


def test_a_panic_that_left_a_draft_ends_with_one(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = told(field)
    monkeypatch.setattr(panic, "seal_and_lock", lambda _home: Panicked((), (), ((taken.code, "E_MEDIA_IO"),)))
    said, code = spoken(field, taken, "/panic")
    assert code == 1
    assert "Still a draft, and it can be read here: " in said
    assert "[E_MEDIA_IO]" in said


def begun(monkeypatch: pytest.MonkeyPatch, home: Path, *lines: str, language: str = "en") -> tuple[Lines, int]:
    """From the passphrase on."""
    talk = Lines(lines)
    monkeypatch.setattr(beginning, "Talk", lambda: talk)
    opened: Callable[[], AbstractContextManager[Field]] = lambda: reopened(home)  # noqa: E731
    return talk, beginning.run(opened, None, language)


def test_what_a_panic_did_is_told_until_somebody_has_read_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [f"{place}{place}{place}{place}22334455"[:12] for place in "3579"]
    note = PanicNote(
        NOW,
        (codes[0],),
        ((codes[1], "refused"), (codes[2], "untold")),
        ((codes[3], Problem("E_MEDIA_IO", error="EIO")),),
    )
    with reopened(home) as field:
        panic_note.keep(field.vault.db, note)
    talk, code = begun(monkeypatch, home)
    assert code == 1, "nobody has said that it was read"
    for words in ("Sealed: ", "the person had said no: ", "nothing had been told yet: ", "[E_MEDIA_IO]"):
        assert words in talk.all
    talk, code = begun(monkeypatch, home, "", "/quit")
    assert code == 0
    assert "Sealed: " in talk.all
    talk, code = begun(monkeypatch, home, "/quit")
    assert code == 0
    assert "Sealed: " not in talk.all


@pytest.mark.parametrize(("language", "leave"), [("uk", "/вийти"), ("ru", "/выйти"), ("uk", "/quit")])
def test_one_can_leave_before_choosing_in_every_language(
    home: Path, monkeypatch: pytest.MonkeyPatch, language: str, leave: str
) -> None:
    _talk, code = begun(monkeypatch, home, "nothing", leave, language=language)
    assert code == 0
    with reopened(home) as field:
        assert field.interviews() == []


@pytest.mark.parametrize(("language", "word"), [("uk", "показати"), ("ru", "показать"), ("uk", "show")])
def test_words_after_a_command_are_those_of_the_language(field: Field, language: str, word: str) -> None:
    taken = told(field)
    locale.set_language(language)
    account = str(taken.session.value(ACCOUNT))
    said, _code = spoken(field, taken, f"/account {word}", "/quit")
    assert " ".join(account.split()) in said


# files


def test_a_file_says_how_much_of_it_is_in_and_a_signal_leaves_nothing(field: Field, tmp_path: Path) -> None:
    source = tmp_path / "picture.jpg"
    source.write_bytes(b"\xff\xd8\xff" + bytes(3 << 20))
    taken = told(field)
    taken.add_entry(("r_items", "at"))
    taken.answer(
        ("r_items", ("at", 1), "at_type"), taken.session.node(("r_items", ("at", 1), "at_type")).choices[0].value
    )
    before = len(taken.files())
    talk = Lines([""])
    deeds = Deeds(talk, field, taken)
    deeds.stand(PHOTO)
    talk._heard = signal.SIGTERM
    with pytest.raises(Ended):
        deeds.take(f"/attach '{source}'")
    assert len(taken.files()) == before
    talk._heard = 0
    deeds.take(f"/attach '{source}'")
    tenths = [line for line in talk.said if "percent of the file is in" in line]
    assert tenths[-1] == "100 percent of the file is in"
    assert 2 <= len(tenths) <= 10
    assert len(taken.files()) == before + 1
    taken.close()


# any line


class Watched(Deeds):
    """Sees that an answer touches no other one."""

    def line(self, typed: str) -> None:
        """As in Deeds."""
        before, here = kept(self.interview), self.cursor
        node = None if here is None else self.view.nodes[here]
        long = node is not None and node.kind == "question" and is_long(node)
        super().line(typed)
        if long:
            return
        after = kept(self.interview)
        for path in before:
            if path != here and after.get(path) != before[path]:
                assert self.interview.session.node(path).definition.mode == "auto", path


COMMON = ("", "1", "2", "1 2", "0", ".", "12", "2024-05", "so", "ja", "99999999999", "50.4 30.5", "/nothing")
WITH_WORDS = (
    "/go 3", "/go 99", "/find ev", "/find", "/account show", "/account replace", "/placeholders all", "/placeholders 1",
    "/attach ~nobody", "/attach /nowhere/at all", "/attach /", "/note words", "/incomplete broken off", "/skip",
)  # fmt: skip
ANY = st.one_of(
    st.sampled_from((*COMMON, *WITH_WORDS, *(f"/{name}" for name in COMMANDS if name != "panic"))),
    st.text(max_size=40).filter(lambda text: "\n" not in text and "/panic" not in text.casefold()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY, max_size=25), st.integers(0, 10_000), st.booleans())
def test_no_line_crashes_and_no_saved_answer_is_lost(field: Field, lines: list[str], at: int, whole: bool) -> None:
    taken = told(field) if whole else field.new_interview()
    talk = Lines(lines)
    deeds = Watched(talk, field, taken)
    stops = [node.path for node in deeds.view.nodes.values() if node.kind == "entry" or is_asked(node)]
    deeds.stand(stops[at % len(stops)])
    with pytest.raises((Over, Ended)):
        deeds.run()
    saved = kept(deeds.interview)
    deeds.interview.close()
    if any(row.code == taken.code and row.state == "open" for row in field.interviews()):
        again = field.open_interview(taken.code)
        assert kept(again) == saved
        again.close()
        field.withdraw(taken.code)
