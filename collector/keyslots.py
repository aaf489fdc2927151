"""The vault's head: eight ways to one vault key, none of which shows whether it is in use (docs/spec/protocol.md §4.2).

Rules kept here: parameters are bounded before anything is computed; one Argon2id for an unlock, then every slot is
tried with and without the key file and none earlier than the others; a slot opens only when its commitment and its
seal both agree, so no slot can be made that opens for two passphrases, and none works at another place. All functions
are pure: bytes of a head in, bytes of a head out. Writing it durably is the vault's.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from collector import crypto
from collector.crypto import Secret
from schemas.problems import Problem

MAGIC: Final = b"SVIDVLT1"
HEADER: Final = 4096
SLOTS: Final = 8
PASSPHRASE: Final = 1
RECOVERY: Final = 2
OTHER_VAULT: Final = 3
KEYFILE_BYTES: Final = 1 << 20
"""How much of a key file counts."""

_PREFIX: Final = 52
_TABLE: Final = 64
_SLOT: Final = 256
_SALT, _NONCE, _COMMIT, _SEALED = slice(0, 16), slice(16, 40), slice(40, 72), slice(72, 152)
_PLAIN: Final = struct.Struct(">32sBIQ19x")


@dataclass(frozen=True, slots=True)
class KdfParams:
    """Cost of Argon2id: memory in KiB, passes. Raises E_KDF_PARAMS outside 64 MiB to 2 GiB and 1 to 16."""

    m_kib: int
    t: int

    def __post_init__(self) -> None:
        if not (65_536 <= self.m_kib <= 2_097_152 and 1 <= self.t <= 16):
            raise Problem("E_KDF_PARAMS")


FLOOR: Final = KdfParams(262_144, 3)
_CANDIDATES: Final = (KdfParams(524_288, 3), KdfParams(524_288, 4), KdfParams(1_048_576, 3))
_LONGEST_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The vault key, and which slot gave it: index, kind, generation, seconds since 1970 when it was written."""

    vmk: Secret = field(repr=False, compare=False)
    slot: int
    kind: int
    gen: int
    created: int


def calibrate(clock: Callable[[], float] = time.perf_counter) -> KdfParams:
    """The greatest cost that this machine bears in about 1.5 s with half of its free memory; never less than the floor.

    Measures the floor once and scales (§4.3).
    """
    started = clock()
    crypto.argon2id("calibration", bytes(16), FLOOR.m_kib, FLOOR.t).wipe()
    second_per_pass = (clock() - started) / (FLOOR.m_kib * FLOOR.t)
    room_kib = _free_memory_kib() // 2
    chosen = FLOOR
    for params in _CANDIDATES:
        if params.m_kib <= room_kib and params.m_kib * params.t * second_per_pass <= _LONGEST_SECONDS:
            chosen = params
    return chosen


def _free_memory_kib() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    except (AttributeError, ValueError, OSError):
        # Systems that do not say: the floor's successor is what any of them can give.
        return 2 * _CANDIDATES[0].m_kib


# ---- making a head -------------------------------------------------------------------------------------------------


def new_header(passphrase: str, vmk: Secret, params: KdfParams, keyfile: bytes | None = None, *, gen: int = 1) -> bytes:
    """A head of 4096 bytes whose slot 0 opens with the passphrase (and the key file's bytes). Raises E_KDF_MEMORY."""
    return replace_slot(_blank(params), 0, passphrase, vmk, gen=gen, keyfile=keyfile)


def new_raw_header(vmk: Secret, secret32: Secret, kind: int = OTHER_VAULT, *, gen: int = 1) -> bytes:
    """A head that opens with 32 random bytes only: the vault of a compartment, held by another vault."""
    return add_raw_slot(_blank(FLOOR), vmk, secret32, kind, gen=gen, slot=0)


def free_slot(used: Collection[int]) -> int:
    """The first slot not in `used`. Slots do not show whether they are used: the vault's database knows.

    Raises E_KEYSLOTS_FULL.
    """
    for slot in range(SLOTS):
        if slot not in used:
            return slot
    raise Problem("E_KEYSLOTS_FULL")


def replace_slot(
    header: bytes, slot: int, passphrase: str, vmk: Secret, *, gen: int, keyfile: bytes | None = None
) -> bytes:
    """The head with `slot` opening by this passphrase, at the head's own cost. Raises E_FORMAT, E_KDF_*."""
    prefix = _prefix(header)
    with _stretched(prefix, passphrase) as word:
        return _with_slot(header, slot, _sealed_slot(prefix, slot, word, keyfile, vmk, PASSPHRASE, gen))


def add_slot(
    header: bytes, passphrase: str, vmk: Secret, *, slot: int, gen: int, keyfile: bytes | None = None
) -> bytes:
    """The head with one more passphrase at `slot` (see `free_slot`)."""
    return replace_slot(header, slot, passphrase, vmk, gen=gen, keyfile=keyfile)


def add_raw_slot(
    header: bytes, vmk: Secret, secret32: Secret, kind: int = OTHER_VAULT, *, gen: int = 1, slot: int = 1
) -> bytes:
    """The head with `slot` opening by 32 random bytes, without Argon2id: recovery or another vault. Raises E_FORMAT."""
    if kind not in (RECOVERY, OTHER_VAULT) or len(secret32) != 32:
        raise Problem("E_FORMAT", where="key slot")
    prefix = _prefix(header)
    return _with_slot(header, slot, _sealed_slot(prefix, slot, secret32, None, vmk, kind, gen))


