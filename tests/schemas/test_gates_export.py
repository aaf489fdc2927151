"""What a recipient may have of a record: one consent for each, put off is No, and parts that stay out in any case."""

from __future__ import annotations

import pytest

from schemas.gates_consent import ConsentEvent, Wording
from schemas.gates_export import OFFICE, RECIPIENTS, allowed
from schemas.gates_facts import Facts

C = "c_consent"


def record(*more, **consents) -> Facts:
    """A record with everything refused that is not said here."""
    answers = {"consent_interview": "yes", "consent_store": "yes", "consent_identity_scope": "nobody", **consents}
    given = [((C, name), value, None) for name, value in answers.items()]
    return Facts.of_answers([*given, *more])


@pytest.mark.parametrize("recipient", [name for name in RECIPIENTS if name not in ("public_named", OFFICE)])
def test_a_recipient_needs_its_own_yes_and_no_other_does(recipient):
    own = RECIPIENTS[recipient].consent
    others = {each.consent: "yes" for each in RECIPIENTS.values() if each.consent not in (own, "consent_store")}
    assert not allowed(record(**others), recipient).record
    assert allowed(record(**{own: "yes"}), recipient).record
    for answer in ("no", "later"):
        verdict = allowed(record(**others, **{own: answer}), recipient)
        assert not verdict.record
        assert verdict.gates == (("G11",) if answer == "later" else ("G12",))


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"consent_reconfirm": "withdrawn"}, "G16"),
        ({"consent_interview": "no"}, "G8"),
        ({"consent_store": "later"}, "G9"),
    ],
)
def test_nothing_goes_out_of_a_record_that_may_not_be_kept(change, gate):
    verdict = allowed(record(**{"consent_share_icc": "yes", **change}), "icc")
    assert (verdict.record, verdict.gates) == (False, (gate,))


@pytest.mark.parametrize(
    ("scope", "with_identity"),
    [("nobody", set()), ("judicial", {"ua", "icc", "foreign"}), ("judicial_un", {"ua", "icc", "foreign", "un"}),
     ("ask_each_time", set())],
)  # fmt: skip
def test_identity_goes_only_to_the_class_that_was_named(scope, with_identity):
    shared = {each.consent: "yes" for name, each in RECIPIENTS.items() if not name.startswith("public")}
    facts = record(**{**shared, "consent_identity_scope": scope})
    verdicts = {name: allowed(facts, name) for name in ("ua", "icc", "foreign", "un", "ngo", "stats")}
    assert {name for name, each in verdicts.items() if each.identity} == with_identity
    asking = {name for name, each in verdicts.items() if each.ask_first}
    assert asking == ({"ua", "icc", "foreign", "un", "ngo"} if scope == "ask_each_time" else set())


def test_the_section_on_deployment_stays_out_of_what_national_authorities_get():
    told = (("l_deploy", "deployed"), "yes", None)
    shared = {each.consent: "yes" for each in RECIPIENTS.values()}
    for recipient in ("ua", "foreign"):
        assert allowed(record(told, **shared), recipient).without == (("l_deploy",),)
        assert allowed(record(**shared), recipient).without == ()
        assert allowed(record(told, **shared, consent_share_deployment="yes"), recipient).without == ()
    assert allowed(record(told, **shared), "icc").without == ()


def test_items_that_nobody_reviewed_stay_out_of_every_export():
    items = [
        (("r_items", ("at", 1), "at_type"), "photo", None),
        (("r_items", ("at", 2), "at_type"), "photo", None),
        (("r_items", ("at", 2), "at_identifies"), ("family",), None),
        (("r_items", ("at", 3), "at_identifies"), ("not_reviewed",), None),
    ]
    verdict = allowed(record(*items, consent_share_un="yes"), "un")
    assert verdict.without == (("r_items", ("at", 1)), ("r_items", ("at", 3)))
    assert "G15" in verdict.gates


def test_a_name_is_published_after_two_yeses_and_a_yes_to_publication_as_such():
    yes = {"consent_publish_anon": "yes", "consent_publish_named": "yes", "consent_publish_named_again": "yes"}
    assert allowed(record(**yes), "public_named").identity
    assert not allowed(record(**yes), "public").identity
    for name in yes:
        assert not allowed(record(**{**yes, name: "no"}), "public_named").record
    without_second = {name: value for name, value in yes.items() if name != "consent_publish_named_again"}
    assert allowed(record(**without_second), "public_named").gates == ("G20",)


def test_the_office_keeps_its_own_copy_by_the_consent_to_keep_it():
    verdict = allowed(record(consent_share_icc="no"), OFFICE)
    assert (verdict.record, verdict.identity, verdict.process, verdict.without) == (True, True, True, ())
    assert not allowed(record(consent_store="later"), OFFICE).record
    assert not allowed(record(consent_reconfirm="withdrawn"), OFFICE).record


def test_a_form_that_asks_for_no_consent_is_for_the_office_alone():
    other = Facts.of_answers([(("story",), "They came.", None)])
    assert allowed(other, OFFICE).record
    assert not any(allowed(other, name).record for name in RECIPIENTS if name != OFFICE)


def changed(*names: str) -> tuple[ConsentEvent, ...]:
    heard = Wording("2026.12", "English (en)", bytes(8))
    return tuple(ConsentEvent((C, name), "no", None, t, heard) for t, name in enumerate(names))


def test_permissions_that_are_known_to_be_too_wide_are_used_for_nobody():
    answers = [
        ((C, name), value, None)
        for name, value in {
            "consent_interview": "yes",
            "consent_store": "yes",
            "consent_share_icc": "yes",
            "consent_reconfirm": "narrowed",
        }.items()
    ]
    silent = Facts.of_answers(answers, ledger=changed("consent_share_icc", "consent_reconfirm"))
    assert (allowed(silent, "icc").record, allowed(silent, "icc").gates) == (False, ("G16",))
    assert allowed(silent, OFFICE).record
    said = Facts.of_answers(answers, ledger=changed("consent_reconfirm", "consent_share_ua"))
    assert allowed(said, "icc").record
    assert not allowed(said, "ua").record


def test_who_counts_or_publishes_gets_neither_names_nor_how_the_record_was_made():
    verdict = allowed(record(consent_stats="yes", consent_publish_anon="yes"), "stats")
    assert (verdict.has("narrative"), verdict.has("process"), verdict.has("identity")) == (True, False, False)
    assert verdict.leaves_out(("d_account", "narrative_text"))
    assert not verdict.leaves_out(("d_account", "narrative_capture"))
    public = allowed(record(consent_publish_anon="yes"), "public")
    assert (public.has("process"), public.has("identity"), public.without) == (False, False, ())
