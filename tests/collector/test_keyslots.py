"""The vault's head: what opens it, what does not, and that every refusal costs the same."""

from __future__ import annotations

import struct
from itertools import count

import pytest

from collector import crypto, keyslots
from collector.crypto import Secret
from collector.keyslots import KdfParams
from tests.helpers.expect import flipped, patched, refused

LOW = KdfParams(65_536, 1)
VMK = b"\x33" * 32
WORD = "правильний кінь батарея"
SLOT, TABLE = 256, 64


@pytest.fixture(scope="module")
def header() -> bytes:
    return keyslots.new_header(WORD, Secret(VMK), LOW, gen=7)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id in its smallest shape where a test opens a head many times; everything behind it is real."""
    real = crypto.argon2id
    monkeypatch.setattr(crypto, "argon2id", lambda word, salt, _m, _t: real(word, salt, 64, 1))


def slot_of(header: bytes, slot: int) -> bytes:
    return header[TABLE + SLOT * slot :][:SLOT]


def test_layout(header: bytes) -> None:
    assert len(header) == 4096
    assert header[:8] == b"SVIDVLT1"
    assert struct.unpack(">IIB", header[40:49]) == (65_536, 1, 1)
    assert not any(header[49:64])
    assert keyslots.params_of(header) == LOW
    again = keyslots.new_header(WORD, Secret(VMK), LOW)
    assert not any(again[at : at + 16] == header[at : at + 16] for at in range(64, 4096, 16))


def test_opens_with_the_passphrase_alone(header: bytes) -> None:
    opened = keyslots.unlock(header, WORD)
    assert bytes(opened.vmk) == VMK
    assert (opened.slot, opened.kind, opened.gen) == (0, keyslots.PASSPHRASE, 7)
    assert opened.created > 1_700_000_000
    assert VMK.hex() not in repr(opened)
    for wrong in ("", WORD + " ", WORD.upper()):
        with refused("E_UNLOCK"):
            keyslots.unlock(header, wrong)
    # A key file that the slot does not want does no harm.
    assert bytes(keyslots.unlock(header, WORD, b"some file").vmk) == VMK


def test_key_file_is_needed_where_it_was_set(quick: None) -> None:
    keyfile = b"\x01" * 70
    header = keyslots.new_header(WORD, Secret(VMK), LOW, keyfile)
    assert bytes(keyslots.unlock(header, WORD, keyfile).vmk) == VMK
    for other in (None, b"", keyfile + b"\x01", keyfile[:-1]):
        with refused("E_UNLOCK"):
            keyslots.unlock(header, WORD, other)


def test_first_mebibyte_of_a_key_file_counts(quick: None) -> None:
    start = b"k" * (1 << 20)
    header = keyslots.new_header(WORD, Secret(VMK), LOW, start + b"tail")
    assert bytes(keyslots.unlock(header, WORD, start + b"other").vmk) == VMK
    with refused("E_UNLOCK"):
        keyslots.unlock(header, WORD, start[:-1] + b"x")


def test_eight_slots_of_every_kind(quick: None) -> None:
    raw = Secret(b"\x09" * 32)
    header = keyslots.new_header("first", Secret(VMK), LOW)
    header = keyslots.add_slot(header, "second", Secret(VMK), slot=keyslots.free_slot({0}), gen=2, keyfile=b"file")
    header = keyslots.add_raw_slot(header, Secret(VMK), raw, keyslots.RECOVERY, gen=3, slot=5)
    header = keyslots.add_raw_slot(header, Secret(VMK), Secret(b"\x0a" * 32), gen=4, slot=7)
    assert keyslots.unlock(header, "first").slot == 0
    assert keyslots.unlock(header, "second", b"file").slot == 1
    recovered, other = keyslots.unlock_raw(header, raw), keyslots.unlock_raw(header, Secret(b"\x0a" * 32))
    assert (recovered.slot, recovered.kind, recovered.gen) == (5, keyslots.RECOVERY, 3)
    assert (other.slot, other.kind, other.gen) == (7, keyslots.OTHER_VAULT, 4)
    without = keyslots.remove_slot(header, 5)
    with refused("E_UNLOCK"):
        keyslots.unlock_raw(without, raw)
    assert keyslots.unlock(without, "first").slot == 0


def test_changed_passphrase(quick: None, header: bytes) -> None:
    changed = keyslots.replace_slot(keyslots.new_header("old", Secret(VMK), LOW), 0, "new", Secret(VMK), gen=8)
    assert keyslots.unlock(changed, "new").gen == 8
    with refused("E_UNLOCK"):
        keyslots.unlock(changed, "old")


def test_raw_head_opens_with_its_secret_only(quick: None) -> None:
    secret = Secret.random()
    header = keyslots.new_raw_header(Secret(VMK), secret)
    assert bytes(keyslots.unlock_raw(header, secret).vmk) == VMK
    with refused("E_UNLOCK"):
        keyslots.unlock_raw(header, Secret.random())
    with refused("E_UNLOCK"):
        keyslots.unlock(header, "")


def test_a_passphrase_slot_is_no_raw_slot(quick: None) -> None:
    """Whoever holds the Argon2id output of a passphrase does not get in by the door without Argon2id."""
    header = keyslots.new_header(WORD, Secret(VMK), LOW)
    word = crypto.argon2id(WORD, header[24:40], LOW.m_kib, LOW.t)
    with refused("E_UNLOCK"):
        keyslots.unlock_raw(header, word)


def test_slots_and_kinds_out_of_range(quick: None, header: bytes) -> None:
    assert keyslots.free_slot({0, 1, 3}) == 2
    with refused("E_KEYSLOTS_FULL"):
        keyslots.free_slot(range(8))
    for slot in (-1, 8):
        with refused("E_FORMAT"):
            keyslots.remove_slot(header, slot)
    for kind in (0, 1, 4):
        with refused("E_FORMAT"):
            keyslots.add_raw_slot(header, Secret(VMK), Secret.random(), kind)
    with refused("E_FORMAT"):
        keyslots.add_raw_slot(header, Secret(VMK), Secret.random(31))


@pytest.mark.parametrize(
    "damage",
    [
        lambda h: b"",
        lambda h: h[:-1],
        lambda h: h + b"\0",
        lambda h: b"SVIDVLT2" + h[8:],
        lambda h: patched(h, 48, b"\2"),
        lambda h: patched(h, 49, b"\1"),
        lambda h: patched(h, 63, b"\1"),
    ],
)
def test_other_forms_are_refused_before_anything_is_computed(damage: object, header: bytes) -> None:
    with refused("E_FORMAT"):
        keyslots.unlock(damage(header), WORD)  # type: ignore[operator]


# ---- attacks


def test_attack_05_slot_of_another_protocol_version(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(crypto, "P", b"svidok/2/")
        header = keyslots.new_header(WORD, Secret(VMK), LOW)
    with refused("E_UNLOCK"):
        keyslots.unlock(header, WORD)


@pytest.mark.parametrize("to", range(1, 8))
def test_attack_13_slot_moved_to_another_index(to: int, quick: None) -> None:
    header = keyslots.new_header(WORD, Secret(VMK), LOW)
    moved = patched(keyslots.remove_slot(header, 0), TABLE + SLOT * to, slot_of(header, 0))
    with refused("E_UNLOCK"):
        keyslots.unlock(moved, WORD)


def test_attack_13_no_slot_opens_for_two_passphrases(quick: None) -> None:
    """A slot with the commitment of one passphrase and the seal of another opens for neither."""
    first = keyslots.new_header("first", Secret(VMK), LOW)
    second = keyslots.replace_slot(first, 0, "second", Secret(VMK), gen=1)
    for mixed in (
        slot_of(first, 0)[:40] + slot_of(second, 0)[40:],
        slot_of(first, 0)[:72] + slot_of(second, 0)[72:],
        slot_of(second, 0)[:40] + slot_of(first, 0)[40:72] + slot_of(second, 0)[72:],
    ):
        for word in ("first", "second"):
            with refused("E_UNLOCK"):
                keyslots.unlock(patched(first, TABLE, mixed), word)


@pytest.mark.parametrize("slot", [*range(8), None])
@pytest.mark.parametrize("keyfile", [None, b"file"])
def test_attack_13_work_is_the_same_for_every_slot_and_for_none(
    slot: int | None, keyfile: bytes | None, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: key derivations, commitments compared and seals tried."""
    header = keyslots.new_raw_header(Secret(VMK), Secret.random())
    if slot is not None:
        header = keyslots.replace_slot(header, slot, WORD, Secret(VMK), gen=1, keyfile=keyfile)
    calls: dict[str, int] = {}

    def counted(name: str) -> None:
        real, number = getattr(crypto, name), count(1)

        def call(*args: object, **named: object) -> object:
            calls[name] = next(number)
            return real(*args, **named)

        monkeypatch.setattr(crypto, name, call)

    for name in ("argon2id", "extract", "expand", "same", "xaead_open"):
        counted(name)
    if slot is None:
        with refused("E_UNLOCK"):
            keyslots.unlock(header, WORD, keyfile)
    else:
        assert keyslots.unlock(header, WORD, keyfile).slot == slot
    assert calls == {"argon2id": 1, "extract": 16, "expand": 16, "same": 16, "xaead_open": 16}


