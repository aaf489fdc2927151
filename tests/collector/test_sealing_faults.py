"""Whatever cuts a sealing off, there is a draft or a sealed entry: never both, never neither; no nonce serves twice."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

import pytest

from collector import crypto, files
from collector.crypto import BytesLike
from collector.field import Field
from schemas.problems import Problem
from tests.helpers.forms import NAME, PLACE, STORY
from tests.helpers.interviews import NAME_TEXT, STORY_TEXT, filled, some_file
from tests.helpers.killed import SEALING, at_each_checkpoint
from tests.helpers.mission import PASSPHRASE, Office, SetClock, enrolled_field, reopened
from tests.helpers.opening import open_sealed

EVERYBODY = list(Office().recipient_keys().values())


def state_of(field: Field, code: str) -> str:
    """`draft` or `sealed`; everything that belongs to it is whole, and nothing of the other is there."""
    drafts = [row for row in field.interviews() if row.code == code and row.state in ("open", "frozen")]
    entries = [row for row in field.interviews() if row.code == code and row.state == "sealed"]
    assert len(drafts) + len(entries) == 1
    outbox = sorted(item.name for item in (field.vault.folder / "outbox").iterdir())
    assert outbox == sorted(name for (name,) in field.vault.db.query("SELECT file_name FROM entry"))
    spool = {item.name for item in (field.vault.folder / "spool").iterdir()}
    assert spool == {name for (name,) in field.vault.db.query("SELECT spool FROM attachment")}
    assert len(spool) == 1
    if drafts:
        interview = field.open_interview(code)
        assert interview.session.node(STORY).value == STORY_TEXT
        assert interview.session.node(NAME).value == NAME_TEXT
        assert len(interview.files()) == 1
        return "draft"
    assert entries[0].entry is not None
    opened = open_sealed(field, bytes.fromhex(entries[0].entry), EVERYBODY)
    assert opened.answer(2, STORY)[0] == STORY_TEXT
    assert len(opened.documents[1].atts) == 1
    return "sealed"


def ring_files_that_open(field: Field) -> int:
    ring = field.vault.ring
    return sum(ring._opened(generation) is not None for generation in range(ring.generation + 3))


def signer_is_whole(field: Field) -> None:
    """The next signature is by the leaf after the last entry's."""
    row = field.vault.db.one("SELECT next_leaf, (SELECT coalesce(max(seq), 0) FROM entry) FROM signer")
    assert row is not None
    assert row[0] == row[1] + 1


def test_attack_59_kill_9_at_every_step_of_sealing(field: Field, tmp_path: Path) -> None:
    other = field.new_interview()
    other.answer(PLACE, "another draft")
    code = filled(field, photo=some_file(tmp_path, size=1000)).code
    home = field.vault.home
    field.close()
    work = tmp_path / "work"
    names = at_each_checkpoint(home, work, "seal", code)
    assert {"seal: frozen", *SEALING} <= set(names)
    states = []
    for number, name in enumerate(names, start=1):
        with Field.open(work / str(number), PASSPHRASE, clock=SetClock()) as killed:
            assert ring_files_that_open(killed) == 1, name
            signer_is_whole(killed)
            states.append(state_of(killed, code))
            assert killed.open_interview(other.code).session.node(PLACE).value == "another draft"
            killed.vault.log.verify_all()
            if states[-1] == "draft":
                killed.seal(code)
                assert state_of(killed, code) == "sealed"
                signer_is_whole(killed)
    turn = states.index("sealed")
    assert states == ["draft"] * turn + ["sealed"] * (len(states) - turn)
    assert names[turn - 1] == "ring: extra done" or "commit" in names[turn] or "commit" in names[turn - 1]


