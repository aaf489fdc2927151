"""The vault: one passphrase opens it, one process writes in it, and what was put back is noticed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from collector import home as homes
from collector import media
from collector.crypto import Secret
from collector.keyslots import RECOVERY
from collector.vault import Vault, field_migrations, profile_of
from schemas.problems import Problem
from tests.conftest import REPO
from tests.helpers import faults, vaults

MARKER = "witness-МАРКЕР-4417"
NEW = "a new passphrase of six words"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    vaults.create(tmp_path / "home").close()
    return tmp_path / "home"


def refused(home: Path, passphrase: str = vaults.PASSPHRASE, **options: object) -> str:
    with pytest.raises(Problem) as caught:
        vaults.unlock(home, passphrase, **options).close()
    return caught.value.code


def acts(vault: Vault) -> list[str]:
    return [event.act for event in vault.log.events()]


def codes(vault: Vault) -> list[str]:
    return [problem.code for problem in vault.warnings]


def test_a_home_has_the_layout_of_the_protocol_and_is_private(home: Path) -> None:
    found = sorted(str(path.relative_to(home)) for path in home.rglob("*"))
    inside = ("bundles", "inbox", "mark", "outbox", "ring-0", "ring-1", "spool", "vault.db", "vault.hdr")
    assert found == ["lock", "profile", "vault", *(f"vault/{name}" for name in inside)]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (home, *home.rglob("*"))} == {0}
    assert (home / "vault" / "vault.hdr").stat().st_size == 4096
    assert profile_of(home) == "field"


def test_what_was_stored_opens_with_the_passphrase_in_any_composition(tmp_path: Path) -> None:
    word = "йод ё café ﬁve 123"
    with vaults.create(tmp_path / "h", word) as vault:
        vault.db.set_meta("note", b"kept")
        derived = bytes(vault.derive("x"))
    for form in ("NFC", "NFD", "NFKC"):
        with vaults.unlock(tmp_path / "h", unicodedata.normalize(form, word)) as vault:
            assert vault.db.meta("note") == b"kept"
            assert bytes(vault.derive("x")) == derived
            assert bytes(vault.derive("y")) != derived
            assert vault.warnings == ()
            assert acts(vault) == ["create-vault"]


def test_a_wrong_passphrase_opens_nothing_and_is_told_at_the_next_opening(home: Path) -> None:
    assert refused(home, "wrong") == "E_UNLOCK"
    assert refused(home, vaults.PASSPHRASE + " ") == "E_UNLOCK"
    with vaults.unlock(home) as vault:
        last = list(vault.log.events())[-1]
        assert (last.act, last.det) == ("unlock-fail", {"count": 2})
    with vaults.unlock(home) as vault:
        assert acts(vault).count("unlock-fail") == 1


def test_a_key_file_is_needed_where_one_was_given(tmp_path: Path) -> None:
    home, keyfile = tmp_path / "h", os.urandom(64)
    vaults.create(home, keyfile=keyfile).close()
    assert refused(home) == "E_UNLOCK"
    assert refused(home, keyfile=os.urandom(64)) == "E_UNLOCK"
    with vaults.unlock(home, keyfile=keyfile) as vault:
        vault.change_passphrase(NEW)
    assert refused(home, NEW) == "E_UNLOCK"
    with vaults.unlock(home, NEW, keyfile=keyfile) as vault:
        assert [slot.keyfile for slot in vault.slots()] == [True]


def test_a_vault_without_key_file_does_not_begin_to_want_one(home: Path) -> None:
    with vaults.unlock(home, keyfile=b"not needed") as vault:
        vault.change_passphrase(NEW)
    vaults.unlock(home, NEW).close()


def test_the_passphrase_is_changed_and_the_old_one_is_gone(home: Path) -> None:
    header = home / "vault" / "vault.hdr"
    os.link(header, home / "old inode")
    old = header.read_bytes()
    with vaults.unlock(home) as vault:
        vault.change_passphrase(NEW)
        assert acts(vault)[-1] == "rekey"
    assert refused(home) == "E_UNLOCK"
    with vaults.unlock(home, NEW) as vault:
        assert vault.warnings == ()
    assert (home / "old inode").read_bytes() != old


def test_a_header_that_was_put_back_is_noticed_until_the_passphrase_is_changed(home: Path) -> None:
    header = home / "vault" / "vault.hdr"
    old = header.read_bytes()
    with vaults.unlock(home) as vault:
        vault.change_passphrase(NEW)
    header.write_bytes(old)
    for _ in range(2):
        with vaults.unlock(home) as vault:
            assert codes(vault) == ["E_HDR_ROLLBACK"]
            assert acts(vault).count("hdr-rollback") == 1
    with vaults.unlock(home) as vault:
        vault.change_passphrase("the third one")
        assert vault.warnings == ()
    with vaults.unlock(home, "the third one") as vault:
        assert vault.warnings == ()
    assert refused(home) == "E_UNLOCK"


def test_attack_14_a_weakened_or_greedy_header_does_not_open(home: Path) -> None:
    header = home / "vault" / "vault.hdr"
    good = header.read_bytes()
    for place, value, code in (
        (43, 1, "E_UNLOCK"),
        (40, 0x7F, "E_KDF_PARAMS"),
        (47, 0, "E_KDF_PARAMS"),
        (60, 1, "E_HDR_LOST"),
    ):
        header.write_bytes(good[:place] + bytes([value]) + good[place + 1 :])
        assert refused(home) == code
    for damaged in (good[:4000], b"", good * 2):
        header.write_bytes(damaged)
        assert refused(home) == "E_HDR_LOST"
    header.unlink()
    assert refused(home) == "E_HDR_LOST"


@pytest.mark.parametrize("slot", [3, 7])
def test_attack_13_a_slot_copied_to_another_place_does_not_open(home: Path, slot: int) -> None:
    header = home / "vault" / "vault.hdr"
    data = bytearray(header.read_bytes())
    first = bytes(data[64:320])
    data[64 + 256 * slot : 320 + 256 * slot] = first
    data[64:320] = os.urandom(256)
    header.write_bytes(data)
    assert refused(home) == "E_UNLOCK"
    data[64:320] = first  # attack 68: the copy's commitment matches, its seal does not; the true slot is still found
    header.write_bytes(data)
    with vaults.unlock(home) as vault:
        assert codes(vault) == ["E_HDR_ROLLBACK"]


def test_a_recovery_secret_opens_and_sets_a_new_passphrase(home: Path) -> None:
    secret = Secret.random(32)
    with vaults.unlock(home) as vault:
        index = vault.add_recovery(secret)
        assert [slot.kind for slot in vault.slots()] == [1, RECOVERY]
    with Vault.recover(home, secret, migrations=field_migrations()) as vault:
        assert vault.warnings == ()
        vault.change_passphrase(NEW)
        with pytest.raises(Problem) as caught:
            vault.remove_slot(0)
        assert caught.value.code == "E_KEYSLOT_KEPT"
    assert refused(home) == "E_UNLOCK"
    with vaults.unlock(home, NEW) as vault:
        vault.remove_slot(index)
    with pytest.raises(Problem) as caught:
        Vault.recover(home, secret, migrations=field_migrations())
    assert caught.value.code == "E_UNLOCK"


def test_one_process_writes_and_others_may_read(home: Path) -> None:
    with vaults.unlock(home) as vault:
        assert refused(home) == "E_HOME_BUSY"
        with pytest.raises(Problem) as caught:
            homes.Lock(home)
        assert caught.value.facts["pid"] == str(os.getpid())
        ident = vault.ring.wrap_new("k", b"key")
        with vaults.unlock(home, read_only=True) as reader:
            vault.ring.rotate(vault.db)
            assert bytes(reader.ring.open(ident)) == b"key"
            for act in (
                lambda: reader.change_passphrase("x"),
                lambda: reader.log.append("view"),
                lambda: reader.ring.rotate(reader.db),
                reader.wipe,
            ):
                with pytest.raises(Problem) as caught:
                    act()
                assert caught.value.code == "E_READ_ONLY"
        vault.db.set_meta("a", b"still the writer")
    vaults.unlock(home).close()


def test_a_killed_process_does_not_keep_the_home(home: Path) -> None:
    def write() -> None:
        vaults.unlock(home).log.append("seal")

    assert faults.killed_at(0, write)
    vaults.unlock(home).close()


def test_homes_are_told_apart(tmp_path: Path, home: Path) -> None:
    assert refused(tmp_path / "none") == "E_HOME_MISSING"
    assert refused(home, profile="desk") == "E_HOME_PROFILE"
    (home / "profile").write_text("other\n")
    assert refused(home) == "E_FORMAT"


def test_folders_that_a_backup_left_out_are_made_again(home: Path) -> None:
    for name in ("spool", "outbox", "bundles", "inbox"):
        (home / "vault" / name).rmdir()
    with vaults.unlock(home) as vault:
        assert vault.warnings == ()
    assert {item.name for item in (home / "vault").iterdir() if item.is_dir()} == {
        "spool", "outbox", "bundles", "inbox"
    }  # fmt: skip


def test_a_closed_vault_gives_nothing(home: Path) -> None:
    vault = vaults.unlock(home)
    vault.close()
    vault.close()
    for act in (lambda: vault.derive("x"), lambda: vault.log.append("view"), lambda: vault.change_passphrase("x")):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "E_VAULT_CLOSED"


def test_paths_inside_come_from_names_only(home: Path) -> None:
    with vaults.unlock(home) as vault:
        assert vault.path("spool", "abc") == home / "vault" / "spool" / "abc"
        for folder, name in (
            ("spool", "../x"),
            ("spool", ".."),
            ("spool", ""),
            ("..", "x"),
            ("spool", "a/b"),
            ("spool", "A"),
        ):
            with pytest.raises(Problem) as caught:
                vault.path(folder, name)
            assert caught.value.code == "E_FORMAT"


def test_creating_spares_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("full", "file", "link"):
        with pytest.raises(Problem) as caught:
            vaults.create(tmp_path / name)
        assert caught.value.code == "E_HOME_EXISTS"
    assert (tmp_path / "full" / "file").read_text() == "mine"
    vaults.create(tmp_path / "empty").close()
    vaults.create(tmp_path / "new" / "deep" / "home").close()
    vaults.unlock(tmp_path / "empty").close()


def test_wiping_ends_the_vault_and_spares_the_outbox(home: Path) -> None:
    sealed = home / "vault" / "outbox" / "abc"
    sealed.write_bytes(b"sealed")
    vaults.unlock(home).wipe()
    assert refused(home) == "E_HDR_LOST"
    assert not [name for name in ("vault.hdr", "ring-0", "ring-1") if (home / "vault" / name).exists()]
    assert sealed.read_bytes() == b"sealed"


@pytest.mark.parametrize("what", ["database", "database and mark", "mark", "ring"])
def test_attack_47_what_was_put_back_alone_is_noticed(tmp_path: Path, home: Path, what: str) -> None:
    inner, old = home / "vault", tmp_path / "old"
    shutil.copytree(inner, old)
    with vaults.unlock(home) as vault:
        ident = vault.ring.wrap_new("state", b"key")
        vault.ring.rotate(vault.db)
        vault.log.append("seal")
    names = {
        "database": ["vault.db"],
        "database and mark": ["vault.db", "mark"],
        "mark": [],
        "ring": ["ring-0", "ring-1"],
    }
    for name in names[what]:
        shutil.copy(old / name, inner / name)
    if what == "mark":
        (inner / "mark").unlink()
    expected = {
        "database": ["E_RING_LOST", "E_LOG_FORK"],
        "database and mark": ["E_RING_LOST"],
        "mark": ["E_LOG_FORK"],
        "ring": ["E_RING_LOST"],
    }
    with vaults.unlock(home) as vault:
        assert codes(vault) == expected[what]
        assert ("restore" in acts(vault)) == ("E_LOG_FORK" in expected[what])
        if what == "mark":
            assert bytes(vault.ring.open(ident)) == b"key"
    with vaults.unlock(home) as vault:
        assert "E_LOG_FORK" not in codes(vault)


def test_attack_47_a_stale_log_beside_a_newer_database_is_noticed(tmp_path: Path, home: Path) -> None:
    inner = home / "vault"
    with vaults.unlock(home) as vault:
        vault.log.append("seal")
        shutil.copy(inner / "vault.db-wal", tmp_path / "stale")
    with vaults.unlock(home) as vault:
        for _ in range(40):
            vault.log.append("seal")
        vault.ring.rotate(vault.db)
    shutil.copy(tmp_path / "stale", inner / "vault.db-wal")
    warned: list[str] = []

    def opening() -> None:
        with vaults.unlock(home) as vault:
            warned.extend(codes(vault))

    assert faults.outcome(opening) == "E_DB_CORRUPT" or set(warned) & {"E_LOG_FORK", "E_RING_LOST"}


def test_attack_48_nothing_readable_is_in_any_file(tmp_path: Path) -> None:
    vault = vaults.create(tmp_path / "h")
    number = vaults.draft(vault, "MARKERMARKER")
    vault.db.set_meta("note", MARKER.encode())
    vault.ring.wrap_new("state", MARKER.encode())
    vault.log.append("view", b"", {"what": MARKER})
    (tmp_path / "source.txt").write_text(MARKER * 1000, encoding="utf-8")
    media.take(vault, number, tmp_path / "source.txt", name=f"{MARKER}.txt")
    (tmp_path / "source.txt").unlink()
    texts = (MARKER.encode(), b"MARKERMARKER", vaults.PASSPHRASE.encode(), bytes(vault.derive("db-key")), b"text/plain")
    for _ in range(2):
        seen = vaults.everything_in(tmp_path)
        assert not [text for text in texts if text in seen]
        vault.close()


def test_opening_works_where_the_language_of_the_machine_is_unknown(tmp_path: Path) -> None:
    """The whole way in a process with the C locale, without UTF-8 mode, in a folder with a name outside ASCII."""
    home = tmp_path / "оселя"
    script = (
        "import sys, pathlib\n"
        "from tests.helpers import vaults\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "vaults.create(home, 'пароль із шести слів').close()\n"
        "with vaults.unlock(home, 'пароль із шести слів') as vault:\n"
        "    print(ascii([event.act for event in vault.log.events()]))\n"
    )
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(REPO),
    }
    command = [sys.executable, "-W", "error", os.fsencode(tmp_path / "script.py"), os.fsencode(home)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"['create-vault']", b"")
    vaults.unlock(home, "пароль із шести слів").close()
