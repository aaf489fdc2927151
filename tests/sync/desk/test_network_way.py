"""The whole network way by its commands: a field machine, a receiver in a process of its own, a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collector.field import Field
from collector.packs import FormSource
from schemas.records.network import VolumePage
from schemas.structure import decode
from sync import fetching, network
from sync import receipts as field_receipts
from sync.desk import tokens
from sync.desk.desk import Desk
from sync.link import Link
from tests.helpers.forms import small_form
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import PASSPHRASE, SMALL
from tests.network.devices import send, states
from tests.receiver_kit import Receiver, running_receiver, svidok


class Office:
    """A desk that is used by its commands alone."""

    def __init__(self, folder: Path) -> None:
        self.home, self._secret = folder / "desk", folder / "secret"
        self._secret.write_text(PASSPHRASE)
        with Desk.create(self.home, PASSPHRASE, params=SMALL) as desk:
            desk.mission_new("Dobra", [FormSource("small", "1", small_form())])
            self.fingerprint = desk.fingerprint

    def __call__(self, *words: object, code: int = 0) -> Any:
        """What a command prints as JSON."""
        options = ("--home", self.home, "--passphrase-file", self._secret, "--json")
        done = svidok("desk", *words, *options, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with running_receiver(tmp_path) as running:
        yield running


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    with Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16) as made:
        yield made


def enrol(office: Office, field: Field, folder: Path) -> Any:
    """Through the office's command; the device takes the pack."""
    request, pack = folder / "request", folder / "pack"
    data, fingerprint = field.request()
    request.write_bytes(data)
    result = office("enrol", request, "--fingerprint", fingerprint, "--out", pack)
    field.accept_pack(pack.read_bytes(), office.fingerprint)
    return result


def give_tokens(office: Office, receiver: Receiver, folder: Path) -> Any:
    """The newest list, from the office's command to the receiver's."""
    out = folder / "list"
    result = office("mission", "tokens", "--out", out)
    svidok("receiver", "accept", out, "--home", receiver.home, "--fingerprint", office.fingerprint)
    return result


def connected(office: Office, receiver: Receiver, field: Field, folder: Path) -> None:
    """The mission names the receiver, the field computer has it in its pack, the receiver knows the tokens."""
    office("mission", "receiver", "add", receiver.card_path)
    enrol(office, field, folder)
    give_tokens(office, receiver, folder)


def test_there_and_back(office: Office, receiver: Receiver, field: Field, tmp_path: Path) -> None:
    assert enrol(office, field, tmp_path)["tokens"] == 0
    added = office("mission", "receiver", "add", receiver.card_path)
    assert office("mission", "receiver", "list")["receivers"][0]["fingerprint"] == added["fingerprint"]
    assert office("mission", "receiver", "add", receiver.card_path, code=1)["problem"]["code"] == "E_RECEIVER_TWICE"
    assert office("fetch", "--receiver", code=1)["receivers"][0]["problem"]["code"] == "E_DESK_UNKNOWN"

    result = enrol(office, field, tmp_path)
    assert (result["version"], result["receivers"], result["tokens"], result["list_needed"]) == (2, 1, 64, True)
    assert office("status")["network"]["tokens"]["list_needed"] is True
    listed = give_tokens(office, receiver, tmp_path)
    assert (listed["new"], listed["tokens"]) == (1024, 1024)
    assert office("status")["network"]["tokens"]["list_needed"] is False

    for number in range(2):
        sealed_entry(field, photo=some_file(tmp_path, f"{number}.jpg"))
    assert send(field).ok
    assert states(field) == ["stored", "stored"]

    fetched = office("fetch", "--receiver")
    assert (fetched["ok"], fetched["fetched"]) == (True, 1)
    assert office("fetch")["fetched"] == 0
    imported = office("import")
    assert (imported["imported"], imported["removed"]) == (2, 1)
    status = office("status")["network"]
    assert (status["receipts_waiting"], status["fetched"]["to_acknowledge"]) == (1, 1)

    sent = office("receipts", "--receiver", "--out", tmp_path / "returns")
    (part,) = sent["network"]["receivers"]
    assert (part["files"], part["receipts"], part["acknowledged"], sent["receipts"]) == (1, 2, 1, 2)
    report = fetching.fetch(field)
    assert [item.status for item in report.taken] == ["imported", "imported"]
    assert states(field) == ["imported", "imported"]
    assert len(field_receipts.purge(field).purged) == 2


def test_a_restarted_receiver_and_another_address(
    office: Office, receiver: Receiver, field: Field, tmp_path: Path
) -> None:
    connected(office, receiver, field, tmp_path)
    sealed_entry(field)
    assert send(field).ok
    receiver.stop()
    (part,) = office("fetch", code=1)["receivers"]
    assert part["problem"]["code"] == "E_NET_UNREACHABLE"
    receiver.restart()
    assert office("fetch", "--url", f"https://localhost:{receiver.port}")["fetched"] == 1
    assert office("import")["imported"] == 1
    again = office("fetch", "--again")
    assert (again["fetched"], office("import")["duplicates"]) == (1, 1)


