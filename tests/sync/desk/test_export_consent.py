"""From real interviews on the shipped form to tables: what each person consented to, for each recipient."""

from __future__ import annotations

import copy
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from collector import filling
from collector.field import Field
from schemas.forms import shipped_forms
from schemas.gates_export import OFFICE, RECIPIENTS
from sync import outbox
from sync.desk import mission
from sync.desk.desk import Desk
from sync.desk.export import Written
from tests.helpers.expect import refused
from tests.helpers.mission import PASSPHRASE, SMALL, SetClock
from tui.demo_interviews import interviews

C = "c_consent"


@dataclass
class Kept:
    """The desk and the record codes of three people: open to all, open to the ICC alone, and narrowed afterwards."""

    desk: Desk
    open: str
    icc: str
    narrowed: str


def told(**consents: str) -> dict[str, Any]:
    """The first invented interview without its recording, consents and items changed."""
    answers: dict[str, Any] = copy.deepcopy(next(iter(interviews(1))).answers)
    answers["d_account"].pop("narrative_audio", None)
    answers[C] |= consents
    if consents["consent_publish_named"] == "yes":
        answers["u_closing"]["consent_publish_named_again"] = "no"
    answers["l_deploy"] = {"deployed": "yes", "deploy_role": ["trenches"], "deploy_exposure": {"missing": "declined"}}
    item = {
        "at_type": "summons",
        "at_description": "A summons.",
        "at_origin": "own_made",
        "at_received": "today",
        "at_original": "photo_of_original",
    }
    unseen = {"at_identifies": ["not_reviewed"], "at_description": "Nobody looked."}
    answers["r_items"] = {"at": [{**item, "at_identifies": ["nobody"]}, {**item, **unseen}]}
    return answers


def sealed(field: Field, folder: Path, answers: dict[str, Any], **after: str) -> str:
    code = filling.begin_filled(field, answers, folder=folder)
    interview = field.open_interview(code)
    for name, value in after.items():
        interview.answer(("u_closing" if name == "consent_reconfirm" else C, name), value)
    field.seal(code)
    return code


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    base = tmp_path_factory.mktemp("consent")
    with Desk.create(base / "desk", PASSPHRASE, params=SMALL, clock=SetClock()) as desk:
        desk.mission_new("Consent", [mission.checked(form.xform) for form in shipped_forms()])
        field = Field.create(base / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock())
        request, fingerprint = field.request()
        field.accept_pack(desk.enrol(request, fingerprint).pack, desk.fingerprint)
        everybody = {each.consent: "yes" for each in RECIPIENTS.values()} | {"consent_publish_anon": "yes"}
        alone = dict.fromkeys(everybody, "no") | {"consent_store": "yes", "consent_share_icc": "yes"}
        codes = (
            sealed(field, base, told(**everybody, consent_identity_scope="judicial_un")),
            sealed(field, base, told(**alone, consent_identity_scope="nobody")),
            sealed(field, base, told(**everybody), consent_reconfirm="narrowed"),
        )
        (base / "stick").mkdir()
        outbox.export(field, [base / "stick"], k=1, n=1)
        field.close()
        desk.import_folders([base / "stick"])
        yield Kept(desk, *codes)


def written(kept: Kept, folder: Path, recipient: str) -> Written:
    return kept.desk.export_csv(folder, recipient)


def rows(folder: Path, name: str) -> dict[str, dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["record_code"]: row for row in csv.DictReader(file)}


def everything(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(folder.iterdir()))


def test_the_office_has_its_working_copy_without_items_that_nobody_reviewed(kept: Kept, tmp_path: Path) -> None:
    done = written(kept, tmp_path, OFFICE)
    assert set(rows(tmp_path, "narrative")) == set(rows(tmp_path, "identity")) == {kept.open, kept.icc, kept.narrowed}
    assert "A summons." in everything(tmp_path)
    assert "Nobody looked." not in everything(tmp_path)
    assert {(each.record, each.parts, each.gates) for each in done.withheld} == {
        (code, ("r_items/at[2]",), ("G15",)) for code in (kept.open, kept.icc, kept.narrowed)
    }
    assert {each.notice.code for each in done.withheld} == {"E_EXPORT_PARTLY"}


