"""The shipped form as the engine runs it: it loads, its conditions act, and a careful interview can be finished."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from schemas.answers import fill
from schemas.forms import load, shipped_forms
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import Form, parse_form
from schemas.xform_model import Repeat
from tests.schemas.test_shipped_form import ADDED

CODE = "K7Q2-M9XR"
A, B, C = "a_setting", "b_safety", "c_consent"

GRANTED = {
    A: {"account_depth": "full_account", "depth_reason": "S-02: leaves soon", "documenter_code": "D-01",
        "persons_present": ["nobody"]},
    B: {
        "privacy_ok": "yes", "age_gate": "adult", "capacity_ok": "yes", "vulnerability_flags": ["none"],
        "prior_account": ["none"], "authority_pending": "no", "risk_level": "low",
        "selfincrim_status": "explained_proceed", "proceed_decision": "proceed_full",
    },
    C: {"consent_interview": "yes", "consent_withdrawal_explained": "yes"},
    "d_account": {"narrative_text": "They came in the evening."},
}  # fmt: skip


@pytest.fixture(scope="module")
def form() -> Form:
    return parse_form(load("testimony_conscription"))


@pytest.fixture
def session(form) -> Session:
    return Session(form, clock=lambda: datetime(2026, 5, 14, 10, 0, tzinfo=UTC), preset={"record_code": CODE})


@pytest.fixture
def consented(session) -> Session:
    fill(session, GRANTED, lambda path, question: b"\0" * 16)
    return session


def asked(form):
    return [each for each in form.questions.values() if each.type != "note" and each.path[0] != "meta"]


def test_the_catalogue_says_of_the_form_what_the_form_says_of_itself(form):
    (shipped,) = shipped_forms()
    assert (form.id, form.title) == (shipped.id, shipped.title)
    assert set(form.languages) == {"English (en)", "Ukrainian (uk)", "Russian (ru)"}
    assert form.default_language == "Ukrainian (uk)"


def test_the_marks_arrive_in_the_engine(form):
    questions = [each for each in asked(form) if each.name not in ADDED and not each.name.endswith("_as_told")]
    assert len(questions) == 144
    assert Counter(each.compartment for each in questions) == {"narrative": 81, "process": 51, "identity": 12}
    assert Counter(each.tier for each in questions) == {"C": 111, "X": 33}
    assert Counter(each.mode for each in questions) == {"code": 50, "ask": 45, "staff": 31, "read": 17, "auto": 1}
    assert Counter(each.strictness for each in questions) == {"answer": 76, "no": 54, "block": 13, "auto": 1}
    assert sum(each.edtf for each in questions) == 10


def test_repeats_start_empty_and_persons_get_codes(form, consented):
    repeats = {each.name: each.code for each in form.root.walk() if isinstance(each, Repeat)}
    assert repeats == {"ev": "", "ab": "", "pp": "P", "at": "", "ow": "W"}
    assert [consented.node((section.path[0], name)).count for section in consented.sections() for name in repeats
            if name in {each.name for each in section.definition.children}] == [0] * 5  # fmt: skip
    first, _ = consented.add(("q_perp", "pp"))
    second, _ = consented.add(("q_perp", "pp"))
    consented.remove(first)
    third, _ = consented.add(("q_perp", "pp"))
    assert [consented.node(each).code for each in (second, third)] == ["P2", "P3"]


def test_every_section_question_and_choice_has_words_in_every_language(consented):
    consented.add(("h_event", "ev"))
    for language in ("en", "uk", "ru"):
        consented.language = language
        for node in consented.walk():
            if node.name not in ("meta", "instanceID"):
                assert node.label.strip(), (language, node.path)
            assert all(choice.label.strip() for choice in node.choices), (language, node.path)
    labels = []
    for language in ("en", "uk", "ru"):
        consented.language = language
        labels.append([section.label for section in consented.sections()])
    assert len(labels[0]) == 21
    assert len({label for each in labels for label in each}) == 3 * 21


def test_open_prompts_belong_to_their_sections(session):
    session.language = "en"
    prompts = {section.name[0].upper(): section.prompt for section in session.sections() if section.prompt}
    assert sorted(prompts) == list("DFGHIJKLMNOPQU")
    assert prompts["P"] == "How did it end? (no route, no helpers)"


def test_nothing_but_setting_and_safety_is_open_before_the_decision(session):
    assert [section.name for section in session.sections() if section.relevant] == [A, B]
    session.set((B, "proceed_decision"), "postpone")
    assert [section.name for section in session.sections() if section.relevant] == [A, B]


def test_sections_open_with_consent_and_close_when_it_is_taken_back(consented):
    assert all(section.relevant for section in consented.sections())
    consented.set((C, "consent_interview"), "no")
    still = {section.name for section in consented.sections() if section.relevant}
    assert still == {A, B, C, "u_closing"}


def test_consent_is_never_chosen_beforehand(session):
    given = {path[-1]: value for path, value, _ in session.answers()}
    assert given == {"record_code": CODE, "gate_stop": "G1 G2 G3 G6 G7"}


DEPTHS = {
    "screening": set("ABCDPTU"),
    "first_account": set("ABCDEFGHIJKLMNOPQRTU"),
    "full_account": set("ABCDEFGHIJKLMNOPQRSTU"),
}


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_depth_of_the_account_opens_its_sections_and_extended_questions(form, consented, depth):
    consented.set((A, "account_depth"), depth)
    assert {section.name[0].upper() for section in consented.sections() if section.relevant} == DEPTHS[depth]
    consented.set(("d_account", "narrative_text"), "They came in the evening.")
    for name in ("h_event", "ev"), ("q_perp", "pp"), ("m_abuse", "ab"):
        consented.add(name)
    extended = {node.name for node in consented.walk() if node.kind == "question" and node.relevant
                and node.definition.tier == "X"}  # fmt: skip
    assert bool(extended) == (depth == "full_account")
    core = {node.name for node in consented.walk() if node.kind == "question" and node.relevant
            and node.definition.tier == "C"}  # fmt: skip
    assert ("age_band" in core) == (depth != "screening")


def test_a_full_account_without_the_supervisors_reason_opens_the_core_only(consented):
    consented.clear((A, "depth_reason"))
    assert consented.value((B, "gate_depth")) == "first_account"
    assert (A, "depth_reason") in {issue.path for issue in consented.validity() if issue.kind == "block"}
    assert not consented.node(("s_witness",)).relevant
    assert consented.node(("e_person",)).relevant


def test_the_words_of_the_person_for_a_time_are_asked_only_where_the_day_is_not_known(consented):
    consented.set(("p_exit", "exit_date"), "2024-05-12")
    assert not consented.node(("p_exit", "exit_date_as_told")).relevant
    for value in ("2024-05", "2024-05-XX", "2024-05-12~", "2023/2024"):
        consented.set(("p_exit", "exit_date"), value)
        assert consented.node(("p_exit", "exit_date_as_told")).relevant
    assert consented.node(("p_exit", "exit_date_as_told")).definition.compartment == "narrative"


def test_the_second_person_is_never_the_documenter(consented):
    consented.set((B, "risk_level"), "high")
    assert not consented.node((C,)).relevant
    consented.set((B, "risk_supervisor_code"), "D-01")
    assert consented.node((B, "risk_supervisor_code")).problem
    assert not consented.node((C,)).relevant
    consented.set((B, "risk_supervisor_code"), "S-02")
    assert consented.node((C,)).relevant


def test_ones_own_service_stays_closed_to_those_who_leave_it_out(consented):
    consented.set((B, "selfincrim_status"), "explained_skip")
    assert not consented.node(("l_deploy",)).relevant
    assert not consented.node(("i_medical", "payment_connections")).relevant


def test_the_program_gives_the_record_code_and_nobody_changes_it(session):
    with pytest.raises(Problem) as caught:
        session.set((A, "record_code"), "MINE-MINE")
    assert caught.value.code == "E_ANSWER_READONLY"
    assert session.node((A, "record_code")).value == CODE


def test_raions_are_those_of_the_chosen_oblast(consented):
    consented.set(("f_status", "res_oblast"), "UA65")
    offered = [choice.value for choice in consented.node(("f_status", "res_raion")).choices]
    assert offered == ["UA6502", "UA6504", "UA6506", "UA6508", "UA6510"]
    consented.set(("f_status", "res_oblast"), "UA85")
    assert not consented.node(("f_status", "res_raion")).relevant


def test_reserved_answers_stand_where_lists_are_open_and_are_refused_where_closed(consented):
    consented.set_missing(("e_person", "age_band"), "declined")
    assert consented.node(("e_person", "age_band")).missing == "declined"
    with pytest.raises(Problem) as caught:
        consented.set_missing((C, "consent_store"), "declined")
    assert caught.value.code == "E_ANSWER_RESERVED"


def test_not_wanting_it_read_back_is_an_answer_and_no_missing_one(consented):
    consented.set(("u_closing", "readback"), "declined")
    node = consented.node(("u_closing", "readback"))
    assert (node.value, node.missing, node.problem) == ("declined", None, None)


@pytest.mark.parametrize(
    ("path", "value", "right"),
    [
        (("n_refusal", "refusal_form"), ("none", "summons"), ("none",)),
        ((A, "persons_present"), ("nobody", "lawyer"), ("lawyer", "interpreter")),
        (("j_transfer", "train_days"), -1, 0),
        (("o_family", "relatives_taken"), 10000, 9999),
        (("p_exit", "exit_date"), "last autumn", "2023-10~"),
        (("t_identity", "id_birth_date"), "1.2.1990", "1990-XX-XX"),
    ],
)
def test_an_answer_that_cannot_be_shows_what_is_wrong_and_a_right_one_does_not(consented, path, value, right):
    consented.set(("t_identity", "id_mode"), "full")
    consented.set(path, value)
    assert consented.node(path).problem
    assert path in [issue.path for issue in consented.validity()]
    consented.set(path, right)
    assert consented.node(path).problem is None


@pytest.mark.parametrize(
    ("refs", "fine"), [("P1", True), ("P1, P12", True), ("P0", False), ("Р1", False), ("he", False)]
)
def test_references_to_persons_are_their_codes_in_latin_letters(consented, refs, fine):
    entry, _ = consented.add(("m_abuse", "ab"))
    consented.set((*entry, "ab_perp_refs"), refs)
    assert (consented.node((*entry, "ab_perp_refs")).problem is None) == fine


def test_an_unanswered_form_names_everything_that_is_due(session):
    due = {issue.path[-1]: issue.kind for issue in session.validity()}
    assert {name for name, kind in due.items() if kind == "block"} == {
        "account_depth", "privacy_ok", "age_gate", "capacity_ok", "risk_level", "selfincrim_status", "proceed_decision",
    }  # fmt: skip
    assert due["interview_date"] == "answer"
    assert "interview_place_exact" not in due


def test_the_shortest_honest_interview_can_be_finished(session):
    """A person who does not agree: the decision, the answer No, the closing. It is finished, and never kept (G8)."""
    fill(session, {
        A: {"interview_date": "2026-05-14", "documenter_code": "D-01", "account_depth": "screening",
            "interview_mode": "phone", "interview_languages": ["ukr"], "interpreter_type": "none",
            "persons_present": ["nobody"]},
        B: GRANTED[B],
        C: {"consent_understood": "…", "consent_interview": "no"},
        "u_closing": {"readback": "not_done", "consent_reconfirm": "withdrawn", "wellbeing_end": "calm",
                      "referral_needed": ["none"], "followup_ok": "no", "sign_method": "none"},
    }, lambda path, question: b"\0" * 16)  # fmt: skip
    assert session.validity() == []
