"""The desk's commands about quarantine, facets and attachments, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sync.desk.desk import Desk
from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import svidok
from tests.tui.desk.conftest import PICTURES, RECORDS, World

WHY = "Handed over on this day"


class Office:
    """A desk with an entry in quarantine, and the commands on it."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.passphrase = home, folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE, "utf-8")

    def told(self, *words: object) -> str:
        return svidok("desk", *words, "--home", self.home, "--passphrase-file", self.passphrase).stdout

    def run(self, *words: object, fails: bool = False) -> Any:
        done = svidok("desk", *words, "--home", self.home, "--passphrase-file", self.passphrase, "--json", check=False)
        assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
        found = json.loads(done.stdout)
        return found["problem"]["code"] if fails else found


@pytest.fixture
def office(full: Path, world: World, tmp_path: Path) -> Office:
    with Desk.open(full, PASSPHRASE) as desk:
        desk.import_folders([world.refused])
    return Office(full, tmp_path)


def test_an_item_is_listed_put_aside_written_out_and_accepted(office: Office, tmp_path: Path) -> None:
    (item,) = office.run("quarantine")["items"]
    assert office.run("quarantine", "list")["items"] == [item]
    assert (item["code"], item["can"]) == ("E_DEVICE_REVOKED", ["retry", "release", "reject", "export"])
    number = item["number"]
    assert office.run("quarantine", "reject", number, "--reason", "no", fails=True) == "E_ITEM_REASON"
    assert office.run("quarantine", "reject", number, "--reason", WHY)["decision"]["what"] == "rejected"
    assert office.run("quarantine", "retry", number)["code"] == "E_DEVICE_REVOKED"
    office.run("quarantine", "export", number, "--out", tmp_path / "out")
    assert (tmp_path / "out/entry.sealed").stat().st_size == item["bytes"]
    acts = [event["act"] for event in office.run("quarantine", "show", item["eid"])["custody"]]
    assert acts == ["quarantine", "reject", "retry", "hand-on"]
    assert office.run("quarantine", "release", number, "--reason", WHY)["state"] == "imported"
    assert office.run("quarantine")["items"] == []
    assert office.run("quarantine", "show", number, fails=True) == "E_ITEM_UNKNOWN"


def test_facets_are_counted_and_narrow(office: Office) -> None:
    found = office.run("search", "--facets")
    assert (found["records"], found["estimated"], found["waiting"]) == (RECORDS, False, 0)
    assert found["facets"]["mission"] == [{"value": "Demonstration", "count": RECORDS}]
    assert {"value": "UA14", "count": 1} in found["facets"]["region"]
    told = office.told("search", "--facets")
    assert "UA14 (Donetsk) 1" in told
    assert "ukr (Ukrainian) 2" in told
    (hit,) = office.run("search", "--facet", "attachments=with")["hits"]
    assert hit["record"] == PICTURES
    assert office.run("search", "--facet", "colour=red", fails=True) == "E_FACET"


def test_an_attachment_is_checked_without_being_written(office: Office) -> None:
    name = office.run("show", PICTURES)["attachments"][0]["name"]
    checked = office.run("attachment", PICTURES, name, "--check")
    assert (checked["whole"], checked["kind"]) == (True, "picture")
