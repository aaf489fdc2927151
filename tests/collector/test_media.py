"""Attachments are born sealed: whole and checked, or nothing at all."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import files, media
from collector.cells import CELL, CHUNK
from collector.ring import Rewrap
from collector.vault import Vault
from schemas.problems import Problem
from tests.helpers import faults, vaults
from tests.helpers.spool import content, nothing_left, spooled

CONTENT = bytes(range(256)) * 1100  # 281,600 bytes: five cells
MARKER = b"this was said by the witness in confidence"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with vaults.create(tmp_path / "home") as vault:
        yield vault


@pytest.fixture
def draft(vault: Vault) -> int:
    return vaults.draft(vault)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(CONTENT)
    return path


def test_an_attachment_is_kept_whole_with_its_data(vault: Vault, draft: int, source: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    taken = media.take(
        vault, draft, source, question="h/photo", progress=lambda *step: steps.append(step), clock=lambda: 99.9
    )
    assert (taken.name, taken.mime, taken.question, taken.captured) == ("photo.jpg", "image/jpeg", "h/photo", 99)
    assert (taken.length, taken.cells, taken.state) == (len(CONTENT), 5, "closed")
    assert media.listed(vault, draft) == [taken] == [media.find(vault, taken.sid)]
    assert content(vault, taken, tmp_path) == CONTENT
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert (vault.folder / "spool" / taken.spool).stat().st_size == 5 * CELL
    assert media.sweep(vault) == media.Swept(0, (), ())


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 16 * CHUNK + 1])
def test_lengths_around_the_cell(vault: Vault, draft: int, tmp_path: Path, length: int) -> None:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(length))
    assert content(vault, media.take(vault, draft, path), tmp_path) == path.read_bytes()


def test_a_link_that_the_person_gives_is_followed(vault: Vault, draft: int, source: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mp3").symlink_to(source)
    taken = media.take(vault, draft, tmp_path / "link.mp3")
    assert (taken.name, taken.mime) == ("link.mp3", "audio/mpeg")
    assert content(vault, taken, tmp_path) == CONTENT


def refused(vault: Vault, draft: int, path: Path) -> str:
    code = faults.outcome(lambda: media.take(vault, draft, path))
    assert nothing_left(vault)
    return code


def test_attack_23_what_is_no_ordinary_file_is_refused_untouched(
    vault: Vault, draft: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "to device").symlink_to("/dev/zero")
    expected = {
        "pipe": "E_ATTACH_KIND",
        "": "E_ATTACH_KIND",
        "to device": "E_ATTACH_KIND",
        "empty": "E_ATTACH_EMPTY",
        "dangling": "E_ATTACH_UNREADABLE",
        "loop": "E_ATTACH_UNREADABLE",
        "none": "E_ATTACH_UNREADABLE",
        "x" * 300: "E_ATTACH_UNREADABLE",
        "nul\0": "E_ATTACH_UNREADABLE",
    }
    for name, code in expected.items():
        assert refused(vault, draft, tmp_path / name) == code
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the path of a socket is short
        listener.bind("socket")
        assert refused(vault, draft, tmp_path / "socket") == "E_ATTACH_KIND"
    for device in ("/dev/zero", "/dev/null", "/dev/full"):
        assert refused(vault, draft, Path(device)) == "E_ATTACH_KIND"


def test_a_file_that_may_not_be_read_is_refused(vault: Vault, draft: int, source: Path) -> None:
    source.chmod(0)
    if os.access(source, os.R_OK):  # the superuser reads everything: let the descriptor fail instead
        assert refused(vault, draft, Path("/proc/self/mem")) in ("E_ATTACH_EMPTY", "E_ATTACH_UNREADABLE")
    else:
        assert refused(vault, draft, source) == "E_ATTACH_UNREADABLE"


@pytest.mark.parametrize(
    "name",
    ["../../x.jpg", "/etc/passwd.jpg", "CON.jpg", "a\0b.jpg", "gpj\u202e.exe.jpg", "x" * 10_000 + ".jpg", "a:b.jpg"],
)
def test_attack_23_a_hostile_name_is_kept_as_data_only(vault: Vault, draft: int, source: Path, name: str) -> None:
    before = sorted(path for path in vault.home.rglob("*") if path.parent.name != "spool")
    taken = media.take(vault, draft, source, name=name)
    assert taken.name == files.kept_name(name)
    assert taken.mime == "image/jpeg"
    assert spooled(vault) == [taken.spool]
    assert sorted(path for path in vault.home.rglob("*") if path.parent.name != "spool") == before
    assert media.find(vault, taken.sid).name == files.kept_name(name)


def test_a_name_that_is_no_text_is_taken(vault: Vault, draft: int, source: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"photo\xff.png")
    shutil.copy(source, path)
    taken = media.take(vault, draft, path)
    assert (taken.name, taken.mime) == ("photo\ufffd.png", "image/png")


@pytest.mark.parametrize("change", ["grow", "shrink", "touch", "rewrite"])
def test_attack_24_a_file_that_changes_is_refused(vault: Vault, draft: int, source: Path, change: str) -> None:
    source.write_bytes(CONTENT * 20)

    def progress(done: int, length: int) -> None:
        if change == "grow":
            with source.open("ab") as file:
                file.write(b"more")
        elif change == "shrink":
            os.truncate(source, 100)
        elif change == "touch":
            os.utime(source, ns=(1, 1))
        else:
            with source.open("r+b") as file:
                file.write(bytes([done & 0xFF]))
            os.utime(source, ns=(1, 1))

    code = faults.outcome(lambda: media.take(vault, draft, source, progress=progress))
    assert code == "E_ATTACH_CHANGED"
    assert nothing_left(vault)


def test_cancelling_leaves_nothing(vault: Vault, draft: int, source: Path) -> None:
    def progress(done: int, length: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        media.take(vault, draft, source, progress=progress)
    assert nothing_left(vault)


def test_what_no_bundle_holds_is_refused_with_the_limit(vault: Vault, draft: int, tmp_path: Path) -> None:
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, media.LIMIT_CELLS * CHUNK + 1)
    with pytest.raises(Problem) as caught:
        media.take(vault, draft, path)
    assert (caught.value.code, caught.value.facts["limit"]) == ("E_ATTACH_TOO_LARGE", media.LIMIT_CELLS * CHUNK >> 20)
    assert nothing_left(vault)
    payload = 256 * 4096 * CHUNK
    assert payload - (20 << 20) < media.LIMIT_CELLS * CELL < payload - (15 << 20)


def test_the_limit_counts_what_the_interview_already_holds(vault: Vault, draft: int, source: Path) -> None:
    first = media.take(vault, draft, source)
    room = media.LIMIT_CELLS - first.cells
    vault.db.execute("UPDATE attachment SET cells = ?", (media.LIMIT_CELLS - 4,))
    with pytest.raises(Problem) as caught:
        media.take(vault, draft, source)
    assert caught.value.code == "E_ATTACH_TOO_LARGE"
    assert room > 4
    media.take(vault, vaults.draft(vault, "BBBBBBBBBBBB"), source)


def test_attack_25_too_little_room_is_seen_before_anything_is_written(vault: Vault, draft: int, source: Path) -> None:
    passed: list[str] = []
    with faults.nearly_full(4 * CELL), faults.at_checkpoints(passed.append):
        assert refused(vault, draft, source) == "E_DISK_SPACE"
    assert passed == []
    with faults.nearly_full(40 * CELL):
        media.take(vault, draft, source)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_attack_25_a_disk_that_fails_anywhere_leaves_nothing(
    vault: Vault, draft: int, source: Path, tmp_path: Path, number: int
) -> None:
    with faults.failing(None) as whole:
        media.drop(vault, media.take(vault, draft, source).sid)
    with faults.failing(None) as counted:
        kept = media.take(vault, draft, source)
    media.drop(vault, kept.sid)
    assert 3 <= counted.calls < whole.calls
    for at in range(1, counted.calls + 1):
        with faults.failing(at, number):
            code = faults.outcome(lambda: media.take(vault, draft, source))
        assert code in ("E_DISK_FULL", "E_MEDIA_IO")
        assert nothing_left(vault)
    with faults.failing(2, number, stays=True):
        assert faults.outcome(lambda: media.take(vault, draft, source)) != "done"
    media.sweep(vault)
    assert nothing_left(vault)


def test_attack_25_a_file_limit_in_mid_file_leaves_nothing(tmp_path: Path, source: Path) -> None:
    def run() -> None:
        with vaults.create(tmp_path / "home") as vault:
            number = vaults.draft(vault)
            vault.db.checkpoint()
            resource.setrlimit(resource.RLIMIT_FSIZE, (3 * CELL + 100, resource.RLIM_INFINITY))
            assert faults.outcome(lambda: media.take(vault, number, source)) == "E_DISK_FULL"
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert nothing_left(vault)

    assert faults.in_child(run) == 0


def test_a_kill_at_every_step_leaves_all_or_nothing(tmp_path: Path, source: Path) -> None:
    outcomes = set()
    with vaults.create(tmp_path / "kept") as vault:
        number = vaults.draft(vault)
    for place in itertools.count():
        home = tmp_path / str(place)
        shutil.copytree(tmp_path / "kept", home)

        def take(home: Path = home) -> None:
            with vaults.unlock(home) as vault:
                with faults.at_checkpoints(lambda _: None):
                    media.sweep(vault)
                media.take(vault, number, source)

        killed = faults.killed_at(place, take)
        with vaults.unlock(home) as vault:
            media.sweep(vault)
            taken = media.listed(vault, number)
            assert spooled(vault) == [attachment.spool for attachment in taken]
            assert taken or nothing_left(vault)
            for attachment in taken:
                assert content(vault, attachment, tmp_path) == CONTENT
            outcomes.add(len(taken))
        shutil.rmtree(home)
        if not killed:
            break
    assert outcomes == {0, 1}


def test_attack_48_nothing_of_it_is_readable_on_the_disk(vault: Vault, draft: int, tmp_path: Path) -> None:
    path = tmp_path / "marker.txt"
    path.write_bytes(MARKER * 5000)
    taken = media.take(vault, draft, path, name="witness-name.txt", question="h/secret_question")
    path.unlink()
    texts = (MARKER, b"witness-name", b"secret_question", b"text/plain", taken.sha256, taken.sid, b"0123456789AB")
    seen = vaults.everything_in(vault.home)
    assert not [text for text in texts if text in seen]


def test_a_dropped_attachment_is_gone_for_good(vault: Vault, draft: int, source: Path) -> None:
    kept, dropped = media.take(vault, draft, source), media.take(vault, draft, source)
    generation = vault.ring.generation
    media.drop(vault, dropped.sid)
    assert vault.ring.generation == generation + 1
    assert media.listed(vault, draft) == [kept]
    assert spooled(vault) == [kept.spool]
    for act in (media.find, media.stream_key, media.spool_path, media.drop):
        with pytest.raises(Problem) as caught:
            act(vault, dropped.sid)
        assert caught.value.code == "E_ATTACH_UNKNOWN"


def test_a_sealed_entry_takes_the_cells_and_the_keys_are_forgotten(vault: Vault, draft: int, source: Path) -> None:
    taken, eid = media.take(vault, draft, source), os.urandom(16)
    path = media.spool_path(vault, taken.sid)
    before = path.read_bytes()

    def seal(rewrap: Rewrap) -> None:
        media.adopt(vault.db, rewrap, draft, eid)

    vault.ring.rotate(vault.db, seal)
    assert media.spool_path(vault, taken.sid).read_bytes() == before
    assert media.listed(vault, draft) == []
    assert vault.db.query("SELECT key, details, draft FROM attachment") == [(None, None, None)]
    assert vault.db.query("SELECT 1 FROM wrapped WHERE kind = 'attachment'") == []
    assert media.sweep(vault) == media.Swept(0, (), ())
    with pytest.raises(Problem) as caught:
        vault.db.execute("UPDATE attachment SET entry = NULL, draft = 1")
    assert caught.value.code == "E_FROZEN"
    media.remove_adopted(vault, eid)
    assert nothing_left(vault)


def test_a_draft_is_dropped_with_everything(vault: Vault, draft: int, source: Path) -> None:
    other = vaults.draft(vault, "BBBBBBBBBBBB")
    for number in (draft, draft, other):
        media.take(vault, number, source)
    names: list[str] = []
    vault.ring.rotate(vault.db, lambda rewrap: names.extend(media.drop_draft(rewrap, vault.db, draft)))
    media.erase_spooled(vault, names)
    assert len(names) == 2
    assert spooled(vault) == [attachment.spool for attachment in media.listed(vault, other)]


def test_an_attachment_of_no_draft_is_refused(vault: Vault, source: Path) -> None:
    assert refused(vault, 77, source) == "E_DB_RULE"


def test_sweeping_tells_what_is_missing_and_removes_what_is_stray(vault: Vault, draft: int, source: Path) -> None:
    taken = media.take(vault, draft, source)
    (vault.folder / "spool" / "stray").write_bytes(b"x")
    (vault.folder / "spool" / taken.spool).unlink()
    assert media.sweep(vault) == media.Swept(1, (), (taken.sid,))
    assert spooled(vault) == []


def test_a_reader_takes_nothing(vault: Vault, draft: int, source: Path) -> None:
    kept = media.take(vault, draft, source)
    with vaults.unlock(vault.home, read_only=True) as reader:
        assert media.listed(reader, draft) == [kept]
        assert faults.outcome(lambda: media.take(reader, draft, source)) == "E_READ_ONLY"
        (vault.folder / "spool" / "stray").write_bytes(b"x")
        assert media.sweep(reader) == media.Swept(0, (), ())
    assert "stray" in spooled(vault)