def test_attack_25_disk_full_at_every_step_of_sealing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = 0
    for stop in itertools.count(1):
        fault = DiskFull(stop)
        with enrolled_field(tmp_path / str(stop), Office()) as field:
            code = filled(field, photo=some_file(tmp_path, size=1000)).code
            with monkeypatch.context() as patch:
                patch.setattr(files, "checkpoint", fault)
                refused += seals(field, code) == "E_DISK_FULL"
            again = reopened(field)
            signer_is_whole(again)
            if state_of(again, code) == "draft":
                assert seals(again, code) == "sealed"
            assert state_of(again, code) == "sealed"
            again.close()
        if fault.seen < stop:
            break
    assert refused > 10


def seals(field: Field, code: str) -> str:
    """`sealed`, or the code of the problem."""
    try:
        field.seal(code)
    except Problem as problem:
        return problem.code
    return "sealed"


class DiskFull:
    """A disk that is full at the n-th step; after a commit nothing is written that could fail so."""

    def __init__(self, stop: int) -> None:
        self.stop = stop
        self.seen = 0

    def __call__(self, name: str) -> None:
        """Stands in the place of `files.checkpoint`."""
        self.seen += 1
        if self.seen == self.stop and name not in ("ring: committed", "after commit"):
            raise Problem("E_DISK_FULL", error="ENOSPC")


class Recorder:
    """Notes every (key, nonce) that encrypts, and refuses a second text under one of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.used: dict[tuple[bytes, bytes], bytes] = {}
        self.again: list[tuple[bytes, bytes]] = []
        real_seal, real_xseal, real_into = crypto.aead_seal, crypto.xaead_seal, crypto.Cipher.seal_into
        keys: dict[int, bytes] = {}
        real_init = crypto.Cipher.__init__

        def init(cipher: crypto.Cipher, key: BytesLike) -> None:
            real_init(cipher, key)
            keys[id(cipher)] = bytes(key)

        def seal(key: BytesLike, nonce: bytes, data: BytesLike, aad: bytes = b"") -> bytes:
            self.note(bytes(key), nonce, bytes(data) + aad)
            return real_seal(key, nonce, data, aad)

        def xseal(key: BytesLike, nonce: bytes, data: BytesLike, aad: bytes = b"") -> bytes:
            self.note(bytes(key), nonce, bytes(data) + aad)
            return real_xseal(key, nonce, data, aad)

        def into(cipher: crypto.Cipher, nonce: bytes, data: BytesLike, out: BytesLike) -> None:
            self.note(keys[id(cipher)], nonce, bytes(data))
            real_into(cipher, nonce, data, out)

        patch.setattr(crypto, "aead_seal", seal)
        patch.setattr(crypto, "xaead_seal", xseal)
        patch.setattr(crypto.Cipher, "__init__", init)
        patch.setattr(crypto.Cipher, "seal_into", into)

    def note(self, key: bytes, nonce: bytes, text: bytes) -> None:
        """One encryption."""
        pair, digest = (key, nonce), hashlib.sha256(text).digest()
        if self.used.setdefault(pair, digest) != digest:
            self.again.append(pair)


class PulledPlugError(Exception):
    """Stands for the end of the process."""


def test_attack_11_no_key_and_nonce_twice_when_sealing_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    field = enrolled_field(tmp_path / "home", Office())
    code = filled(field, photo=some_file(tmp_path, size=70_000)).code
    for stop in range(1, 60):
        with monkeypatch.context() as patch:
            patch.setattr(files, "checkpoint", _pulled_at(stop))
            try:
                field.seal(code)
                break
            except PulledPlugError:
                pass
        field = reopened(field)
        if state_of(field, code) == "sealed":
            break
    assert state_of(field, code) == "sealed"
    field.close()
    assert len(recorder.used) > 100
    assert recorder.again == []


def _pulled_at(stop: int) -> Any:
    seen = 0

    def checkpoint(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == stop:
            raise PulledPlugError

    return checkpoint


def test_the_recorder_of_nonces_would_notice() -> None:
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(patch)
        crypto.aead_seal(bytes(32), bytes(12), b"one")
        crypto.aead_seal(bytes(32), bytes(12), b"two")
        cipher = crypto.Cipher(bytes(32))
        cipher.seal_into(bytes(12), b"three", bytearray(5 + crypto.TAG))
    assert len(recorder.again) == 2
