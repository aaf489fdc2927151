"""A mission that changes: new versions of its forms, forms taken out, more tokens in its packs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from collector.packs import FormSource
from sync.desk import mission_forms, tokens
from sync.desk.desk import Desk
from sync.outbox import export
from tests.helpers.expect import refused
from tests.helpers.forms import small_form
from tests.helpers.interviews import filled, sealed_entry
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.receiver_kit import svidok
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.test_receivers import card
from tests.sync.desk.travel import Bundle, codes_of, take


def form(version: str, name: str = "small") -> FormSource:
    xml = small_form(version).replace(b'<data id="small"', f'<data id="{name}"'.encode())
    return FormSource(name, version, xml)


def named(desk: Desk, mission: str | None = None) -> list[str]:
    return [f"{each.id}-{each.version}" for each in desk.mission_forms(mission) if each.named]


def in_pack(device: Device) -> list[str]:
    return [f"{each.id}-{each.ver}" for each in device.body.forms]


@pytest.fixture
def single(desk: Desk) -> Desk:
    """A mission with two forms in one version each."""
    desk.mission_new("Second", [form("1"), form("1", "other")])
    return desk


def test_a_new_version_takes_the_place_of_the_older_one_in_the_next_pack(single: Desk) -> None:
    device = Device().enrol(single, "Second")
    before = device.pack_hash
    assert (device.body.ver, in_pack(device)) == (1, ["small-1", "other-1"])
    assert [each.version for each in single.form_add(form("2"), "Second")] == ["1"]
    device.enrol(single, "Second")
    assert (device.body.ver, device.body.prev, in_pack(device)) == (2, before, ["small-2", "other-1"])
    assert device.enrol(single, "Second").body.ver == 2
    assert single.form_add(form("1", "third"), "Second") == []
    assert in_pack(device.enrol(single, "Second")) == ["small-2", "other-1", "third-1"]
    assert [each.version for each in single.form_remove("other", name="Second")] == ["1"]
    assert (device.enrol(single, "Second").body.ver, in_pack(device)) == (4, ["small-2", "third-1"])
    listed = [(each.id, each.version, each.named) for each in single.mission_forms("Second")]
    assert listed == [("small", "2", True), ("third", "1", True), ("small", "1", False), ("other", "1", False)]


def test_one_of_several_versions_is_taken_out_and_comes_back(desk: Desk) -> None:
    assert named(desk) == ["small-1", "small-2"]
    assert [each.version for each in desk.form_remove("small", "1")] == ["1"]
    assert named(desk) == ["small-2"]
    assert [each.version for each in desk.form_add(form("1"))] == ["2"]
    assert (named(desk), in_pack(Device().enrol(desk))) == (["small-1"], ["small-1"])


def test_what_makes_no_sense_changes_nothing(single: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = single.mission_forms("Second")
    with refused("E_FORM_TWICE"):
        single.form_add(form("1"), "Second")
    with refused("E_FORM_TWICE"):  # other content under a version that was given
        single.form_add(FormSource("small", "1", small_form("1").replace(b"Small", b"Large")), "Second")
    for version in (None, "7"):
        with refused("E_MISSION_FORM"):
            single.form_remove("nothing", version, "Second")
    with refused("E_MISSION_FORM"):
        single.form_remove("small", "7", "Second")
    with refused("E_MISSION_WHICH"):
        single.form_add(form("2"))
    single.form_remove("other", None, "Second")
    with refused("E_FORM_LAST"):
        single.form_remove("small", None, "Second")
    single.form_add(form("1", "other"), "Second")
    assert {(each.id, each.named) for each in single.mission_forms("Second")} == {
        (each.id, each.named) for each in before
    }
    monkeypatch.setattr(mission_forms, "MOST", 2)
    with refused("E_FORMS_MANY"):
        single.form_add(form("1", "third"), "Second")
    monkeypatch.setattr(mission_forms, "MAX_FORMS_BYTES", 10)
    with refused("E_FORMS_MANY"):
        single.form_add(form("2"), "Second")
    assert named(single, "Second") == ["small-1", "other-1"]
    with refused("E_FORM_LAST"):
        single.mission_new("Third", [])


def test_entries_with_a_form_that_was_taken_out_are_imported(single: Desk) -> None:
    device = Device().enrol(single, "Second")
    before = device.entry()
    single.form_add(form("2"), "Second")
    device.enrol(single, "Second")
    assert codes_of(take(single, Bundle([before, device.entry()]))) == ["imported", "imported"]


# ---- the whole way ----


@pytest.fixture
def field(home: Home, tmp_path: Path) -> Iterator[Field]:
    """A real field machine in a mission of one form."""
    home.desk.mission_new("Second", [form("1")])
    with Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock(NOW + 3600)) as made:
        request, fingerprint = made.request()
        made.accept_pack(home.desk.enrol(request, fingerprint, "Second").pack, home.desk.fingerprint)
        yield made


def test_a_new_version_of_a_form_there_and_back(home: Home, field: Field, tmp_path: Path) -> None:
    sealed_entry(field)
    begun = filled(field)  # with the first version; it is sealed after the second has come
    home.desk.form_add(form("2"), "Second")
    request, fingerprint = field.request()
    shown = field.accept_pack(home.desk.enrol(request, fingerprint, "Second").pack)
    assert (shown.version, shown.gap, shown.forms) == (2, 0, (("small", "2"),))
    again = field.open_interview(begun.code)
    assert again.form.version == "1"
    field.seal(begun.code)
    sealed_entry(field)
    (tmp_path / "stick").mkdir()
    export(field, [tmp_path / "stick"], k=1, n=1)
    assert home.desk.import_folders([tmp_path / "stick"]).imported == 3
    rows = home.desk.vault.db.query("SELECT form FROM item ORDER BY seq")
    versions = [home.desk.vault.db.one("SELECT version FROM mission_form WHERE hash = ?", row) for row in rows]
    assert versions == [("1",), ("1",), ("2",)]


def test_attack_30_the_pack_with_the_older_form_does_not_come_back(home: Home, field: Field) -> None:
    request, _ = field.request()
    first = home.desk.enrol(request, None, "Second").pack
    home.desk.form_add(form("2"), "Second")
    field.accept_pack(home.desk.enrol(request, None, "Second").pack)
    with refused("E_PACK_ROLLBACK"):
        field.accept_pack(first)
    assert [each.ver for each in field.forms()] == ["2"]


# ---- tokens ----


def test_packs_bring_as_many_tokens_as_the_mission_says(home: Home, field: Field) -> None:
    desk = home.desk
    desk.receiver_add(card(), "Second")
    request, _ = field.request()
    field.accept_pack(desk.enrol(request, None, "Second").pack)
    desk.mission_tokens(200, "Second")
    second = desk.enrol(request, None, "Second")
    assert (second.version, second.tokens) == (3, 200)
    field.accept_pack(second.pack)
    held = field.vault.db.query("SELECT ver, count(*) FROM token GROUP BY ver ORDER BY ver")
    assert held == [(2, tokens.PACK), (3, 200)]  # the device keeps what earlier packs brought
    assert desk.enrol(request, None, "Second").version == 3
    assert len(Device().enrol(desk, "Second").body.tokens) == 200
    assert home.reopened().missions()[1].tokens == 200


def test_no_pack_brings_more_tokens_than_lie_in_the_pool_at_any_time(desk: Desk) -> None:
    for wrong in (0, -1, tokens.LOW + 1):
        with refused("E_MISSION_TOKENS"):
            desk.mission_tokens(wrong)
        with refused("E_MISSION_TOKENS"):
            desk.mission_new("Third", [form("1")], tokens_each=wrong)
    desk.receiver_add(card())
    desk.mission_tokens(tokens.LOW)
    desk.tokens_write()
    given: set[bytes] = set()
    for _ in range(5):
        given |= set(Device().enrol(desk).body.tokens)
    assert len(given) == 5 * tokens.LOW


def test_a_mission_without_receivers_has_no_tokens_whatever_it_says(desk: Desk) -> None:
    device = Device().enrol(desk)
    desk.mission_tokens(10)
    assert (device.enrol(desk).body.ver, device.body.tokens) == (1, ())


# ---- commands ----


def test_the_commands_that_change_a_mission(tmp_path: Path) -> None:
    secret, home, new = tmp_path / "secret", tmp_path / "desk", tmp_path / "small.xml"
    secret.write_text(PASSPHRASE)
    new.write_bytes(small_form("2"))
    with Desk.create(home, PASSPHRASE, params=SMALL) as desk:
        desk.mission_new("Dobra", [form("1")])
    options = ("--home", home, "--passphrase-file", secret)

    def said(*words: object, code: int = 0) -> str:
        done = svidok("desk", "mission", *words, *options, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    assert "Form small, version 2, stands in new packs in place of version 1." in said("form", "add", new)
    assert "[E_FORM_TWICE]" in said("form", "add", new, code=1)
    assert said("form", "list") == "small, version 2\nsmall, version 1 (in no new pack)\n"
    assert "[E_FORM_LAST]" in said("form", "remove", "small", code=1)
    assert "[E_MISSION_FORM]" in said("form", "remove", "small", "--version", "1", code=1)
    assert "New packs of Dobra bring 1 token each." in said("change", "--tokens", "1")
    assert "[E_MISSION_TOKENS]" in said("new", "--name", "Second", "--tokens", "257", code=1)
    second = ("new", "--name", "Second", "--tokens", "5")
    founded = json.loads(said(*second, "--opened-by", "identity=protection officer", "--json"))
    assert founded["tokens"] == 5
    for wrong in (["identity"], ["names=x"], ["identity=x", "identity=y"]):
        words = [word for each in wrong for word in ("--opened-by", each)]
        assert "--opened-by takes each of" in said("new", "--name", "Third", *words, code=2)
    assert "[E_MISSION_LABEL]" in said("new", "--name", "Third", "--opened-by", "identity=", code=1)
    with Desk.open(home, PASSPHRASE) as desk:
        held = desk.vault.db.query("SELECT comp, label FROM recipient WHERE label IS NOT NULL")
    assert held == [(1, "protection officer")]
    listed = json.loads(said("list", "--json"))["missions"]
    assert [(each["name"], each["tokens"]) for each in listed] == [("Dobra", 1), ("Second", 5)]
    new.write_bytes(small_form("3").replace(b'<data id="small"', b'<data id="other"'))
    assert json.loads(said("form", "add", new, "--mission", "Dobra", "--json"))["replaced"] == []
    assert "Form other, version 3, stands in no new pack." in said("form", "remove", "other", "--mission", "Dobra")
