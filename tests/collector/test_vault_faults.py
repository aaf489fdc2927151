"""A vault under kills and failing disks: there is no home or a whole one, and one passphrase always opens it."""

from __future__ import annotations

import contextlib
import errno
import itertools
import shutil
from pathlib import Path

import pytest

from collector.vault import Vault
from schemas.problems import Problem
from tests.helpers import faults, vaults

NEW = "a new passphrase of six words"


def fill(vault: Vault) -> None:
    vault.db.set_meta("prepared", b"yes")


def test_attack_59_a_kill_while_creating_leaves_no_home_or_a_whole_one(tmp_path: Path) -> None:
    outcomes = set()
    for place in itertools.count():
        parent = tmp_path / str(place)
        parent.mkdir()
        home = parent / "home"
        killed = faults.killed_at(place, lambda home=home: vaults.create(home, prepare=fill).close())  # type: ignore[misc]
        outcomes.add(home.exists())
        if home.exists() or place % 6 == 0:
            if not home.exists():
                vaults.create(home, prepare=fill).close()  # sweeps what the killed attempt left
                assert [item.name for item in parent.iterdir()] == ["home"]
            with vaults.unlock(home) as vault:
                assert vault.warnings == ()
                assert vault.db.meta("prepared") == b"yes"
        shutil.rmtree(parent)
        if not killed:
            break
    assert place > 20
    assert outcomes == {True, False}


def test_attack_59_a_kill_while_changing_the_passphrase_leaves_one_that_opens(tmp_path: Path) -> None:
    opened_by = set()
    vaults.create(tmp_path / "kept").close()
    for place in itertools.count():
        home = tmp_path / str(place)
        shutil.copytree(tmp_path / "kept", home)

        def change(home: Path = home) -> None:
            with vaults.unlock(home) as vault:
                vault.change_passphrase(NEW)

        killed = faults.killed_at(place, change)
        working = []
        for passphrase in (vaults.PASSPHRASE, NEW):
            with contextlib.suppress(Problem), vaults.unlock(home, passphrase) as vault:
                assert vault.warnings == ()
                rekeyed = [event.act for event in vault.log.events()].count("rekey")
                assert rekeyed == (passphrase == NEW)
                working.append(passphrase)
        assert len(working) == 1
        opened_by.update(working)
        if not killed:
            break
    assert opened_by == {vaults.PASSPHRASE, NEW}


@pytest.mark.parametrize(("number", "step"), [(errno.ENOSPC, 1), (errno.EIO, 5)])
def test_attack_25_a_disk_that_fails_while_creating_leaves_nothing(tmp_path: Path, number: int, step: int) -> None:
    with faults.failing(None) as whole:
        vaults.create(tmp_path / "count").close()
    shutil.rmtree(tmp_path / "count")
    for at in range(1, whole.calls + 1, step):
        with faults.failing(at, number):
            code = faults.outcome(lambda: vaults.create(tmp_path / "home").close())
        assert code in ("done", "E_DISK_FULL", "E_MEDIA_IO")
        if (tmp_path / "home").exists():
            with vaults.unlock(tmp_path / "home") as vault:
                assert [item.code for item in vault.warnings] in ([], ["E_LOG_FORK"])
            shutil.rmtree(tmp_path / "home")
        assert list(tmp_path.iterdir()) == []


def test_what_fails_while_preparing_leaves_nothing(tmp_path: Path) -> None:
    def prepare(_: Vault) -> None:
        raise RuntimeError("the caller failed")

    with pytest.raises(RuntimeError):
        vaults.create(tmp_path / "home", prepare=prepare)
    assert list(tmp_path.iterdir()) == []


def test_attack_25_a_full_disk_while_changing_the_passphrase_keeps_one_that_opens(tmp_path: Path) -> None:
    home = tmp_path / "home"
    vaults.create(home).close()
    vault = vaults.unlock(home)
    with faults.failing(None) as whole:
        vault.change_passphrase(NEW)
    now = NEW
    for at in range(1, whole.calls + 1):
        following = f"passphrase number {at}"
        with faults.failing(at, errno.ENOSPC), pytest.raises(Problem) as caught:
            vault.change_passphrase(following)
        assert caught.value.code == "E_DISK_FULL"
        vault.close()
        try:
            vault = vaults.unlock(home, now)
        except Problem:
            vault = vaults.unlock(home, following)
            now = following
        assert vault.warnings == ()
    vault.close()


def test_closing_on_a_disk_that_is_gone_gives_the_home_free(tmp_path: Path) -> None:
    home = tmp_path / "home"
    vault = vaults.create(home)
    vault.log.append("seal")
    with faults.failing(1, errno.EIO, stays=True):
        vault.close()
    with vaults.unlock(home) as again:
        assert again.warnings == ()
        assert [event.act for event in again.log.events()] == ["create-vault", "seal"]


def test_temporary_files_of_a_crash_are_swept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    vaults.create(home).close()
    for folder in ("", "spool", "inbox"):
        (home / "vault" / folder / ".part-abc").write_bytes(b"half")
    vaults.unlock(home).close()
    assert not list(home.rglob(".part-*"))
