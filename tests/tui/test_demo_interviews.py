"""Invented interviews: complete in the shipped form, the same every time, marked as invented, with real files."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import wave
import zlib
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import pytest

from schemas.answers import fill
from schemas.forms import load
from schemas.session import Session
from schemas.xform import parse_form
from tui.demo_interviews import BASE_COUNT, SEARCH_PHRASE, interviews
from tui.demo_interviews.media import MEDIA, RECORDING_BYTES
from tui.demo_interviews.picture import HEIGHT, WIDTH
from tui.demo_interviews.telling import bases

FICTION = re.compile("вигадан|вымышлен|invented", re.IGNORECASE)


@pytest.fixture(scope="module")
def form():
    return parse_form(load("testimony_conscription"))


def account(interview) -> str:
    return interview.answers["d_account"]["narrative_text"]


def told(form, interview):
    session = Session(form, clock=lambda: datetime(2026, 6, 1, tzinfo=UTC), preset={"record_code": "K7Q2-M9XR"})
    attached = []

    def attach(path, question):
        attached.append((path, question))
        return len(attached).to_bytes(16, "big")

    fill(session, interview.answers, attach)
    return session, attached


def plain(answers):
    """Nested answers without what the program adds (codes), with files as files, without empty repeats."""
    if isinstance(answers, dict):
        if set(answers) & {"file", "attachment"}:
            return "a file"
        program = ("_code", "record_code", "meta", "gate_depth", "gate_stop")
        kept = {name: plain(each) for name, each in answers.items() if name not in program}
        return {name: each for name, each in kept.items() if each not in ([], {})}
    return [plain(each) for each in answers] if isinstance(answers, list | tuple) else answers


@pytest.mark.parametrize("number", range(BASE_COUNT + 24))
def test_every_interview_fills_the_form_completely(form, number):
    interview = next(islice(interviews(number + 1), number, None))
    session, attached = told(form, interview)
    assert session.validity() == []
    assert len(attached) == len(interview.attachments)
    assert plain(session.to_nested()) == plain(interview.answers)


def test_six_are_written_out_two_in_each_language_with_recording_and_photographs():
    written = list(interviews())
    assert Counter(each.language for each in written) == {"uk": 2, "ru": 2, "en": 2}
    assert [[file.name for file in each.attachments] for each in written[:2]] == [
        ["recording.wav"],
        ["summons-front.png", "summons-back.png"],
    ]
    assert {each.answers["e_person"]["respondent_role"] for each in written} >= {
        "self_taken",
        "relative",
        "professional",
    }
    for each in written:
        assert 600 <= len(account(each).split()) <= 1500


def test_reserved_answers_partial_dates_persons_and_refusals_occur():
    text = json.dumps([each.answers for each in interviews()], ensure_ascii=False)
    for reason in ("unknown", "declined", "not_asked"):
        assert f'{{"missing": "{reason}"}}' in text
    assert '"ev_perp_refs": "P1, P2"' in text
    assert '"2024-04-XX/2024-09"' in text
    assert "2022-02" in text


def test_everything_that_could_name_somebody_says_that_it_is_invented():
    naming = {"pp_name", "pp_unit", "id_full_name", "res_settlement", "interview_place_exact", "documenter_notes"}

    def named(value):
        if isinstance(value, list):
            for each in value:
                yield from named(each)
        elif isinstance(value, dict):
            for name, each in value.items():
                if name in naming and isinstance(each, str):
                    yield name, each
                yield from named(each)

    found = [pair for interview in interviews(60) for pair in named(interview.answers)]
    assert {name for name, _ in found} == naming
    for name, text in found:
        assert FICTION.search(text), (name, text)


def test_no_words_of_identity_stand_in_the_account():
    for interview in interviews(60):
        identity = [
            interview.answers["f_status"]["res_settlement"],
            interview.answers["a_setting"].get("interview_place_exact"),
        ]
        identity += [person.get("pp_name") for person in interview.answers["q_perp"]["pp"]]
        identity += [interview.answers["t_identity"].get("id_full_name")]
        for text in identity:
            if isinstance(text, str):
                assert text.split(" (")[0] not in account(interview)


def test_references_lead_to_persons_of_the_same_interview():
    for interview in interviews():
        persons = {f"P{n}" for n in range(1, len(interview.answers["q_perp"]["pp"]) + 1)}
        refs = re.findall(r'"\w+_perp_refs": "([^"]*)"', json.dumps(interview.answers))
        assert {code for each in refs for code in each.split(", ")} <= persons
        assert set(re.findall(r"\bP\d\b", account(interview))) <= persons


def test_the_phrase_to_search_for_stands_in_one_interview_of_thousands():
    holding = [n for n, each in enumerate(interviews(2000)) if SEARCH_PHRASE in account(each)]
    assert holding == [0]


def test_the_same_number_gives_the_same_interviews_and_different_ones_differ():
    first, again = (json.dumps([each.answers for each in interviews(120)], sort_keys=True) for _ in range(2))
    assert first == again
    assert len({json.dumps(each.answers, sort_keys=True) for each in interviews(600)}) == 600
    assert [len(list(interviews(n))) for n in (0, 1, 6, 7)] == [0, 1, 6, 7]


def test_variations_carry_no_files():
    for interview in islice(interviews(60), BASE_COUNT, None):
        assert interview.attachments == ()
        assert '"file"' not in json.dumps(interview.answers)


def test_every_word_of_a_variant_is_used_and_every_choice_of_a_group_has_the_same_words():
    for base in bases():
        used = set(re.findall(r"\{(\w+)\}", json.dumps(base.answers, ensure_ascii=False)))
        offered = [set(choice) for group in base.variants.values() for choice in group]
        assert set().union(*offered) == used
        assert all(set(choice) == set(group[0]) for group in base.variants.values() for choice in group)


def test_answers_with_paths_name_files_that_were_written(tmp_path):
    interview = next(islice(interviews(), 1, None))
    for attachment in interview.attachments:
        attachment.write(tmp_path)
    items = interview.answers_in(tmp_path)["r_items"]["at"]
    assert [item["at_file"]["file"] for item in items] == [str(tmp_path / file.name) for file in interview.attachments]
    assert all((tmp_path / file.name).stat().st_size > 2**20 for file in interview.attachments)


def test_the_recording_is_a_wave_file_of_20_mib(tmp_path):
    path = MEDIA["recording.wav"].write(tmp_path)
    assert path.stat().st_size == RECORDING_BYTES == 20 * 2**20
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
        assert sound.getnframes() == (RECORDING_BYTES - 44) // 2
        assert max(sound.readframes(16_000)) > 0


@pytest.mark.parametrize("name", ["summons-front.png", "summons-back.png"])
def test_the_photographs_are_png_pictures(name):
    data = b"".join(MEDIA[name].blocks())
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, here = {}, 8
    while here < len(data):
        length, kind = struct.unpack_from(">I4s", data, here)
        body = data[here + 8 : here + 8 + length]
        assert struct.unpack_from(">I", data, here + 8 + length)[0] == zlib.crc32(kind + body)
        chunks[kind], here = body, here + 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    assert len(zlib.decompress(chunks[b"IDAT"])) == HEIGHT * (WIDTH + 1)
    assert b"Invented" in chunks[b"tEXt"]


def test_files_are_the_same_bytes_on_every_machine():
    made = {name: hashlib.sha256(b"".join(file.blocks())).hexdigest()[:16] for name, file in MEDIA.items()}
    assert made == {
        "recording.wav": "d49a99c240f4d116",
        "summons-front.png": "c4f4edd2bf2a0a12",
        "summons-back.png": "240675862bf1ed2b",
    }