def test_the_icc_has_what_was_given_to_it_and_names_only_where_they_may_know_them(kept: Kept, tmp_path: Path) -> None:
    done = {each.record: each for each in written(kept, tmp_path, "icc").withheld}
    assert set(rows(tmp_path, "narrative")) == {kept.open, kept.icc}
    assert set(rows(tmp_path, "identity")) == {kept.open}
    assert rows(tmp_path, "narrative")[kept.open]["deployed"] == "yes"
    assert (done[kept.icc].whole, done[kept.icc].parts) == (False, ("r_items/at[2]", "identity"))
    assert (done[kept.narrowed].whole, done[kept.narrowed].gates) == (True, ("G16",))
    assert done[kept.narrowed].notice.code == "E_EXPORT_REFUSED"


def test_national_authorities_have_no_section_on_deployment(kept: Kept, tmp_path: Path) -> None:
    done = {each.record: each for each in written(kept, tmp_path, "ua").withheld}
    assert set(rows(tmp_path, "narrative")) == {kept.open}
    assert "deployed" not in rows(tmp_path, "narrative")[kept.open]
    assert "l_deploy" in done[kept.open].parts
    assert (done[kept.icc].whole, done[kept.icc].gates) == (True, ("G12",))


@pytest.mark.parametrize(("recipient", "account"), [("stats", False), ("public", True)])
def test_who_counts_or_publishes_has_neither_names_nor_staff(
    kept: Kept, tmp_path: Path, recipient: str, account: bool
) -> None:
    written(kept, tmp_path, recipient)
    assert set(rows(tmp_path, "narrative")) == {kept.open}
    assert ("narrative_text" in rows(tmp_path, "narrative")[kept.open]) is account
    assert rows(tmp_path, "identity") == rows(tmp_path, "process") == {}
    assert "DEMO-01" not in everything(tmp_path)


def test_a_name_is_not_published_without_the_second_yes(kept: Kept, tmp_path: Path) -> None:
    done = {each.record: each.gates for each in written(kept, tmp_path, "public_named").withheld}
    assert rows(tmp_path, "narrative") == {}
    assert done[kept.open] == ("G20",)


def test_nobody_else_receives_anything(kept: Kept, tmp_path: Path) -> None:
    with refused("E_EXPORT_RECIPIENT"):
        written(kept, tmp_path / "new", "friends")
    assert not (tmp_path / "new").exists()


def test_only_what_goes_is_noted_as_exported_and_to_whom(kept: Kept, tmp_path: Path) -> None:
    written(kept, tmp_path, "un")
    noted = {
        code: [event.get("to") for event in kept.desk.record(code)["custody"] if event["act"] == "export"]  # type: ignore[attr-defined]
        for code in (kept.open, kept.icc)
    }
    assert "un" in noted[kept.open]
    assert "un" not in noted[kept.icc]


def test_where_consent_cannot_be_read_nobody_but_the_office_has_anything(kept: Kept, tmp_path: Path) -> None:
    from schemas.records.common import PROCESS
    from sync.desk.export import write_csv

    others = {comp: each for comp, each in kept.desk.archives.items() if comp != PROCESS}
    done = write_csv(kept.desk.vault, others, tmp_path / "icc", "icc")
    assert {each.notice.code for each in done.withheld} == {"E_EXPORT_UNREAD"}
    assert rows(tmp_path / "icc", "narrative") == {}
    done = write_csv(kept.desk.vault, others, tmp_path / "office")
    assert len(rows(tmp_path / "office", "narrative")) == 3
    assert "A summons." not in everything(tmp_path / "office"), "nothing says that it was reviewed"


def test_the_record_shows_how_consent_came_about_and_what_to_heed(kept: Kept) -> None:
    record: Any = kept.desk.record(kept.narrowed)
    events = record["consent_events"]
    assert [event["answer"] for event in events if event["question"] == "u_closing/consent_reconfirm"] == [
        "unchanged",
        "narrowed",
    ]
    for event in events:
        assert event["form_version"] == record["form"]["version"]
        assert len(bytes.fromhex(event["wording"])) == 8
        assert event["at"] > 0
    gates = {gate["gate"]: gate for gate in record["gates"]}
    assert {"G12", "G15", "G16"} <= gates.keys()
    assert "G13" not in gates
    assert "G19" not in gates
    assert all(gate["text"] and gate["why"] for gate in record["gates"])


def test_a_notice_tells_no_answer(kept: Kept, tmp_path: Path) -> None:
    done = written(kept, tmp_path, "icc")
    plain = repr(done.as_dict())
    assert "Nobody looked." not in plain
    assert replace(done, withheld=[]).as_dict()["withheld"] == []