def remove_slot(header: bytes, slot: int) -> bytes:
    """The head with `slot` filled with random bytes, as one that was never used."""
    _prefix(header)
    return _with_slot(header, slot, crypto.random_bytes(_SLOT))


# ---- opening -------------------------------------------------------------------------------------------------------


def unlock(header: bytes, passphrase: str, keyfile: bytes | None = None) -> Unlocked:
    """The vault key by a passphrase and, where the slot wants it, the bytes of a key file.

    Takes one Argon2id (0.3 to 1.5 s, the interpreter lock released). Raises E_FORMAT, E_KDF_PARAMS, E_KDF_MEMORY, and
    E_UNLOCK after the same path for every slot.
    """
    prefix = _prefix(header)
    with _stretched(prefix, passphrase) as word:
        return _search(header, word, keyfile, (PASSPHRASE,))


def unlock_raw(header: bytes, secret32: Secret) -> Unlocked:
    """The vault key by 32 random bytes (recovery, or held by another vault). Raises E_FORMAT, E_UNLOCK."""
    _prefix(header)
    return _search(header, secret32, None, (RECOVERY, OTHER_VAULT))


def params_of(header: bytes) -> KdfParams:
    """The cost that the head asks for. Raises E_FORMAT, E_KDF_PARAMS."""
    m_kib, t = struct.unpack_from(">II", _prefix(header), 40)
    return KdfParams(m_kib, t)


# ---- inside --------------------------------------------------------------------------------------------------------


def _blank(params: KdfParams) -> bytes:
    """A head with fresh vault id and salt, and eight unused slots."""
    prefix = MAGIC + crypto.random_bytes(32) + struct.pack(">IIB3x", params.m_kib, params.t, 1)
    return prefix + bytes(_TABLE - _PREFIX) + crypto.random_bytes(HEADER - _TABLE)


def _prefix(header: bytes) -> bytes:
    """The 52 bytes that every key depends on, once the head's form was checked. Raises E_FORMAT."""
    if len(header) != HEADER or header[:8] != MAGIC or header[48] != 1 or any(header[49:_TABLE]):
        raise Problem("E_FORMAT", where="vault.hdr")
    return bytes(header[:_PREFIX])


def _stretched(prefix: bytes, passphrase: str) -> Secret:
    """Argon2id of the passphrase at the head's cost, which is bounded first."""
    m_kib, t = struct.unpack_from(">II", prefix, 40)
    params = KdfParams(m_kib, t)
    return crypto.argon2id(passphrase, prefix[24:40], params.m_kib, params.t)


def _keyfile_hash(keyfile: bytes | None) -> bytes:
    return bytes(32) if keyfile is None else crypto.tagged("keyfile", keyfile[:KEYFILE_BYTES])


def _slot_keys(prefix: bytes, salt: bytes, word: Secret, keyfile_hash: bytes) -> tuple[Secret, bytes]:
    """kek and commitment of a slot."""
    with (
        Secret(word + keyfile_hash) as ikm,
        crypto.extract(prefix[8:24] + salt, ikm) as prk,
        crypto.expand(prk, "keyslot", 64) as both,
    ):
        return Secret(both[:32]), bytes(both[32:])


def _sealed_slot(
    prefix: bytes, slot: int, word: Secret, keyfile: bytes | None, vmk: Secret, kind: int, gen: int
) -> bytes:
    salt, nonce = crypto.random_bytes(16), crypto.random_bytes(24)
    kek, commit = _slot_keys(prefix, salt, word, _keyfile_hash(keyfile))
    with kek, Secret(_PLAIN.pack(bytes(vmk), kind, gen, int(time.time()))) as plain:
        sealed = crypto.xaead_seal(kek, nonce, plain, prefix + bytes([slot]))
    body = salt + nonce + commit + sealed
    return body + crypto.random_bytes(_SLOT - len(body))


def _with_slot(header: bytes, slot: int, body: bytes) -> bytes:
    if not 0 <= slot < SLOTS:
        raise Problem("E_FORMAT", where="key slot")
    at = _TABLE + slot * _SLOT
    return bytes(header[:at]) + body + bytes(header[at + _SLOT :])


def _search(header: bytes, word: Secret, keyfile: bytes | None, kinds: tuple[int, ...]) -> Unlocked:
    """Try all slots, each with no key file and with the key file; the work is the same whatever opens, or nothing."""
    prefix = _prefix(header)
    # Without a key file its place is taken by a value that matches nothing, so that the number of steps stays the same.
    with_file = crypto.random_bytes(32) if keyfile is None else _keyfile_hash(keyfile)
    found: Unlocked | None = None
    for slot in range(SLOTS):
        body = header[_TABLE + slot * _SLOT :][:_SLOT]
        for keyfile_hash in (bytes(32), with_file):
            opened = _try_slot(prefix, slot, body, word, keyfile_hash, kinds)
            found = found or opened
    if found is None:
        raise Problem("E_UNLOCK")
    return found


def _try_slot(
    prefix: bytes, slot: int, body: bytes, word: Secret, keyfile_hash: bytes, kinds: tuple[int, ...]
) -> Unlocked | None:
    """One slot: commitment and seal are both computed, and both must agree."""
    kek, commit = _slot_keys(prefix, body[_SALT], word, keyfile_hash)
    with kek:
        committed = crypto.same(commit, body[_COMMIT])
        plain = crypto.xaead_open(kek, body[_NONCE], body[_SEALED], prefix + bytes([slot]))
    if not committed or plain is None or any(plain[45:]):
        return None
    vmk, kind, gen, created = _PLAIN.unpack(plain)
    return Unlocked(Secret(vmk), slot, kind, gen, created) if kind in kinds else None
