"""Search, records, attachments and tables: what people read, and what hostile content does to it (nothing)."""

from __future__ import annotations

import csv
import hashlib
import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from sync.desk import text
from sync.desk.archive import FOLDER
from sync.desk.desk import Desk
from sync.desk.record import nested
from sync.desk.sniff import sniffed
from tests.helpers.expect import flipped, refused
from tests.helpers.forms import AGE, CODE, CONSENT, EVENT, NAME, STORY
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import NAME_TEXT, Device, Sealed, answers, attach, given
from tests.sync.desk.travel import Bundle, take

ACCOUNT = "Він пішов з п’ятьма друзями на ринок. За́мок стояв на горі. Straße nach Kyjiw."


def told(device: Device, *stories: str, **names: Any) -> list[Sealed]:
    return [device.entry(answers("0" * 12, story=story, **names), code=f"{n:012d}") for n, story in enumerate(stories)]


def found(desk: Desk, words: str, **options: Any) -> list[str]:
    return [hit.record for hit in desk.search(words, **options)]


# ---- search ----


@pytest.mark.parametrize(
    "words",
    [
        "ринок", "РИНОК", "рин", "друзями п'ят", "п’ятьма", "пʼятьма", "п'ятьма", "п`ятьма", "ПЯТЬМА", '"на ринок"',
        '"друзями на рин"', "замок", "за́мок", "strasse", "STRASSE", "straße", "kyj ринок", "Olena",
        "000000000000", "«ринок»", "рино\u00adк",
    ],
)  # fmt: skip
def test_what_is_found(desk: Desk, one: Device, words: str) -> None:
    take(desk, Bundle(told(one, ACCOUNT)))
    assert found(desk, words) == ["000000000000"]


@pytest.mark.parametrize(
    "words", ["ринку", "ok ринок", '"ринок на"', "инок", "", "   ", "'’ʼ", '"', '""', "*", "( )", "ринок Olena", "-"]
)
def test_what_is_not_found(desk: Desk, one: Device, words: str) -> None:
    take(desk, Bundle(told(one, ACCOUNT)))
    assert found(desk, words) == []


@pytest.mark.parametrize(
    "words",
    [
        'AND ( " *', "NEAR(a b, 2)", "text:ринок", "ринок OR x", "NOT ринок", "^ринок", "{text} : ринок", "ринок + на",
        '"ринок" * "', "';DROP TABLE item;--", "ринок\x00", "a" * 100_000, "a " * 5000, '"' * 999,
        "\ud7ff\uffff", "-x", "ринок AND",
    ],
)  # fmt: skip
def test_no_syntax_of_the_index_is_reached(desk: Desk, one: Device, words: str) -> None:
    take(desk, Bundle(told(one, ACCOUNT)))
    for ranked in (False, True):
        assert found(desk, words, ranked=ranked) in ([], ["000000000000"])


@for_all(st.text(max_size=60))
def test_every_expression_consists_of_quoted_words(words: str) -> None:
    expression = text.query(words)
    for term in (expression or '"a"*').split(" AND "):
        assert term.startswith('"')
        assert term.endswith('"*')
        inner = term[1:-2]
        assert inner
        assert '"' not in inner
        assert inner == text.normal(inner)


@for_all(st.text(max_size=200))
def test_a_text_finds_itself_in_the_normal_form(words: str) -> None:
    assert text.normal(text.normal(words)) == text.normal(words)
    assert len(text.excerpts(words)(words)) <= 162


def test_newest_first_page_by_page(desk: Desk, one: Device) -> None:
    device = Device(leaves=64).enrol(desk)
    take(desk, Bundle(told(device, *(f"ринок {n} {'річка' if n % 3 == 0 else 'поле'}" for n in range(30)))))
    codes = [f"{n:012d}" for n in range(29, -1, -1)]
    assert found(desk, "ринок") == codes
    pages: list[str] = []
    before = None
    while page := desk.search("ринок", limit=7, before=before):
        pages += [hit.record for hit in page]
        before = page[-1].number
    assert pages == codes
    assert found(desk, "річка", limit=3) == ["000000000027", "000000000024", "000000000021"]
    assert found(desk, "ринок", limit=0) == found(desk, "ринок", limit=-1) == []
    assert [hit.record for hit in desk.recent(limit=2)] == codes[:2]


