"""The commands of a receiver, as its operator calls them, with real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.home import Lock
from sync import cards, network
from sync.receiver.home import open_home
from tests.conftest import REPO
from tests.helpers.expect import refused
from tests.receiver.volumes import make_volume
from tests.receiver_kit import Receiver, free_port, running_receiver, svidok
from tui.commands import receiver as commands

URL = "https://127.0.0.1:8443"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver that serves, with eight tokens."""
    with running_receiver(tmp_path_factory.mktemp("running")) as receiver:
        receiver.tokens = receiver.give(8)  # type: ignore[attr-defined]  # for this module only
        yield receiver


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A receiver that does not run."""
    svidok("receiver", "init", "--home", tmp_path / "r", "--url", URL, "--out", tmp_path / "card")
    return tmp_path / "r"


def talk(receiver: Receiver, request: bytes, *, plain: bool = False) -> bytes:
    """What it answers to bytes on a new connection, until it closes."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as line:
        if plain:
            return _exchanged(line, request)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(line) as secure:
            assert secure.version() == "TLSv1.3"
            assert secure.getpeercert(True) == receiver.card.certs[0]
            return _exchanged(secure, request)


def _exchanged(line: socket.socket, request: bytes) -> bytes:
    line.sendall(request)
    answer = b""
    while piece := line.recv(65_536):
        answer += piece
    return answer


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Tus-Resumable: {network.TUS}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def healthy(receiver: Receiver, *, plain: bool = False) -> bool:
    return talk(receiver, request("GET", network.HEALTH), plain=plain).startswith(b"HTTP/1.1 200")


def send(receiver: Receiver, token: bytes, volume: bytes) -> bytes:
    """One volume in one request."""
    headers = (f"Upload-Length: {len(volume)}", f"Content-Type: {network.OFFSET_BODY}",
               f"Authorization: {network.bearer(token)}")  # fmt: skip
    return talk(receiver, request("POST", network.UPLOADS, *headers, body=volume))


