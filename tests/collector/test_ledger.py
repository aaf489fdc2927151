"""The consent ledger: every answer about consent stays, with its time and the words that were heard."""

from __future__ import annotations

from itertools import permutations

import pytest

from schemas.gates_consent import last_events
from schemas.records.common import PROCESS
from tests.helpers.forms import AGAIN, CONSENT, CONSENT_AUDIO, PLACE, STORY
from tests.helpers.mission import reopened
from tests.helpers.opening import open_sealed


def told(interview) -> list[tuple]:
    return [(each.name, each.value) for each in interview.ledger.events]


def test_every_answer_about_consent_is_an_event_and_other_answers_are_none(field, clock):
    interview = field.new_interview()
    interview.answer(PLACE, "office")
    first = int(clock.now)
    interview.answer(CONSENT, "yes")
    clock.now += 90
    interview.answer(CONSENT_AUDIO, "no")
    interview.answer(STORY, "They came.")
    assert [(each.path, each.value, each.t) for each in interview.ledger.events] == [
        (CONSENT, "yes", first),
        (CONSENT_AUDIO, "no", first + 90),
    ]


def test_a_reconfirmation_adds_and_what_was_said_before_stays(field, clock):
    interview = field.new_interview()
    interview.answer(CONSENT_AUDIO, "yes")
    clock.now += 3600
    interview.answer(CONSENT_AUDIO, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    interview.missing(CONSENT_AUDIO, "declined")
    interview.clear(CONSENT_AUDIO)
    events = interview.ledger.events
    assert [(each.value, each.missing) for each in events] == [
        ("yes", None), ("yes", None), ("no", None), (None, "declined"), (None, None),
    ]  # fmt: skip
    assert events[1].t == events[0].t + 3600
    assert last_events(events)["consent_audio"] is events[-1]


def test_the_wording_names_version_language_and_the_words_that_were_shown(field):
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "yes")
    one, other = (each.wording for each in interview.ledger.events)
    assert (one.version, one.language) == (interview.form.version, interview.session.language)
    assert len(one.digest) == 8
    assert one.digest != other.digest
    interview.answer(CONSENT, "no")
    assert interview.ledger.events[-1].wording == one


def test_the_ledger_comes_back_and_goes_on(field):
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT, "no")
    code = interview.code
    again = reopened(field)
    interview = again.open_interview(code)
    assert told(interview) == [("consent_interview", "yes"), ("consent_interview", "no")]
    interview.answer(CONSENT, "yes")
    assert [each.value for each in again.open_interview(code).ledger.events] == ["yes", "no", "yes"]
    again.close()


def test_an_answer_that_could_not_be_written_is_no_event(field, monkeypatch):
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")

    def fail(*args):
        raise RuntimeError("pulled")

    monkeypatch.setattr(interview, "_touch", fail)
    with pytest.raises(RuntimeError):
        interview.answer(CONSENT, "no")
    assert told(interview) == [("consent_interview", "yes")]


def test_the_sealed_entry_carries_the_ledger_in_the_process_document_alone(field, office):
    interview = field.new_interview()
    interview.answer(PLACE, "office")
    interview.answer(CONSENT, "no")
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    interview.answer(STORY, "They came.")
    interview.answer(AGAIN, "yes")
    events = interview.ledger.records()
    opened = open_sealed(field, field.seal(interview.code).eid, list(office.recipient_keys().values()))
    assert opened.documents[PROCESS].consents == events
    assert [event[1] for event in events][:3] == ["no", "yes", "no"]
    assert all(document.consents is None for comp, document in opened.documents.items() if comp != PROCESS)


def test_a_ledger_stands_nowhere_in_the_open(field):
    interview = field.new_interview()
    interview.answer(CONSENT, "yes")
    interview.answer(("closing", "consent_again"), "no")
    rows = field.vault.db.query("SELECT place, blob FROM draft_row", ())
    assert rows
    assert not any(b"consent" in place + blob for place, blob in rows)


def test_answers_that_come_together_stand_in_the_order_of_the_form(field):
    together = [CONSENT, CONSENT_AUDIO, AGAIN]
    for order in permutations(together):
        interview = field.new_interview()

        def act(session, order=order):
            session.set(CONSENT, "yes")
            for path in order:
                session.set(path, "yes")

        interview.answer_all(act)
        assert [each.path for each in interview.ledger.events] == together