def test_pages_stay_full_when_records_in_between_went_into_quarantine(desk: Desk, one: Device) -> None:
    device = Device(leaves=64).enrol(desk)
    entries = told(device, *(["ринок"] * 12))
    take(desk, Bundle(entries))
    twins = [device.entry(leaf=n) for n in range(6, 12)]
    take(desk, Bundle(twins))
    assert found(desk, "ринок", limit=4) == ["000000000011", "000000000004", "000000000003", "000000000002"]
    assert len(found(desk, "ринок", limit=50)) == 6


def test_ranked_the_best_first(desk: Desk, one: Device) -> None:
    take(desk, Bundle(told(one, "ринок " + "інше " * 50, "ринок ринок ринок", "зовсім інше")))
    assert found(desk, "ринок", ranked=True) == ["000000000001", "000000000000"]
    assert found(desk, "ринок", ranked=True, limit=1) == ["000000000001"]


def test_a_hit_says_where_the_words_stand(desk: Desk, one: Device) -> None:
    take(desk, Bundle(told(one, "x " * 500 + "тут п’ятеро людей " + "y " * 500)))
    (hit,) = desk.search("п'ят")
    assert "п’ятеро" in hit.excerpt
    assert hit.compartment == "narrative"
    assert len(hit.excerpt) <= 162
    (hit,) = desk.search("olena")
    assert hit.compartment == "identity"


# ---- records ----


def test_repeats_are_lists_in_the_order_of_their_ids(desk: Desk, one: Device) -> None:
    def event(n: int, what: str) -> Any:
        return given((EVENT[0], ("event", n), "what"), what)

    entry = one.entry(
        {
            **answers("0" * 12),
            NARRATIVE: [event(7, "late"), given(STORY, "s"), event(2, "early"), given(AGE, None, "declined")],
        },
        code="0" * 12,
    )
    take(desk, Bundle([entry]))
    record = desk.record("0000-0000 oooo")
    answered: Any = record["answers"]
    assert answered["account"] == {
        "story": "s",
        "age": {"missing": "declined"},
        "event": [{"what": "early"}, {"what": "late"}],
    }
    assert record["consent"] == {"consent_interview": "yes"}
    assert record["unopened"] == []
    assert [event["act"] for event in record["custody"]] == ["import", "view"]  # type: ignore[attr-defined]


def test_a_repeat_of_ten_thousand_entries_in_no_order_takes_no_time() -> None:
    many = [given(("g", ("r", 1 + n * 7919 % 10007), "q"), n) for n in range(10_000)]
    began = time.process_time()
    listed = nested(many, {})["g"]["r"]
    assert len(listed) == 10_000
    assert time.process_time() - began < 5


NAMES = st.sampled_from(["a", "b", "c"])


@for_all(st.dictionaries(st.tuples(st.integers(1, 4), NAMES, st.integers(1, 4), NAMES), st.integers(), max_size=30))
def test_nesting_keeps_every_answer_in_its_place(values: dict[tuple[int, str, int, str], int]) -> None:
    flat = {(("outer", i), f"g_{g}", ("inner", j), q): value for (i, g, j, q), value in values.items()}
    got = nested([given(path, value) for path, value in flat.items()], {})
    outers = sorted({path[0][1] for path in flat})
    for (outer, group, inner, q), value in flat.items():
        place = got["outer"][outers.index(outer[1])][group]
        inners = sorted({path[2][1] for path in flat if path[0] == outer and path[1] == group})
        assert place["inner"][inners.index(inner[1])][q] == value


def test_unknown_records_and_hostile_codes(desk: Desk) -> None:
    for code in ("nobody", "", "\x00", "' OR 1=1 --", "0" * 1000, "f" * 32, "\u202eabc"):
        with refused("E_RECORD_UNKNOWN"):
            desk.record(code)


# ---- attachments ----

HOSTILE = (
    "../../../etc/passwd", "/etc/shadow", "CON", "a\x00b.jpg", "\u202egpj.exe", "x" * 255, "раsswd.jpg", "a:b",
    "..", ".",
    "C:\\windows\\system32", "~/.ssh/id_rsa", "name\nwith\nlines", "-rf", "\u2028", "",
)  # fmt: skip


