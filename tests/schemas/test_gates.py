"""The gates of an interview: for each the answers that open it, and those beside them that must not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.answers import fill
from schemas.forms import load
from schemas.gates import ENDING, GATES, Gate, OpenGate, open_gates
from schemas.gates_advice import ADVICE
from schemas.gates_consent import ConsentEvent, Wording
from schemas.gates_rules import RULES
from schemas.gates_texts import KEPT, TEXTS
from schemas.session import Session
from schemas.xform import Form, parse_form
from tests.helpers.xforms import from_markdown

A, B, C, U = "a_setting", "b_safety", "c_consent", "u_closing"
GOOD = {
    A: {"documenter_code": "D-01", "account_depth": "full_account", "depth_reason": "S-02: leaves soon",
        "interview_mode": "in_person", "persons_present": ["nobody"]},
    B: {"privacy_ok": "yes", "age_gate": "adult", "capacity_ok": "yes", "vulnerability_flags": ["none"],
        "prior_account": ["none"], "authority_pending": "no", "risk_level": "low",
        "selfincrim_status": "explained_proceed", "proceed_decision": "proceed_full"},
    C: {"consent_interview": "yes", "consent_store": "yes", "consent_withdrawal_explained": "yes",
        "consent_share_ua": "no", "consent_method": "signed"},
    "d_account": {"narrative_text": "They came in the evening, two of them."},
}  # fmt: skip


@pytest.fixture(scope="module")
def form() -> Form:
    return parse_form(load("testimony_conscription"))


def begun(form: Form) -> Session:
    return Session(form, clock=lambda: datetime(2026, 5, 14, tzinfo=UTC), language="en")


@pytest.fixture
def session(form) -> Session:
    """An interview that goes as it should: no gate is open."""
    found = begun(form)
    fill(found, GOOD)
    return found


def opened(session: Session, **more) -> dict[tuple[str, str], OpenGate]:
    return {(each.id, each.case): each for each in open_gates(session, **more)}


def place(session: Session, name: str):
    return session.form.by_name(name).path


def answer(session: Session, **answers) -> None:
    for name, value in answers.items():
        session.set(place(session, name), value)


def test_an_interview_that_goes_as_it_should_opens_no_gate(session):
    assert session.open_gates() == []


def test_an_interview_that_just_began_opens_none_and_shows_the_way_is_closed(form):
    session = begun(form)
    assert session.open_gates() == []
    closed = {each.id for each in open_gates(session, waiting=True)}
    assert closed == {"G1", "G2", "G7", "G8"}
    assert session.value((B, "gate_stop")) == "G1 G2 G3 G6 G7"


# Each row: answers that open the gate in this case, answers beside them that must not.
CASES = [
    ("G1", "overheard", {"privacy_ok": "no"}, {"privacy_ok": "yes"}),
    ("G1", "official", {"persons_present": ("lawyer", "official")}, {"persons_present": ("lawyer", "relative")}),
    ("G2", "minor", {"age_gate": "minor"}, {"age_gate": "adult"}),
    ("G2", "minor", {"age_gate": "unclear"}, {"age_gate": "adult"}),
    ("G3", "capacity", {"capacity_ok": "no"}, {"capacity_ok": "yes"}),
    ("G3", "distress", {"vulnerability_flags": ("acute_distress",)}, {"vulnerability_flags": ("illness_pain",)}),
    ("G4", "custody", {"vulnerability_flags": ("in_custody",)}, {"vulnerability_flags": ("former_captive",)}),
    *(("G5", "investigators", {"prior_account": ("ngo", code)}, {"prior_account": ("ngo", "ua_military", "un_osce")})
      for code in ("ua_police", "ua_sbu", "ua_prosecutor", "icc", "foreign_authority")),
    ("G5", "investigators", {"authority_pending": "yes"}, {"authority_pending": "no"}),
    ("G5", "investigators", {"authority_pending": "yes"}, {"account_depth": "screening"}),
    ("G5", "investigators", {"prior_account": ("icc",), "depth_override_reason": "leaves for good"},
     {"depth_override_code": "S-07"}),
    ("G5", "investigators", {"prior_account": ("icc",), "depth_override_reason": "leaves for good",
                             "depth_override_code": "D-01"}, {"depth_override_code": "S-07"}),
    ("G6", "high", {"risk_level": "high"}, {"risk_supervisor_code": "S-02"}),
    ("G6", "high", {"risk_level": "high", "risk_supervisor_code": "D-01"}, {"risk_level": "medium"}),
    ("G6", "unacceptable", {"risk_level": "unacceptable"}, {"risk_level": "medium"}),
    ("G7", "not_explained", {"selfincrim_status": "not_explained"}, {"selfincrim_status": "explained_proceed"}),
    ("G7", "explained_lawyer", {"selfincrim_status": "explained_lawyer"}, {"selfincrim_status": "explained_proceed"}),
    ("G7", "explained_skip", {"selfincrim_status": "explained_skip"}, {"selfincrim_status": "explained_proceed"}),
    ("G8", "refused", {"consent_interview": "no"}, {"consent_interview": "yes"}),
    ("G8", "refused", {"consent_interview": "later"}, {"consent_interview": "yes"}),
    ("G9", "refused", {"consent_store": "later"}, {"consent_store": "yes"}),
    ("G10", "unexplained", {"consent_withdrawal_explained": "no"}, {"consent_withdrawal_explained": "yes"}),
    ("G11", "later", {"consent_share_icc": "later"}, {"consent_share_icc": "no"}),
    ("G12", "deployment", {"consent_share_ua": "yes", "deployed": "yes"}, {"consent_share_ua": "no"}),
    ("G12", "deployment", {"consent_share_foreign": "yes", "deployed": "no"},
     {"consent_share_foreign": "no", "consent_share_icc": "yes"}),
    ("G16", "changed", {"consent_reconfirm": "narrowed"}, {"consent_reconfirm": "unchanged"}),
    ("G16", "changed", {"consent_reconfirm": "widened"}, {"consent_reconfirm": "unchanged"}),
    ("G16", "withdrawn", {"consent_reconfirm": "withdrawn"}, {"consent_reconfirm": "unchanged"}),
    ("G20", "alone", {"consent_publish_named": "yes", "consent_publish_named_again": "yes"},
     {"consent_publish_anon": "yes"}),
    ("G20", "again", {"consent_publish_anon": "yes", "consent_publish_named": "yes",
                      "consent_publish_named_again": "later"}, {"consent_publish_named_again": "yes"}),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "case", "opening", "beside"), CASES)
def test_a_gate_opens_by_its_case_and_not_by_the_one_beside_it(session, gate, case, opening, beside):
    answer(session, **opening)
    found = opened(session)
    assert (gate, case) in found
    assert found[gate, case].effect == GATES[gate].cases[case]
    assert not found[gate, case].waiting
    answer(session, **beside)
    assert (gate, case) not in opened(session)


@pytest.mark.parametrize(
    ("answers", "closed"),
    [
        ({"privacy_ok": "no"}, "G1"),
        ({"age_gate": "minor"}, "G2"),
        ({"capacity_ok": "no"}, "G3"),
        ({"vulnerability_flags": ("in_custody",)}, "G4"),
        ({"risk_level": "high"}, "G6"),
        ({"selfincrim_status": "explained_lawyer"}, "G7"),
    ],
)
def test_a_gate_that_stops_closes_consent_account_and_everything_after_it(session, answers, closed):
    answer(session, **answers)
    assert session.value((B, "gate_stop")) == closed
    assert {section.name for section in session.sections() if section.relevant} == {A, B}
    assert opened(session)[next(key for key in opened(session) if key[0] == closed)].effect in ENDING


def test_investigators_limit_the_depth_to_a_screening_until_two_people_override(session):
    answer(session, prior_account=("icc",))
    assert session.value((B, "gate_depth")) == "screening"
    assert not session.node(("e_person",)).relevant
    assert session.node(("d_account", "narrative_text")).relevant
    answer(session, depth_override_reason="leaves for good", depth_override_code="D-01")
    assert session.value((B, "gate_depth")) == "screening"
    answer(session, depth_override_code="S-07")
    assert session.value((B, "gate_depth")) == "full_account"
    assert session.node(("e_person",)).relevant


def test_leaving_out_ones_own_service_is_logged_as_not_applicable(session):
    answer(session, selfincrim_status="explained_skip")
    for path in (("l_deploy", "deployed"), ("i_medical", "payment_connections")):
        assert session.node(path).missing == "not_applicable"


def test_a_refused_talk_closes_everything_between_consent_and_closing(session):
    answer(session, consent_interview="no")
    assert {each.name for each in session.sections() if each.relevant} == {A, B, C, U}
    answer(session, consent_interview="yes", consent_withdrawal_explained="no")
    assert {each.name for each in session.sections() if each.relevant} == {A, B, C, U}


@pytest.mark.parametrize(("text", "reason"), [(None, None), (None, "declined"), (None, "not_asked")])
def test_coded_sections_are_closed_until_there_is_a_free_account(session, text, reason):
    path = ("d_account", "narrative_text")
    session.clear(path)
    if reason:
        session.set_missing(path, reason)
    found = {each.id: each for each in open_gates(session, waiting=True)}["G13"]
    assert (found.case, found.effect, found.waiting) == ("reserved" if reason else "no_account", "hide", reason is None)
    assert not any(session.node((name,)).relevant for name in ("e_person", "h_event", "q_perp"))
    assert session.node(("t_identity",)).relevant
    session.set(path, "They came.")
    assert "G13" not in {each.id for each in open_gates(session, waiting=True)}
    assert session.node(("h_event",)).relevant


def test_sexual_violence_hides_details_and_asks_for_a_specialist_until_one_is_offered(session):
    entry, _ = session.add(("m_abuse", "ab"))
    session.set((*entry, "ab_act"), "beating_torture")
    assert session.open_gates() == []
    assert session.node((*entry, "ab_method")).relevant
    session.set((*entry, "ab_act"), "sexual_flag")
    assert {key for key in opened(session)} == {("G14", "mentioned"), ("G14", "offer")}
    assert not session.node((*entry, "ab_method")).relevant
    assert not session.node((*entry, "ab_after")).relevant
    answer(session, referral_needed=("psychological",))
    assert ("G14", "offer") in opened(session)
    answer(session, referral_needed=("psychological", "sv_specialist"))
    assert {key for key in opened(session)} == {("G14", "mentioned")}


def test_an_item_that_nobody_reviewed_is_withheld(session):
    entry, _ = session.add(("r_items", "at"))
    session.set((*entry, "at_identifies"), ("family",))
    assert session.open_gates() == []
    session.set((*entry, "at_identifies"), ("not_reviewed",))
    assert opened(session)["G15", "not_reviewed"].paths == ((*entry, "at_identifies"),)


def event(name: str, value: str, t: int) -> ConsentEvent:
    path = (U, name) if name == "consent_reconfirm" else (C, name)
    return ConsentEvent(path, value, None, t, Wording("2026.12", "English (en)", b"\0" * 8))


def test_narrowed_permissions_ask_for_section_c_until_an_answer_there_was_changed(session):
    answer(session, consent_reconfirm="narrowed")
    ledger = [event("consent_stats", "yes", 1), event("consent_reconfirm", "narrowed", 2)]
    assert ("G16", "changed") in opened(session, ledger=ledger)
    ledger.append(event("consent_stats", "no", 3))
    assert ("G16", "changed") not in opened(session, ledger=ledger)
    ledger.append(event("consent_reconfirm", "narrowed", 4))
    assert ("G16", "changed") in opened(session, ledger=ledger)


@pytest.mark.parametrize(
    ("date", "campaign", "outside"),
    [
        ("2024-05", "spring", False), ("2024-09-30", "autumn", True), ("2024-10-01", "autumn", False),
        ("2024", "autumn", False), ("2024-08", "spring", True), ("2024-08~", "spring", False),
        ("2022-10", "autumn", True), ("2022-11", "autumn", False), ("2025-12-31", "year_round", True),
        ("2026-02-01", "year_round", False), ("2022-02-18", "mob_dnr_lnr", True), ("2022-02-19", "mob_dnr_lnr", False),
        ("2022-08", "mob_2022", True), ("2022-09", "mob_2022", False), ("2024-08", "contract_drive", False),
        ("2024-08", "outside", False), ("2023-XX-XX", "mob_2022", True), ("2022-02/2022-03", "spring", True),
        ("2022-03/2022-05", "spring", False), ("2022-08/..", "mob_2022", False), ("no date", "spring", False),
    ],
)  # fmt: skip
def test_a_campaign_is_a_hint_and_a_date_outside_it_a_note(session, date, campaign, outside):
    entry, _ = session.add(("h_event", "ev"))
    session.set((*entry, "ev_date"), date)
    session.set((*entry, "ev_campaign"), campaign)
    found = opened(session)
    assert (("G18", "outside") in found) == outside
    assert not outside or found["G18", "outside"].effect == "warn"
    assert session.node((*entry, "ev_campaign")).problem is None


def test_a_locked_record_says_that_a_correction_is_a_new_one(session):
    assert ("G19", "locked") in opened(session, locked=True)
    assert session.open_gates() == []


def test_a_code_of_a_person_who_is_not_there_is_a_warning_also_after_removal(session):
    first, _ = session.add(("q_perp", "pp"))
    session.add(("q_perp", "pp"))
    entry, _ = session.add(("h_event", "ev"))
    session.set((*entry, "ev_perp_refs"), "P1, P2")
    assert session.open_gates() == []
    session.remove(first)
    assert opened(session)["codes", "dangling"].words == {"codes": "P1"}
    third, _ = session.add(("q_perp", "pp"))
    assert session.node(third).code == "P3"
    assert opened(session)["codes", "dangling"].text("en").count("P1") == 1
    session.set((*entry, "ev_perp_refs"), "P2, P3")
    assert session.open_gates() == []


def test_a_code_that_was_given_stays_taken_when_a_draft_is_read_back(session, form):
    first, _ = session.add(("q_perp", "pp"))
    session.remove(first)
    again = begun(form)
    again.restore(session.entries(), session.kept())
    second, _ = again.add(("q_perp", "pp"))
    assert again.node(second).code == "P2"


def test_every_gate_is_data_with_a_rule_a_source_and_its_words_in_three_languages():
    assert [*GATES] == [*(f"G{n}" for n in range(1, 21)), "codes"] == [*RULES]
    assert {(gate.id, case) for gate in GATES.values() for case in gate.cases} == set(TEXTS) == set(ADVICE)
    for gate in GATES.values():
        assert gate.source
    advice = [words for each in ADVICE.values() for words in (each.why, each.offer)]
    for words in (*TEXTS.values(), *advice, *KEPT.values()):
        texts = (words.en, words.uk, words.ru)
        assert len(set(texts)) == 3
        assert all(texts)
        assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in texts}) == 1
        assert words.say("uk") == words.say("Ukrainian (uk)") == words.uk
        assert words.say("Crimean Tatar (crh)") == words.en


def test_nothing_is_kept_exactly_where_the_rule_says_nothing():
    for gate in GATES.values():
        for case, effect in gate.cases.items():
            assert (gate.advice(case).kept in ("nothing", "until_end", "mark")) is (effect == "wipe"), (gate.id, case)
            assert (gate.advice(case).kept == "without") is (effect == "withhold")


def test_who_declines_a_referral_is_not_offered_it_a_second_time(session):
    entry, _ = session.add(("m_abuse", "ab"))
    session.set((*entry, "ab_act"), "sexual_flag")
    session.set_missing(place(session, "referral_needed"), "not_asked")
    assert ("G14", "offer") in opened(session)
    session.set_missing(place(session, "referral_needed"), "declined")
    assert {*opened(session)} == {("G14", "mentioned")}


def test_what_a_gate_says_as_json_holds_no_answer(session):
    answer(session, id_mode="full", id_full_name="Петренко Іван", narrative_text="Тоді Іван пішов.")
    (found,) = session.open_gates()
    told = repr(found.as_dict("ru")) + repr(found)
    assert found.id == "G17"
    assert set(found.as_dict("ru")) >= {"text", "why", "offer", "kept", "effect", "questions"}
    assert "Іван" not in told
    assert "V1" in told


def test_a_form_without_these_questions_has_no_gates():
    other = from_markdown("| survey | | | |\n| | type | name | label |\n| | text | story | Story |\n")
    session = Session(other, clock=lambda: datetime(2026, 5, 14, tzinfo=UTC))
    session.set(("story",), "They came.")
    assert open_gates(session, waiting=True) == []


CHOICES = {
    "privacy_ok": ["yes", "no"], "age_gate": ["adult", "minor", "unclear"], "capacity_ok": ["yes", "no"],
    "vulnerability_flags": [("none",), ("acute_distress",), ("in_custody", "disability")],
    "persons_present": [("nobody",), ("official", "lawyer")], "risk_level": ["low", "medium", "high", "unacceptable"],
    "risk_supervisor_code": ["S-02", "D-01"],
    "selfincrim_status": ["explained_proceed", "explained_skip", "explained_lawyer", "not_explained"],
    "prior_account": [("none",), ("icc",)], "authority_pending": ["yes", "no"],
    "account_depth": ["screening", "first_account", "full_account"], "depth_override_reason": ["leaves"],
    "depth_override_code": ["S-02", "D-01"],
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in CHOICES.items()}))
def test_the_form_closes_exactly_where_the_gates_say_stop(form, answers):
    session = begun(form)
    answer(session, documenter_code="D-01", **answers)
    stopping = {each.id for each in open_gates(session, waiting=True) if each.effect in ENDING} - {"G8", "G9", "G16"}
    by_form = set((session.value((B, "gate_stop")) or "").split())
    unanswered = {gate for gate, name in (("G3", "capacity_ok"), ("G6", "risk_level")) if name not in answers}
    assert by_form == stopping | unanswered
    limited = any(each.id == "G5" for each in session.open_gates()) and "account_depth" in answers
    depth = session.value((B, "gate_depth"))
    assert not limited or depth == "screening"
    if not limited and answers.get("account_depth") == "first_account":
        assert depth == "first_account"


def test_gates_do_not_change_and_cannot_be_mistaken_for_others():
    assert all(isinstance(gate, Gate) and gate.id == name for name, gate in GATES.items())
