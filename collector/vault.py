"""The vault: one passphrase opens it, and nothing in it stands on the disk in the clear.

A random vault key (VMK) lies in the slots of `vault.hdr`; everything else is derived from it (docs/spec/protocol.md
§4). A vault appears whole or not at all. What somebody may have put back while it was closed (an old header, an old
database) is found when it is opened, shown as a warning and written into the custody log.
"""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Callable, Sequence
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import Final

from collector import crypto, files, header, home, keyslots
from collector.crypto import Secret
from collector.custody import Clock, Log
from collector.database import Database
from collector.header import HeaderFile, Slot
from collector.home import Lock, profile_of
from collector.keyslots import KdfParams, Unlocked
from collector.mark import Mark
from collector.ring import Ring
from schemas.problems import Problem

__all__ = ["Vault", "common_migrations", "field_migrations", "profile_of"]

Migrations = Traversable | Sequence[Traversable]
FOLDERS: Final = ("spool", "outbox", "bundles", "inbox")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_ATTEMPTS: Final = "attempts"


def common_migrations() -> Traversable:
    """The tables that every vault has."""
    return package_files("collector") / "migrations" / "common"


def field_migrations() -> Traversable:
    """The tables of a field machine."""
    return package_files("collector") / "migrations" / "field"


class Vault:
    """An open vault. `warnings` are for the person's eyes; `close` wipes the keys and gives the home free."""

    def __init__(
        self, place: Path, vmk: Secret, migrations: Migrations, clock: Clock, *, read_only: bool, create: bool = False
    ) -> None:
        self.home = place
        self.folder = place / "vault"
        self.read_only = read_only
        self._vmk: Secret | None = vmk
        self._lock: Lock | None = None
        self._opened_by: Unlocked | None = None
        self._keyfile: bytes | None = None
        self.warnings: tuple[Problem, ...] = ()
        extra = tuple(migrations) if isinstance(migrations, Sequence) else (migrations,)
        with Secret(self.derive("db-key") + self.derive("db-salt", 16)) as key:
            self.db = Database.open(
                self.folder / "vault.db", key, (common_migrations(), *extra), create=create, read_only=read_only
            )
        try:
            self.log = Log(self.db, clock=clock)
            self._header = HeaderFile(self.folder, self.db, self.log)
            enter = Ring.made if create else Ring.loaded
            self.ring = enter(self.folder, self.derive("ring"), self.db)
            self._mark = Mark(self.folder, self.derive("mark"), self.log, self.ring)
            self.ring.after_rotation = self._mark.write
        except BaseException:
            self.db.close()
            raise

    # ---- creating and opening ----

    @classmethod
    def create(
        cls,
        place: Path,
        passphrase: str,
        *,
        migrations: Migrations,
        profile: str = "field",
        params: KdfParams | None = None,
        keyfile: bytes | None = None,
        prepare: Callable[[Vault], None] | None = None,
        clock: Clock = time.time,
    ) -> Vault:
        """Makes a home with a vault and opens it. `place` must not exist or be an empty folder.

        `prepare` fills the vault while it is still hidden; when it fails, no home appears. Without `params` the cost is
        measured (§4.3). `keyfile` is the content of a key file. Raises E_HOME_EXISTS, E_SELFTEST, E_KDF_*, and what
        writing files does.
        """
        _self_test()
        vmk = Secret.random(32)
        first = keyslots.new_header(passphrase, vmk, params or keyslots.calibrate(), keyfile)
        with home.building(place, profile) as (hidden, lock):
            _lay_out(hidden / "vault", first)
            vault = cls(hidden, Secret(vmk), migrations, clock, read_only=False, create=True)
            with vault:
                with vault.db.transaction():
                    vault._header.first(
                        first, Slot(index=0, kind=keyslots.PASSPHRASE, gen=1, keyfile=keyfile is not None)
                    )
                    vault.log.append("create-vault", first[8:24], {"profile": profile})
                files.checkpoint("vault: first event")
                if prepare is not None:
                    prepare(vault)
            files.fsync_dir(hidden / "vault")
        unlocked = Unlocked(vmk=vmk, slot=0, kind=keyslots.PASSPHRASE, gen=1, created=0)
        return cls._entered(place, unlocked, migrations, clock, lock, keyfile)

    @classmethod
    def unlock(
        cls,
        place: Path,
        passphrase: str,
        *,
        migrations: Migrations,
        profile: str | None = None,
        keyfile: bytes | None = None,
        read_only: bool = False,
        clock: Clock = time.time,
    ) -> Vault:
        """Opens the vault of a home; takes one Argon2id (about a second).

        Read-only opening works while another process has the home, and changes nothing. Raises E_HOME_MISSING,
        E_HOME_PROFILE (when `profile` is given and is another), E_HOME_BUSY, E_HDR_LOST, E_UNLOCK, E_KDF_PARAMS,
        E_DB_CORRUPT, E_DB_NEWER, E_SELFTEST.
        """

        def key_of(head: bytes) -> Unlocked:
            return keyslots.unlock(head, passphrase, keyfile)

        return cls._unlocked(place, key_of, migrations, profile, clock, keyfile, read_only=read_only)

    @classmethod
    def recover(
        cls,
        place: Path,
        secret32: Secret,
        *,
        migrations: Migrations,
        profile: str | None = None,
        clock: Clock = time.time,
    ) -> Vault:
        """Opens the vault by the recovery secret (§4.7), so that a new passphrase can be set. Raises as `unlock`."""
        return cls._unlocked(
            place, lambda head: keyslots.unlock_raw(head, secret32), migrations, profile, clock, None, read_only=False
        )

    @classmethod
    def _unlocked(
        cls,
        place: Path,
        key_of: Callable[[bytes], Unlocked],
        migrations: Migrations,
        profile: str | None,
        clock: Clock,
        keyfile: bytes | None,
        *,
        read_only: bool,
    ) -> Vault:
        _self_test()
        home.require_profile(place, profile or profile_of(place))
        lock = None if read_only else Lock(place)
        try:
            unlocked = key_of(header.read(place / "vault"))
        except Problem as problem:
            if lock is not None:
                if problem.code == "E_UNLOCK":
                    _count_attempt(place / "vault")
                lock.release()
            raise
        return cls._entered(place, unlocked, migrations, clock, lock, keyfile)

    @classmethod
    def _entered(
        cls,
        place: Path,
        unlocked: Unlocked,
        migrations: Migrations,
        clock: Clock,
        lock: Lock | None,
        keyfile: bytes | None,
    ) -> Vault:
        """The vault with its lock and its checks. Without a lock it is read-only."""
        try:
            vault = cls(place, unlocked.vmk, migrations, clock, read_only=lock is None)
        except BaseException:
            unlocked.vmk.wipe()
            if lock is not None:
                lock.release()
            raise
        vault._lock, vault._opened_by, vault._keyfile = lock, unlocked, keyfile
        try:
            vault._check()
        except BaseException:
            vault.close()
            raise
        return vault

    def _check(self) -> None:
        """What happened while the vault was closed: a change cut off, something put back, wrong passphrases tried."""
        found = [*self.ring.warnings, *self._header.settle()]
        forked = self._mark.check()
        if not self.read_only:
            _restore_folders(self.folder)
            for name in ("", *FOLDERS[:1], *FOLDERS[2:]):
                files.sweep_temporaries(self.folder / name)
            attempts = _attempts(self.folder)
            if attempts:
                self.log.append("unlock-fail", b"", {"count": attempts})
                files.remove(self.folder / _ATTEMPTS)
            if forked:
                self.log.append("restore", b"", {"what": str(forked[0].facts["where"])})
                self._mark.write()
        self.warnings = (*found, *forked)

    # ---- use ----

    def derive(self, label: str, length: int = 32) -> Secret:
        """A key of its own for `label`, derived from the vault key (§4.4). Raises E_VAULT_CLOSED."""
        return crypto.expand(self._key(), label, length)

    def path(self, folder: str, name: str) -> Path:
        """The path of a file of the vault by the name that the database holds. Raises E_FORMAT for no such name."""
        if folder not in FOLDERS or not _NAME.fullmatch(name):
            raise Problem("E_FORMAT", where="file name")
        return self.folder / folder / name

    def change_passphrase(self, new: str, *, keyfile: bytes | None = None) -> None:
        """Makes `new` the passphrase in the place of the one that opened the vault; durable when this returns.

        A vault that was opened with a key file keeps it unless another is given. The cost stays the header's. Raises
        E_READ_ONLY, E_KDF_MEMORY, and what writing files does; then either the old or the new passphrase opens.
        """
        slots = {slot.index: slot for slot in self._slots_to_change()}
        by, old = self._opened_by, [slot.index for slot in slots.values() if slot.kind == keyslots.PASSPHRASE]
        passphrase_opened = by is not None and by.kind == keyslots.PASSPHRASE
        index = by.slot if by is not None and passphrase_opened else (old or [keyslots.free_slot(slots)])[0]
        if keyfile is None and index in slots and slots[index].keyfile:
            keyfile = self._keyfile
        gen = self._header.state().gen + 1
        slots[index] = Slot(index=index, kind=keyslots.PASSPHRASE, gen=gen, keyfile=keyfile is not None)
        self._header.rewrite(
            "passphrase",
            tuple(slots.values()),
            lambda head: keyslots.replace_slot(head, index, new, self._key(), gen=gen, keyfile=keyfile),
        )
        self._keyfile = keyfile
        self.warnings = tuple(item for item in self.warnings if item.code != "E_HDR_ROLLBACK")

    def add_recovery(self, secret32: Secret) -> int:
        """Makes 32 random bytes open the vault too (§4.7) and returns the slot. Raises E_KEYSLOTS_FULL, E_READ_ONLY."""
        slots = {slot.index: slot for slot in self._slots_to_change()}
        index, gen = keyslots.free_slot(slots), self._header.state().gen + 1
        slots[index] = Slot(index=index, kind=keyslots.RECOVERY, gen=gen, keyfile=False)
        self._header.rewrite(
            "recovery",
            tuple(slots.values()),
            lambda head: keyslots.add_raw_slot(head, self._key(), secret32, keyslots.RECOVERY, gen=gen, slot=index),
        )
        return index

    def remove_slot(self, index: int) -> None:
        """Makes one slot useless; the one that opened the vault stays. Raises E_READ_ONLY, E_KEYSLOT_KEPT."""
        rest = tuple(slot for slot in self._slots_to_change() if slot.index != index)
        if not any(slot.kind == keyslots.PASSPHRASE for slot in rest):
            raise Problem("E_KEYSLOT_KEPT")
        self._header.rewrite("removed", rest, lambda head: keyslots.remove_slot(head, index))

    def slots(self) -> tuple[Slot, ...]:
        """The slots in use, as the database knows them."""
        return self._header.state().slots

    def _slots_to_change(self) -> tuple[Slot, ...]:
        if self.read_only:
            raise Problem("E_READ_ONLY")
        return self.slots()

    def _key(self) -> Secret:
        if self._vmk is None:
            raise Problem("E_VAULT_CLOSED")
        return self._vmk

    # ---- ending ----

    def close(self) -> None:
        """Leaves the files in order, wipes the keys, gives the home free; harmless when repeated."""
        if self._vmk is None:
            return
        # A full disk or a pulled stick must not keep the vault open: what is missing is made up at the next opening.
        with contextlib.suppress(Problem):
            if not self.read_only:
                self._mark.write()
                self.db.checkpoint()
        with contextlib.suppress(Problem):
            self.db.close()
        self.ring.close()
        self._mark.close()
        self._vmk.wipe()
        self._vmk, self._keyfile = None, None
        if self._lock is not None:
            self._lock.release()

    def wipe(self) -> None:
        """Destroys the way into the vault for ever: header and ring files are overwritten and removed (§4.6)."""
        self._slots_to_change()
        folder = self.folder
        self.close()
        for name in (header.NAME, "ring-0", "ring-1"):
            files.overwrite_and_unlink(folder / name)
            files.checkpoint("wipe: next file")

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@functools.cache
def _self_test() -> None:
    """The known answers of every primitive, once in a process. Raises E_SELFTEST."""
    crypto.self_test()


def _lay_out(folder: Path, first: bytes) -> None:
    files.make_private_dir(folder)
    for name in FOLDERS:
        files.make_private_dir(folder / name)
        files.checkpoint("vault: folder")
    files.write_durably(folder / header.NAME, first)
    files.checkpoint("vault: header")


def _restore_folders(folder: Path) -> None:
    """Makes the folders that are missing: copies and backups often leave out the empty ones."""
    for name in FOLDERS:
        if not (folder / name).is_dir():
            files.make_private_dir(folder / name)


def _attempts(folder: Path) -> int:
    """How often a wrong passphrase was tried since the vault was open last."""
    path = folder / _ATTEMPTS
    text = files.read_limited(path, 1 << 16) if path.is_file() else b""
    return int(text) if text.isdigit() and len(text) <= 9 else 0


def _count_attempt(folder: Path) -> None:
    # Told at the next opening. A disk that cannot be written must not hide that the passphrase was wrong.
    with contextlib.suppress(Problem):
        files.write_durably(folder / _ATTEMPTS, str(_attempts(folder) + 1).encode())
