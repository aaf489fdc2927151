"""Which sections of the shipped form a gate closes, and which are closed for another reason."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

import pytest

from schemas.gates import open_gates
from schemas.gates_sections import Closing
from schemas.session import Session
from schemas.session_types import Path
from schemas.xform import parse_form

OPENING = (
    ("b_safety", "privacy_ok", "yes"),
    ("b_safety", "age_gate", "adult"),
    ("b_safety", "capacity_ok", "yes"),
    ("b_safety", "risk_level", "low"),
    ("b_safety", "proceed_decision", "proceed_full"),
    ("c_consent", "consent_interview", "yes"),
    ("c_consent", "consent_store", "yes"),
    ("c_consent", "consent_withdrawal_explained", "yes"),
    ("b_safety", "selfincrim_status", "explained_proceed"),
    ("a_setting", "account_depth", "full_account"),
    ("a_setting", "depth_reason", "S-02"),
)


@pytest.fixture
def session() -> Session:
    xml = resources.files("schemas.forms").joinpath("forced-conscription.xml").read_bytes()
    return Session(parse_form(xml), clock=lambda: datetime(2026, 1, 5, tzinfo=UTC))


def closed(session: Session, *, waiting: bool = False) -> set[str]:
    shut = [node.path for node in session.sections() if not node.relevant]
    found: frozenset[Path] = Closing(session.form).closed(open_gates(session, waiting=waiting), shut)
    return {str(path[0]) for path in found}


def test_nothing_is_closed_by_a_gate_before_anything_is_answered(session: Session) -> None:
    assert closed(session) == set()
    assert "e_person" in closed(session, waiting=True)


def test_a_stop_closes_consent_and_what_rests_on_it(session: Session) -> None:
    session.set(("b_safety", "proceed_decision"), "proceed_full")
    session.set(("b_safety", "privacy_ok"), "no")
    found = closed(session)
    assert {"c_consent", "d_account", "e_person", "u_closing"} <= found
    assert "a_setting" not in found


def test_what_one_gate_hides_is_told_from_the_rest(session: Session) -> None:
    for section, name, value in OPENING:
        session.set((section, name), value)
    session.set(("d_account", "narrative_text"), "They came.")
    assert closed(session) == set()
    session.set(("b_safety", "selfincrim_status"), "explained_skip")
    assert closed(session) == {"l_deploy"}


def test_a_declined_account_closes_the_coded_sections(session: Session) -> None:
    for section, name, value in OPENING:
        session.set((section, name), value)
    assert "f_status" not in closed(session)
    session.set_missing(("d_account", "narrative_text"), "declined")
    assert {"f_status", "p_exit"} <= closed(session)
    assert "t_identity" not in closed(session)
