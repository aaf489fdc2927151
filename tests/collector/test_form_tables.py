"""Tables that a form looks into come along in its mission pack, and lie beside it for whoever tries it."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.beside import MAX_TABLE, Beside
from collector.packs import FormSource
from schemas.problems import Problem
from tests.helpers import mission
from tests.helpers.mission import Office
from tests.helpers.tables import TABLES, form_with_tables


def test_an_interview_uses_the_tables_of_its_pack_and_opens_again_with_them(tmp_path: Path) -> None:
    office = Office(forms=[form_with_tables()], seed=b"tables")
    field = mission.new_field(tmp_path / "home")
    request, _ = field.request()
    field.accept_pack(office.pack_for(request), office.fingerprint)
    interview = field.new_interview("tables")
    session = interview.session
    assert [each.label for each in session.node(("town",)).choices] == ["Одеса", "Миколаїв", "Київ"]
    assert [each.value for each in session.node(("office",)).choices] == ["a"]
    assert [each.label for each in session.node(("place",)).choices] == ["Square"]
    assert session.node(("nearby",)).choices == ()
    interview.answer(("town",), "m")
    assert [each.value for each in session.node(("nearby",)).choices] == ["o", "m"]
    interview.answer(("nearby",), "o")
    code = interview.code
    interview.close()
    field = mission.reopened(field)
    again = field.open_interview(code)
    assert again.session.value(("region",)) == "south"
    assert again.session.validity() == []
    with pytest.raises(Problem, match="E_ANSWER_CHOICE"):
        again.answer(("town",), "nowhere")
    again.close()
    field.close()


def test_a_pack_whose_tables_are_wrong_is_refused_whole(tmp_path: Path) -> None:
    field = mission.enrolled_field(tmp_path / "home", office := Office(seed=b"wrong"))
    good = form_with_tables()
    office.forms = [FormSource(good.id, good.version, good.xml, (("towns.csv", b"\xff"),))]
    with pytest.raises(Problem, match="E_FORM_FILE"):
        field.accept_pack(office.pack_for(field.request()[0]))
    assert [form.id for form in field.forms()] == ["small"]
    field.close()


def test_other_tables_need_another_version_of_the_form(tmp_path: Path) -> None:
    """A draft opens with the tables that it was begun with, so they never change behind it."""
    field = mission.enrolled_field(tmp_path / "home", office := Office(forms=[form_with_tables()], seed=b"others"))
    request = field.request()[0]
    field.accept_pack(office.pack_for(request, ver=2, prev=field.vault.db.query("SELECT hash FROM pack")[0][0]))
    office.forms = [form_with_tables({**TABLES, "towns.csv": b"name,label,region\nl,Lviv,west\n"})]
    with pytest.raises(Problem, match="E_PACK_TABLES"):
        field.accept_pack(office.pack_for(request, ver=4))
    office.forms = [FormSource(office.forms[0].id, office.forms[0].version, office.forms[0].xml)]
    with pytest.raises(Problem, match="E_PACK_TABLES"):
        field.accept_pack(office.pack_for(request, ver=4))
    field.close()


def test_tables_beside_a_form_are_plain_files_of_two_folders(tmp_path: Path) -> None:
    form, media = tmp_path / "f.xlsx", tmp_path / "f-media"
    media.mkdir()
    (tmp_path / "towns.csv").write_bytes(b"outer")
    (media / "towns.csv").write_bytes(b"inner")
    (tmp_path / "offices.xml").write_bytes(b"<a/>")
    (tmp_path / "linked.csv").symlink_to(tmp_path / "towns.csv")
    (tmp_path.parent / "above.csv").write_bytes(b"no")
    beside = Beside(form)
    assert beside["towns.csv"] == b"inner"
    assert beside.of(("towns.csv", "offices.xml", "missing.csv", "towns.csv")) == (
        ("offices.xml", b"<a/>"), ("towns.csv", b"inner"),
    )  # fmt: skip
    for name in ("linked.csv", "../above.csv", ".", "", "f-media", "a\0b", "f-media/towns.csv"):
        assert name not in beside
        with pytest.raises(KeyError):
            beside[name]
    assert list(beside) == ["offices.xml", "towns.csv"]
    assert len(beside) == 2


def test_a_table_that_is_too_large_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("wb") as out:
        out.truncate(MAX_TABLE + 1000)
    assert len(Beside(tmp_path / "f.md")["big.csv"]) == MAX_TABLE + 1