@pytest.mark.parametrize(
    ("m_kib", "t"),
    [(65_535, 3), (0, 3), (2_097_153, 3), (2**32 - 1, 3), (65_536, 0), (65_536, 17), (65_536, 2**32 - 1)],
)
def test_attack_14_parameters_out_of_bounds_cost_nothing(
    m_kib: int, t: int, header: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_: object) -> Secret:
        raise AssertionError("Argon2id ran")

    monkeypatch.setattr(crypto, "argon2id", computed)
    bad = patched(header, 40, struct.pack(">II", m_kib, t))
    with refused("E_KDF_PARAMS"):
        keyslots.unlock(bad, WORD)
    with refused("E_KDF_PARAMS"):
        KdfParams(m_kib, t)


@pytest.mark.parametrize(
    ("at", "part"),
    [(40, struct.pack(">I", 65_537)), (44, struct.pack(">I", 2)), (8, b"other vault id 1"), (24, b"other salt 12345")],
)
def test_attack_14_changed_parameters_open_nothing(at: int, part: bytes, quick: None) -> None:
    header = keyslots.new_header(WORD, Secret(VMK), LOW)
    with refused("E_UNLOCK"):
        keyslots.unlock(patched(header, at, part), WORD)


@pytest.mark.parametrize("at", range(0, 152, 5))
def test_any_flipped_bit_of_a_slot_closes_it(at: int, quick: None) -> None:
    header = keyslots.new_header(WORD, Secret(VMK), LOW)
    with refused("E_UNLOCK"):
        keyslots.unlock(flipped(header, TABLE + at, at % 8), WORD)