def test_attack_40_what_one_receiver_is_shown_is_refused_by_another(
    office: Office, receiver: Receiver, field: Field, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with running_receiver(tmp_path / "other") as other:
        for each in (receiver, other):
            office("mission", "receiver", "add", each.card_path)
        enrol(office, field, tmp_path)
        give_tokens(office, receiver, tmp_path)
        parts = office("fetch", code=1)["receivers"]
        assert [part["problem"] and part["problem"]["code"] for part in parts] == [None, "E_DESK_UNKNOWN"]
        give_tokens(office, other, tmp_path)
        sealed_entry(field)
        assert send(field).ok
        assert office("fetch")["fetched"] == 1
        with Desk.open(office.home, PASSPHRASE) as desk:
            shown = {}
            for each in (receiver, other):
                with tokens.bearer(desk.vault, each.card.r1_key) as bearer:
                    shown[each] = network.bearer(bytes(bearer))
        for own, foreign in ((receiver, other), (other, receiver)):
            with closing(Link(own.card)) as link:
                listed = link.request("GET", network.BUNDLES, headers={"Authorization": shown[own]})
                assert listed.status == 200
                place = f"{network.BUNDLES}/{'0' * 32}/0-0"
                for volume in decode(VolumePage, listed.body).volumes:
                    place = f"{network.BUNDLES}/{volume.bid.hex()}/{volume.s}-{volume.i}"
                for method, path in (("GET", f"{network.BUNDLES}?after=0"), ("GET", place), ("DELETE", place)):
                    answer = link.request(method, path, headers={"Authorization": shown[foreign]})
                    assert (answer.status, answer.headers.get("svidok-code")) == (401, "E_TOKEN_UNKNOWN")


def test_a_removed_receiver_is_fetched_from_until_it_is_forgotten(
    office: Office, receiver: Receiver, field: Field, tmp_path: Path
) -> None:
    connected(office, receiver, field, tmp_path)
    sealed_entry(field)
    removed = office("mission", "receiver", "remove", receiver.url)
    assert (removed["warning"]["code"], removed["warning"]["facts"]["devices"]) == ("E_RECEIVER_HOLDS", 1)
    assert send(field).ok  # by the pack that it has
    give_tokens(office, receiver, tmp_path)  # the newest list does not cut the desk off
    assert office("fetch")["fetched"] == 1
    assert office("import")["imported"] == 1
    refused = office("mission", "receiver", "forget", receiver.url, code=1)["problem"]
    assert (refused["code"], refused["facts"]["boxes"]) == ("E_RECEIVER_HOLDS", 1)
    assert office("receipts", "--receiver")["network"]["receivers"][0]["acknowledged"] == 1
    assert [item.status for item in fetching.fetch(field).taken] == ["imported"]
    assert enrol(office, field, tmp_path)["receivers"] == 0
    office("mission", "receiver", "forget", receiver.url)
    assert office("fetch", code=1)["problem"]["code"] == "E_RECEIVERS_NONE"


def test_what_a_person_reads(office: Office, receiver: Receiver, tmp_path: Path) -> None:
    secret = ("--home", office.home, "--passphrase-file", tmp_path / "secret")
    card = receiver.card_path
    added = svidok("desk", "mission", "receiver", "add", card, *secret).stdout
    assert receiver.url in added
    assert "Fingerprint of its card: " in added
    assert receiver.url in svidok("desk", "status", *secret).stdout
    assert "Wrote 1024 tokens to" in svidok("desk", "mission", "tokens", "--out", tmp_path / "list", *secret).stdout
    founded = svidok("desk", "mission", "new", "--name", "Second", "--receiver", card, *secret).stdout
    assert receiver.url in founded
    assert svidok("desk", "receipts", *secret, check=False).returncode == 2
    gone = svidok("desk", "mission", "receiver", "remove", receiver.url, "--mission", "Second", *secret).stdout
    assert "stands in no new pack" in gone
    listed = svidok("desk", "mission", "receiver", "list", "--mission", "Second", *secret).stdout
    assert "no new pack names it: Second" in listed
    second = ("--mission", "Second", *secret)
    assert "is forgotten" in svidok("desk", "mission", "receiver", "forget", receiver.url, *second).stdout
    assert svidok("desk", "mission", "receiver", "list", *second).stdout == "No receiver yet.\n"
    bad = svidok("desk", "mission", "receiver", "add", tmp_path / "list", "--mission", "Dobra", *secret, check=False)
    assert (bad.returncode, "[E_RECEIVER_CARD]" in bad.stderr) == (1, True)