def test_attack_23_hostile_names_touch_no_path(home: Home, one: Device, tmp_path: Path) -> None:
    entry = one.entry(attached=[attach(name.encode() or b"-", name=name) for name in HOSTILE])
    take(home.desk, Bundle([entry]))
    inside = sorted(p.name for p in home.path.rglob("*"))
    assert not set(inside) & set(HOSTILE)
    shown: Any = home.desk.record(entry.code)["attachments"]
    assert len(shown) == len(HOSTILE)
    for item in shown:
        assert item["name"].isprintable()
        assert len(item["name"].encode()) <= 120
    out = tmp_path / "out"
    out.mkdir()
    for item in shown:
        home.desk.attachment(entry.code, item["sid"], out / item["sid"])
    assert sorted(p.name for p in out.iterdir()) == sorted(item["sid"] for item in shown)
    contents = {(out / item["sid"]).read_bytes() for item in shown}
    assert contents == {name.encode() or b"-" for name in HOSTILE}
    home.desk.export_csv(tmp_path / "csv")
    assert {p.name for p in (tmp_path / "csv").iterdir()} == {"process.csv", "identity.csv", "narrative.csv"}


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50 << 20))
    return out.getvalue()


def test_attack_52_bombs_and_programs_are_bytes(desk: Desk, one: Device, tmp_path: Path) -> None:
    contents = {
        "bomb.jpg": (zip_bomb(), "application/zip"),
        "program.png": (b"\x7fELF" + bytes(300), "application/x-executable"),
        "polyglot.pdf": (b"GIF89a" + b"%PDF-1.7" + bytes(50), "image/gif"),
        "photo.txt": (b"\x89PNG\r\n\x1a\n" + bytes(99), "image/png"),
        "script.jpg": (b"#!/bin/sh\nrm -rf /\n", "text/x-script"),
        "packed.jpg": (b"\x1f\x8b\x08" + bytes(30), "application/gzip"),
    }
    entry = one.entry(attached=[attach(data, name=name, mime="image/jpeg") for name, (data, _) in contents.items()])
    take(desk, Bundle([entry]))
    shown: Any = {item["name"]: item for item in desk.record(entry.code)["attachments"]}  # type: ignore[attr-defined]
    for name, (data, kind) in contents.items():
        assert (shown[name]["claimed_type"], shown[name]["looks_like"]) == ("image/jpeg", kind)
        out = tmp_path / f"{len(data)}"
        result = desk.attachment(entry.code, name, out)
        assert result["sha256"] == hashlib.sha256(data).hexdigest()
        assert out.read_bytes() == data
        assert out.stat().st_mode & 0o777 == 0o600


@for_all(st.binary(max_size=2000))
def test_looking_at_the_first_bytes_never_fails(data: bytes) -> None:
    assert "/" in sniffed(data)


def test_an_attachment_appears_whole_or_not_at_all(home: Home, one: Device, tmp_path: Path) -> None:
    photo = attach(bytes([9]) * 300_000, name="photo.jpg")
    entry = one.entry(attached=[photo, attach(b"1", name="twice"), attach(b"2", name="twice")])
    take(home.desk, Bundle([entry]))
    out = tmp_path / "out" / "photo.jpg"
    out.parent.mkdir()
    out.write_bytes(b"mine")
    with refused("E_ATTACHMENT_EXISTS"):
        home.desk.attachment(entry.code, "photo.jpg", out)
    assert out.read_bytes() == b"mine"
    with refused("E_ATTACHMENT_WHICH"):
        home.desk.attachment(entry.code, "twice", out)
    with refused("E_ATTACHMENT_UNKNOWN"):
        home.desk.attachment(entry.code, "nothing", out)
    out.unlink()
    (cells,) = [p for p in (home.path / FOLDER / "store").iterdir()]
    whole = cells.read_bytes()
    cells.write_bytes(flipped(whole, whole.index(photo.cells[:100]) + 200_000))
    with refused("E_CELL_AUTH"):
        home.desk.attachment(entry.code, "photo.jpg", out)
    assert list(out.parent.iterdir()) == []
    cells.unlink()
    with refused("E_MEDIA_IO"):
        home.desk.attachment(entry.code, "photo.jpg", out)
    assert list(out.parent.iterdir()) == []