def test_attack_68_commitment_holds_and_seal_fails(quick: None) -> None:
    """No match, and the others are still tried: the real slot stands behind the one that fails."""
    header = keyslots.new_header("other", Secret(b"\x44" * 32), LOW)
    header = keyslots.replace_slot(header, 6, WORD, Secret(VMK), gen=3)
    copied = patched(header, TABLE + SLOT * 2, slot_of(header, 6))
    opened = keyslots.unlock(copied, WORD)
    assert (opened.slot, bytes(opened.vmk)) == (6, VMK)
    with refused("E_UNLOCK"):
        keyslots.unlock(keyslots.remove_slot(copied, 6), WORD)


def test_calibration_stays_between_floor_and_patience() -> None:
    """A machine that takes a given time for the floor gets the greatest cost that stays within 1.5 s."""

    def clock(seconds_for_the_floor: float) -> object:
        ticks = iter((0.0, seconds_for_the_floor))
        return lambda: next(ticks)

    room = keyslots._free_memory_kib() // 2
    best = max(
        (p for p in keyslots._CANDIDATES if p.m_kib <= room), key=lambda p: p.m_kib * p.t, default=keyslots.FLOOR
    )
    assert keyslots.calibrate(clock(0.01)) == best  # type: ignore[arg-type]
    assert keyslots.calibrate(clock(2.0)) == keyslots.FLOOR  # type: ignore[arg-type]
    if room >= 524_288:
        assert keyslots.calibrate(clock(0.7)) == KdfParams(524_288, 3)  # type: ignore[arg-type]
