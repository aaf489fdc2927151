"""A real field machine and a real desk: what was told is what is read, two officers, the memory of a large import."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from collector import packs
from collector.crypto import Secret
from collector.field import Field
from collector.media import spool_path
from collector.slots import RecipientKeys
from schemas.records.common import IDENTITY
from schemas.records.document import AttachmentKey
from schemas.records.manifest import StreamRef
from sync import receipts as field_receipts
from sync.desk.desk import Desk
from sync.desk.opening import Trust, open_entry
from sync.outbox import export
from tests.helpers import faults
from tests.helpers.forms import AGAIN, AGE, AUDIO, CONSENT, CONSENT_AUDIO, EVENT, NAME, PLACE, STORY
from tests.helpers.interviews import some_file
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, Office, SetClock, enrolled_field
from tests.helpers.opening import outbox_file
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Attached, Sealed
from tests.sync.desk.travel import Bundle, codes_of, consistent, take


@pytest.fixture
def field(home: Home, tmp_path: Path) -> Iterator[Field]:
    """A field machine that the desk has enrolled."""
    made = Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=256, clock=SetClock(NOW + 3600))
    request, fingerprint = made.request()
    made.accept_pack(home.desk.enrol(request, fingerprint).pack, home.desk.fingerprint)
    try:
        yield made
    finally:
        made.close()


def sealed(field: Field, eid: bytes) -> Sealed:
    """What lies in the outbox, as the bundle's helper takes it."""
    data = outbox_file(field, eid).read_bytes()
    rows = field.vault.db.query(
        "SELECT sid, comp, cells, root FROM entry_stream WHERE eid = ? AND kind = 'att'", (eid,)
    )
    streams = []
    for sid, comp, cells, root in rows:
        ref = StreamRef(sid=sid, comp=comp, kind="att", cells=cells, root=root, commit=bytes(32))
        key = AttachmentKey(sid=sid, sk=bytes(32), len_=0, name="", mime="", sha256=bytes(32), cap_t=0)
        streams.append(Attached(key, ref, spool_path(field.vault, bytes(sid)).read_bytes()))
    return Sealed(eid, data, b"", "", tuple(streams))


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)
TOLD = st.fixed_dictionaries(
    {
        "story": WORDS,
        "name": WORDS,
        "age": st.one_of(st.integers(0, 120), st.sampled_from(["declined", "unknown"])),
        "events": st.lists(st.tuples(WORDS, st.booleans()), max_size=4),
    }
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@for_all(TOLD)
def test_what_was_told_is_what_is_read(home: Home, field: Field, tmp_path: Path, told: dict[str, Any]) -> None:
    interview = _begun(field)
    interview.answer(PLACE, "kitchen")
    interview.answer(CONSENT, "yes")
    interview.answer(CONSENT_AUDIO, "no")
    interview.answer(STORY, told["story"])
    if isinstance(told["age"], int):
        interview.answer(AGE, told["age"])
    else:
        interview.missing(AGE, told["age"])
    photo = some_file(tmp_path, size=1000)
    removed, _ = interview.add_entry(EVENT)
    for what, with_photo in told["events"]:
        event, _ = interview.add_entry(EVENT)
        interview.answer((*event, "what"), what)
        if with_photo:
            interview.attach((*event, "photo"), photo)
    interview.remove_entry(removed)
    interview.answer(NAME, told["name"])
    interview.answer(AGAIN, "yes")
    said = interview.session.to_nested()
    entry = field.seal(interview.code)
    report = take(home.desk, Bundle([sealed(field, entry.eid)]))
    assert codes_of(report) == ["imported"]
    record: Any = home.desk.record(entry.code)
    assert _alike(record["answers"]) == _alike(said)
    assert len(record["attachments"]) == sum(with_photo for _, with_photo in told["events"])
    assert "account.audio" in record["not_applicable"]
    for words in (told["story"], told["name"]):
        expression = [hit.record for hit in home.desk.search(words, limit=1000)]
        assert entry.code in expression or not any(sign.isalnum() for sign in words)


def _begun(field: Field) -> Any:
    return field.new_interview(field.forms()[0].id)


def _alike(nested: Any) -> Any:
    """Session and record side by side: beside a file's id the record names the file; empty parts do not count."""
    if isinstance(nested, dict):
        if "attachment" in nested:
            return {"file": nested.get("sid", nested["attachment"])}
        found = {name: _alike(item) for name, item in nested.items()}
        return {name: item for name, item in found.items() if item not in ({}, [], None)}
    return [_alike(item) for item in nested] if isinstance(nested, (list, tuple)) else nested


def test_from_outbox_to_purge_over_real_sticks(home: Home, field: Field, tmp_path: Path) -> None:
    interview = _begun(field)
    for path, value in (
        (PLACE, "x"),
        (CONSENT, "yes"),
        (CONSENT_AUDIO, "yes"),
        (STORY, "s"),
        (NAME, "n"),
        (AGAIN, "yes"),
    ):
        interview.answer(path, value)
    hostile = tmp_path / "a\u202egpj.$(rm -rf ~);exe"
    hostile.write_bytes(b"MZ" + bytes(200_000))
    interview.attach(AUDIO, hostile)
    interview.missing(AGE, "declined")
    entry = field.seal(interview.code)
    sticks = [tmp_path / f"stick{n}" for n in range(3)]
    for stick in sticks:
        stick.mkdir()
    export(field, sticks, k=2, n=3)
    for volume in sticks[1].glob("*.vol"):
        volume.unlink()
    report = home.desk.import_folders(sticks)
    assert (report.imported, report.volumes_lost > 0) == (1, True)
    record: Any = home.desk.record(entry.code)
    (shown,) = record["attachments"]
    assert shown["name"] == "agpj.$(rm -rf ~);exe"
    assert shown["looks_like"] == "application/x-dosexec"
    home.desk.attachment(entry.code, shown["sid"], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == hostile.read_bytes()
    home.desk.receipts(tmp_path / "returns")
    assert field_receipts.apply(field, tmp_path / "returns").ok
    assert field_receipts.purge(field).purged == [entry.code]
    consistent(home.desk)


def test_attack_15_two_officers_and_what_one_of_them_opens(tmp_path: Path) -> None:
    office = Office(two_person_identity=True)
    field = enrolled_field(tmp_path / "field", office)
    interview = field.new_interview()
    for path, value in ((PLACE, "x"), (CONSENT, "yes"), (STORY, "s"), (NAME, "n"), (AGAIN, "yes")):
        interview.answer(path, value)
    eid = field.seal(interview.code, "so that nothing more is asked").eid
    data = outbox_file(field, eid).read_bytes()
    request, _ = field.request()
    role = office.root.roles.mission
    pack = office.last[packs.read_request(request).fs_root]
    trust = Trust(
        mission=office.mission,
        signers=packs.trusted(office.root, role),
        threshold=role.threshold,
        revoked={},
        packs={(office.certificate(request).serial, pack[0]): pack[1]},
    )
    held = office.recipient_keys()

    def opened(*who: str) -> tuple[set[int], tuple[int, ...]]:
        entry = open_entry(lambda at, n: data[at : at + n], len(data), [held[name] for name in who], trust)
        assert (IDENTITY in entry.keys) == (IDENTITY in entry.documents)
        return set(entry.documents), entry.sealed

    assert opened("analyst", "officer") == ({0, 2}, (1,))
    assert opened("analyst", "second") == ({0, 2}, (1,))
    assert opened("coordinator", "officer", "second") == ({0, 1}, (2,))
    assert opened("analyst", "officer", "second") == ({0, 1, 2}, ())
    stranger = RecipientKeys.from_seed(Secret.random())
    entry = open_entry(lambda at, n: data[at : at + n], len(data), [held["analyst"], held["officer"], stranger], trust)
    assert entry.sealed == (1,)
    field.close()


def test_attack_15_what_stays_sealed_is_not_in_the_receipt(home: Home, field: Field, tmp_path: Path) -> None:
    """One officer's seed is taken out of the desk's vault: the desk imports, answers for less, and the field keeps."""
    rids = home.desk.vault.db.query("SELECT rid FROM recipient WHERE comp = 1 AND purpose = 'entry'")
    home.desk.vault.db.execute("UPDATE recipient SET wrapped = NULL WHERE comp = 1 AND purpose = 'entry'")
    assert len(rids) == 1
    interview = _begun(field)
    for path, value in (
        (PLACE, "x"),
        (CONSENT, "yes"),
        (CONSENT_AUDIO, "no"),
        (STORY, "s"),
        (NAME, "Olena"),
        (AGAIN, "yes"),
    ):
        interview.answer(path, value)
    interview.missing(AGE, "declined")
    event, _ = interview.add_entry(EVENT)
    interview.attach((*event, "photo"), some_file(tmp_path))
    entry = field.seal(interview.code)
    stick = tmp_path / "stick"
    stick.mkdir()
    export(field, [stick], k=1, n=1)
    report = home.desk.import_folders([stick])
    assert (report.imported, report.items[0]["unopened"]) == (1, [1])
    record = home.desk.record(entry.code)
    assert record["unopened"] == ["identity"]
    assert "Olena" not in str(record)
    assert home.desk.search("Olena") == []
    home.desk.receipts(tmp_path / "returns")
    field_receipts.apply(field, tmp_path / "returns")
    report = field_receipts.purge(field)
    assert (report.purged, [kept.reason for kept in report.kept]) == ([], ["not-all-opened"])
    consistent(home.desk)


def test_a_large_attachment_costs_little_memory(home: Home, field: Field, tmp_path: Path) -> None:
    interview = _begun(field)
    for path, value in (
        (PLACE, "x"),
        (CONSENT, "yes"),
        (CONSENT_AUDIO, "yes"),
        (STORY, "s"),
        (NAME, "n"),
        (AGAIN, "yes"),
    ):
        interview.answer(path, value)
    interview.missing(AGE, "declined")
    large = tmp_path / "recording"
    with large.open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(1 << 20))
    interview.attach(AUDIO, large)
    large.unlink()
    code = field.seal(interview.code).code
    stick = tmp_path / "stick"
    stick.mkdir()
    export(field, [stick], k=1, n=1)
    home.desk.close()

    def child() -> None:
        with Desk.open(home.path, PASSPHRASE, clock=home.clock) as desk:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert desk.import_folders([stick]).imported == 1
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert after - before < 200 << 10, f"{(after - before) >> 10} MiB"
            desk.attachment(code, "recording", tmp_path / "copy")
            last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert last - before < 200 << 10, f"{(last - before) >> 10} MiB"

    assert faults.in_child(child) == 0
    assert (tmp_path / "copy").stat().st_size == 300 << 20