def test_attack_53_reading_is_noted_before_anything_is_read(home: Home, one: Device, tmp_path: Path) -> None:
    entry = one.entry(attached=[attach(b"x", name="a")])
    take(home.desk, Bundle([entry]))
    home.desk.record(entry.code)
    home.desk.attachment(entry.code, "a", tmp_path / "a")
    home.desk.export_csv(tmp_path / "csv")
    noted = [event["act"] for event in home.desk.record(entry.code)["custody"]]  # type: ignore[attr-defined]
    assert noted == ["import", "view", "decrypt", "export", "view"]
    home.desk.vault.db.execute(
        "CREATE TRIGGER stop BEFORE INSERT ON custody BEGIN SELECT RAISE(ABORT, 'frozen: custody'); END"
    )
    with refused("E_FROZEN"):
        home.desk.record(entry.code)
    with refused("E_FROZEN"):
        home.desk.attachment(entry.code, "a", tmp_path / "b")
    with refused("E_FROZEN"):
        home.desk.export_csv(tmp_path / "csv2")
    assert not (tmp_path / "b").exists()
    assert list((tmp_path / "csv2").glob("*")) == []


# ---- tables ----


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_by_compartment_and_repeat(desk: Desk, one: Device, tmp_path: Path) -> None:
    photo = attach(b"x", name="=photo.jpg")
    events = [given((EVENT[0], ("event", n), "what"), f"event {n}") for n in (1, 2)]
    pictures = [given((EVENT[0], ("event", 2), "photo"), photo.key.sid)]
    content = {**answers("0" * 12), NARRATIVE: [given(STORY, 'a "b", c\nd'), given(AGE, -7), *events]}
    content[IDENTITY] = [*content[IDENTITY], *pictures]
    first = one.entry(content, code="0" * 12, attached=[photo])
    second = one.entry({**answers("1" * 12), NARRATIVE: [given(STORY, None, "declined")]}, code="1" * 12)
    take(desk, Bundle([first, second]))
    written = {item.name: item.rows for item in desk.export_csv(tmp_path).files}
    assert written == {
        "process.csv": 2, "identity.csv": 2, "identity.account.event.csv": 1, "narrative.csv": 2,
        "narrative.account.event.csv": 2,
    }  # fmt: skip
    narrative = table(tmp_path, "narrative")
    assert narrative[0] == {"record_code": "0" * 12, "story": 'a "b", c\nd', "story_missing": "", "age": "-7"}
    assert narrative[1] == {"record_code": "1" * 12, "story": "", "story_missing": "declined", "age": ""}
    assert [(row["entry"], row["what"]) for row in table(tmp_path, "narrative.account.event")] == [
        ("1", "event 1"),
        ("2", "event 2"),
    ]
    (picture,) = table(tmp_path, "identity.account.event")
    assert (picture["entry"], picture["photo"]) == ("2", "'=photo.jpg")
    assert "MARKER-NAME" not in (tmp_path / "narrative.csv").read_text()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_cell_is_a_formula(desk: Desk, one: Device, tmp_path: Path, cell: str) -> None:
    take(desk, Bundle(told(one, cell, name=cell)))
    desk.export_csv(tmp_path)
    assert table(tmp_path, "narrative")[0]["story"] == f"'{cell}"
    assert table(tmp_path, "identity")[0]["full_name"] == f"'{cell}"


def test_a_code_among_the_answers_does_not_pass_for_the_records_own(desk: Desk, one: Device, tmp_path: Path) -> None:
    content = answers("0" * 12)
    content[PROCESS] = [given(CODE, "SOMEBODYELSE"), given(CONSENT, "yes")]
    take(desk, Bundle([one.entry(content, code="0" * 12)]))
    desk.export_csv(tmp_path)
    (row,) = table(tmp_path, "process")
    assert (row["record_code"], row["setting.record_code"]) == ("0" * 12, "SOMEBODYELSE")


def test_an_empty_archive_gives_empty_tables(desk: Desk, tmp_path: Path) -> None:
    assert [item.rows for item in desk.export_csv(tmp_path / "new" / "folder").files] == [0, 0, 0]
    assert (tmp_path / "new" / "folder" / "process.csv").read_bytes() == b"record_code\r\n"


def test_a_record_names_its_form(desk: Desk, one: Device) -> None:
    entry = one.entry()
    take(desk, Bundle([entry]))
    record: Any = desk.record(entry.code)
    assert record["form"] == {"id": "small", "version": "1"}
    assert record["answers"][NAME[0]][NAME[1]] == NAME_TEXT