def code_of(done: subprocess.CompletedProcess[str]) -> str:
    """The code of the problem that a command ended with."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) >= 4
    return lines[-1].strip("[]")


# ---- init, card, rotate ----


def test_init_writes_the_card_and_shows_its_fingerprint(home: Path, tmp_path: Path) -> None:
    card = (tmp_path / "card").read_bytes()
    assert cards.read_card(card) == open_home(home).card
    again = svidok("receiver", "card", "--home", home, "--out", tmp_path / "again", "--json")
    said = json.loads(again.stdout)
    assert said["fingerprint"] == cards.fingerprint(card)
    assert (tmp_path / "again").read_bytes() == card


def test_init_twice_is_refused(home: Path, tmp_path: Path) -> None:
    done = svidok("receiver", "init", "--home", home, "--url", URL, "--out", tmp_path / "card2", check=False)
    assert code_of(done) == "E_HOME_EXISTS"
    assert not (tmp_path / "card2").exists()


def test_init_needs_a_place_for_the_card_before_it_makes_anything(tmp_path: Path) -> None:
    done = svidok(
        "receiver", "init", "--home", tmp_path / "r", "--url", URL, "--out", tmp_path / "no" / "card", check=False
    )
    assert code_of(done) == "E_FOLDER_MISSING"
    done = svidok(
        "receiver", "init", "--home", tmp_path / "r", "--url", "http://x", "--out", tmp_path / "c", check=False
    )
    assert code_of(done) == "E_RECEIVER_URL"
    assert list(tmp_path.iterdir()) == []


def test_rotate_writes_the_new_card(home: Path, tmp_path: Path) -> None:
    before = open_home(home).card
    svidok("receiver", "rotate", "--home", home, "--out", tmp_path / "new")
    after = cards.read_card((tmp_path / "new").read_bytes())
    assert after.certs[0] == before.certs[1]


def test_rotate_again_needs_somebody_who_says_that_all_devices_have_the_card(home: Path, tmp_path: Path) -> None:
    svidok("receiver", "rotate", "--home", home, "--out", tmp_path / "new")
    done = svidok("receiver", "rotate", "--home", home, "--out", tmp_path / "newer", check=False)
    assert code_of(done) == "E_ROTATED"
    assert "--force" in done.stderr
    assert not (tmp_path / "newer").exists()
    before = open_home(home).card
    assert cards.read_card((tmp_path / "new").read_bytes()) == before
    svidok("receiver", "rotate", "--home", home, "--out", tmp_path / "newer", "--force")
    assert cards.read_card((tmp_path / "newer").read_bytes()).certs[0] == before.certs[1]


# ---- accept ----


def test_accept_in_a_script_says_that_nobody_compared(tmp_path: Path) -> None:
    with running_receiver(tmp_path, start=False) as receiver:
        path = receiver.token_file([b"t" * 32])
        first = json.loads(svidok("receiver", "accept", path, "--home", receiver.home, "--json").stdout)
        assert (first["added"], first["new"], first["compared"]) == (1, True, False)
        assert first["note"]
        second = json.loads(svidok("receiver", "accept", path, "--home", receiver.home, "--json").stdout)
        assert (second["added"], second["new"], second["compared"], second["note"]) == (0, False, True, None)


def test_accept_takes_the_fingerprint_that_was_heard(tmp_path: Path) -> None:
    with running_receiver(tmp_path, start=False) as receiver:
        path = receiver.token_file([b"t" * 32])
        wrong = svidok("receiver", "accept", path, "--home", receiver.home, "--fingerprint", "12345", check=False)
        assert code_of(wrong) == "E_FINGERPRINT"
        real = json.loads(svidok("receiver", "accept", path, "--home", receiver.home, "--json").stdout)["fingerprint"]
        done = svidok("receiver", "accept", path, "--home", receiver.home, "--fingerprint", real, "--json")
        assert json.loads(done.stdout)["compared"]


def test_accept_of_a_list_for_other_receivers_is_refused(tmp_path: Path) -> None:
    with running_receiver(tmp_path, start=False) as receiver:
        path = receiver.token_file([b"t" * 32], r1_key=b"x" * 32)
        done = svidok("receiver", "accept", path, "--home", receiver.home, check=False)
        assert code_of(done) == "E_TOKEN_LIST"
        assert "it does not name this receiver" in done.stderr


def test_accept_of_anything_else_is_refused(home: Path, tmp_path: Path) -> None:
    done = svidok("receiver", "accept", tmp_path / "card", "--home", home, check=False)
    assert code_of(done) == "E_TOKEN_LIST"
    assert code_of(svidok("receiver", "accept", tmp_path / "none", "--home", home, check=False)) == "E_FILE_MISSING"


# ---- serve ----


def test_it_serves_over_tls_and_takes_tokens_while_it_runs(running: Receiver) -> None:
    assert healthy(running)
    assert b"401" in send(running, b"?" * 32, make_volume(5)).split(b"\r\n")[0]
    (fresh,) = running.give(1)
    answer = send(running, fresh, make_volume(5))
    assert answer.startswith(b"HTTP/1.1 201")
    assert network.R1_HEADER.lower().encode() in answer.lower()


def test_what_was_stored_is_there_after_a_kill(running: Receiver) -> None:
    volume, token = make_volume(6), running.give(1)[0]
    assert send(running, token, volume).startswith(b"HTTP/1.1 201")
    running.kill()
    running.start()
    bid = open_bundle_id(volume)
    listed = talk(running, request("GET", f"{network.BUNDLES}/{bid}/0-0", f"Authorization: {desk(running)}"))
    assert listed.startswith(b"HTTP/1.1 200")
    assert listed.endswith(volume)
    again = send(running, token, volume)
    assert again.startswith(b"HTTP/1.1 201")
    report = json.loads(svidok("receiver", "fsck", "--home", running.home, "--deep", "--json").stdout)
    assert report["sound"]


def desk(receiver: Receiver) -> str:
    return network.bearer(receiver.desk_bearer)


def open_bundle_id(volume: bytes) -> str:
    from sync.volume import read_header

    return read_header(volume[:8192]).bid.hex()


def test_status_while_it_runs(running: Receiver) -> None:
    state = json.loads(svidok("receiver", "status", "--home", running.home, "--json").stdout)
    assert state["url"] == running.url
    assert state["offices"] == 1
    assert state["tokens"] >= 8
    assert state["free"] > 0
    assert len(state["certificates"]) == 2
    assert state["health"] in ("ok", "warning")
    shown = svidok("receiver", "status", "--home", running.home).stdout
    assert running.url in shown


def test_one_home_is_served_and_repaired_once(running: Receiver) -> None:
    second = svidok("receiver", "serve", "--home", running.home, "--listen", f"127.0.0.1:{free_port()}", check=False)
    assert code_of(second) == "E_HOME_BUSY"
    assert code_of(svidok("receiver", "fsck", "--repair", "--home", running.home, check=False)) == "E_HOME_BUSY"
    assert healthy(running)


def test_a_port_that_is_taken_is_told(running: Receiver, home: Path) -> None:
    done = svidok("receiver", "serve", "--home", home, "--listen", running.address, check=False)
    assert code_of(done) == "E_RECEIVER_LISTEN"


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:99999"])
def test_an_address_to_listen_on_that_is_none(home: Path, listen: str) -> None:
    assert code_of(svidok("receiver", "serve", "--home", home, "--listen", listen, check=False)) == "E_RECEIVER_LISTEN"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_gracefully(tmp_path: Path, number: signal.Signals) -> None:
    with running_receiver(tmp_path) as receiver:
        assert healthy(receiver)
        os.kill(receiver.pid, number)
        assert receiver.stop() == 0
        assert "Traceback" not in receiver.log
        Lock(receiver.home).release()


def test_plain_http_is_for_loopback_alone(home: Path, tmp_path: Path) -> None:
    done = svidok("receiver", "serve", "--home", home, "--plain", "--listen", "0.0.0.0:8080", check=False)
    assert code_of(done) == "E_RECEIVER_LISTEN"
    assert svidok("receiver", "serve", "--home", home, "--plain", check=False).returncode == 2
    with running_receiver(tmp_path, "--plain") as receiver:
        assert healthy(receiver, plain=True)


def test_several_workers_need_a_store_that_they_share(home: Path) -> None:
    done = svidok("receiver", "serve", "--home", home, "--workers", "2", check=False)
    assert done.returncode == 2
    for alone in (["--store", "s3://b/p"], ["--index", "postgresql://h/d"]):
        assert svidok("receiver", "serve", "--home", home, *alone, check=False).returncode == 2


def test_a_log_names_no_token_and_no_peer(running: Receiver) -> None:
    secret = b"\x42" * 32
    send(running, secret, make_volume(7))
    talk(running, request("GET", "/secret-path-that-somebody-asked-for", "User-Agent: curious"))
    for word in ("127.0.0.1:", network.bearer(secret)[7:], "curious", "secret-path"):
        assert word not in running.log.replace(running.address, "")


# ---- no command, other homes, missing parts ----


def test_without_a_command_a_receiver_shows_its_state(home: Path) -> None:
    done = svidok("--home", home)
    assert URL in done.stdout
    assert "svidok receiver serve" in done.stdout


def test_another_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "profile").write_text("desk\n")
    for command in ("status", "fsck", "serve"):
        assert code_of(svidok("receiver", command, "--home", tmp_path / "d", check=False)) == "E_HOME_PROFILE"
        assert code_of(svidok("receiver", command, "--home", tmp_path / "x", check=False)) == "E_HOME_MISSING"


def test_problems_in_json(tmp_path: Path) -> None:
    done = svidok("receiver", "status", "--home", tmp_path / "x", "--json", check=False)
    assert json.loads(done.stdout)["problem"]["code"] == "E_HOME_MISSING"


def test_fsck_ends_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    with running_receiver(tmp_path) as receiver:
        (token,) = receiver.give(1)
        assert send(receiver, token, make_volume(8)).startswith(b"HTTP/1.1 201")
        receiver.stop()
        (volume,) = (receiver.home / "receiver" / "volumes").glob("*/*.vol")
        volume.write_bytes(volume.read_bytes()[:-1] + b"!")
        assert svidok("receiver", "fsck", "--home", receiver.home).returncode == 0
        deep = svidok("receiver", "fsck", "--home", receiver.home, "--deep", check=False)
        assert deep.returncode == 1
        assert "NOT MENDED" in deep.stdout
        mended = svidok("receiver", "fsck", "--home", receiver.home, "--deep", "--repair")
        assert "mended" in mended.stdout
        assert not volume.exists()
        receiver.start()
        assert send(receiver, token, make_volume(8)).startswith(b"HTTP/1.1 201")


def test_a_lost_index_finds_its_volumes_again(tmp_path: Path) -> None:
    with running_receiver(tmp_path) as receiver:
        (token,) = receiver.give(1)
        assert send(receiver, token, make_volume(9)).startswith(b"HTTP/1.1 201")
        receiver.stop()
        index = receiver.home / "receiver" / "index.db"
        index.write_bytes(b"\xff" * 8192)
        assert code_of(svidok("receiver", "status", "--home", receiver.home, check=False)) == "E_RECEIVER_INDEX"
        for path in index.parent.glob("index.db*"):
            path.unlink()
        receiver.give(1)
        mended = json.loads(svidok("receiver", "fsck", "--repair", "--home", receiver.home, "--json").stdout)
        assert [finding["kind"] for finding in mended["findings"]] == ["volume-stray"]
        receiver.start()
        listed = talk(receiver, request("GET", f"{network.BUNDLES}?after=1", f"Authorization: {desk(receiver)}"))
        assert bytes.fromhex(open_bundle_id(make_volume(9))) in listed


def test_a_missing_part_is_named() -> None:
    with refused("E_EXTRA_MISSING"):
        commands.need_extra("cloud", "no_such_module_anywhere")
    without = "import sys; sys.modules['obstore'] = None\nfrom tui.commands.receiver import check_backend\n"
    run = without + "try: check_backend('s3://b/p', 'postgresql://h/d')\nexcept Exception as error: print(error)"
    done = subprocess.run([sys.executable, "-c", run], cwd=REPO, capture_output=True, text=True, check=False)
    assert "svidok[cloud]" in done.stdout or "E_EXTRA_MISSING" in done.stdout, done.stderr
