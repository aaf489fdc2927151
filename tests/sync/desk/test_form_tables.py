"""Tables beside a form go with it: into the mission, into packs, onto the device, and back to whoever reads answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.field import Field
from collector.packs import FormSource
from schemas.problems import Problem
from schemas.session import Session
from sync.desk import checking, mission
from tests.helpers.mission import NOW, PASSPHRASE, SMALL, SetClock
from tests.helpers.tables import SHEET, TABLES, form_with_tables
from tests.helpers.xforms import noon
from tests.sync.desk.conftest import Home


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """The workbook as an office has it, with its tables in both places that are looked into."""
    folder = tmp_path / "forms"
    (folder / "tables-media").mkdir(parents=True)
    (folder / "tables.md").write_bytes(SHEET)
    for name, data in TABLES.items():
        (folder / ("tables-media" if name == "towns.csv" else "") / name).write_bytes(data)
    return folder / "tables.md"


def test_a_form_is_read_with_the_tables_beside_it(sheet: Path) -> None:
    read = mission.read_form(sheet)
    assert read.source == form_with_tables()
    (sheet.parent / "offices.xml").unlink()
    found = mission.read_form(sheet)
    assert [name for name, _ in found.source.files] == ["places.geojson", "towns.csv"]
    assert any("offices.xml is not there" in each for each in found.warnings)
    (sheet.parent / "places.geojson").write_bytes(b"[]")
    with pytest.raises(Problem, match="E_FORM_FILE"):
        mission.read_form(sheet)


def test_a_device_gets_them_and_the_desk_reads_answers_with_them(home: Home, sheet: Path, tmp_path: Path) -> None:
    form = mission.read_form(sheet).source
    home.desk.mission_new("tables", [form])
    field = Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=256, clock=SetClock(NOW + 3600))
    request, fingerprint = field.request()
    desk = home.reopened()
    field.accept_pack(desk.enrol(request, fingerprint, "tables").pack, desk.fingerprint)
    interview = field.new_interview("tables")
    interview.answer(("town",), "o")
    assert [each.label for each in interview.session.node(("nearby",)).choices] == ["Одеса", "Миколаїв"]
    interview.close()
    stored = Session(checking.stored_form(desk.vault, field.forms()[0].hash), clock=noon)
    assert [each.label for each in stored.node(("town",)).choices] == ["Одеса", "Миколаїв", "Київ"]
    again = desk.enrol(request, fingerprint, "tables")
    assert again.version == 1
    field.close()


def test_other_tables_need_another_version(home: Home) -> None:
    form = form_with_tables()
    home.desk.mission_new("tables", [form])
    changed = form_with_tables({**TABLES, "towns.csv": b"name,label,region\nl,Lviv,west\n"})
    with pytest.raises(Problem, match="E_FORM_TWICE"):
        home.desk.form_add(changed, "tables")
    newer = FormSource(changed.id, "2", changed.xml.replace(b'version="1"', b'version="2"'), changed.files)
    home.desk.form_add(newer, "tables")
    assert [(each.version, each.named) for each in home.desk.mission_forms("tables")] == [("2", True), ("1", False)]
    with pytest.raises(Problem, match="E_FORM_TWICE"):
        home.desk.form_add(changed, "tables")
    home.desk.form_add(form, "tables")
    assert [(each.version, each.named) for each in home.desk.mission_forms("tables")] == [("1", True), ("2", False)]
