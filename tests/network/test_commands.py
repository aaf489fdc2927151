"""The commands: what scripts get, what people read, how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import settings as kept
from sync.sending import Sender
from sync.settings import SendSettings
from tests.helpers.interviews import sealed_entry, some_file
from tests.helpers.mission import PASSPHRASE, Office, enrolled_field
from tests.network.devices import device
from tests.network.scripted import Scripted
from tests.network.tls import refused
from tests.receiver_kit import Receiver, running_receiver, svidok
from tui.commands import sending
from tui.commands.common import counted


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver")) as running:
        yield running


def field_command(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    words = tmp_path / "words"
    words.write_text(PASSPHRASE)
    home = tmp_path / "home"
    return svidok("field", *arguments, "--home", home, "--passphrase-file", words, check=False)


def as_json(tmp_path: Path, *arguments: object, code: int = 0) -> dict[str, Any]:
    done = field_command(tmp_path, *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_sending_from_the_command_line(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(2)) as field:
        sealed_entry(field)
    assert as_json(tmp_path, "status")["to_leave"]["entries"] == 1
    sent = as_json(tmp_path, "send")
    assert (sent["ok"], sent["problem"], len(sent["stored"]), sent["sent"]) == (True, None, 1, 1_073_152)
    status = as_json(tmp_path, "status")
    assert [item["code"] for item in status["stored"]] == sent["stored"]
    assert status["tokens_left"] == sent["tokens_left"] == 1
    assert as_json(tmp_path, "receipts", "--receiver")["receipts"] == []
    assert "Nothing is waiting" in field_command(tmp_path, "send").stdout
    again = field_command(tmp_path, "send", "--again", "--limit", "5000").stdout
    assert "1 of 1 volume stored" in again
    assert "until the office confirms" in again


def test_a_person_chooses_the_receiver(tmp_path: Path, receiver: Receiver) -> None:
    with Scripted(tmp_path) as second:
        with device(tmp_path / "home", [second.card, receiver.card], receiver.give(2)) as field:
            sealed_entry(field)
        there, shown = f"127.0.0.1:{second.port}", f"127.0.0.1:{receiver.card.url.rpartition(':')[2]}"
        unknown = as_json(tmp_path, "send", "--receiver", "receiver.test", code=1)["problem"]
        assert (unknown["code"], unknown["facts"]["known"]) == ("E_RECEIVER_NAME", f"{there}, {shown}")
        assert as_json(tmp_path, "send", "--receiver", shown)["ok"]
        assert not second.asked
        words = field_command(tmp_path, "send", "--again", "--receiver", there, "--receiver", shown).stdout
        assert len(second.uploads) == 1
        assert "! No permission for sending left; each bundle needs one. Ask the office for a new pack" in words


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl+C is heard, also where whoever runs the tests started them in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_a_person_who_stops_reads_how_far_it_came(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field)
        kept.save(field.vault.db, SendSettings(limit=20))
        stopping: list[int] = []

        def stop(progress: object) -> None:
            if sender.now().sent > 0 and not stopping:
                stopping.append(1)
                os.kill(os.getpid(), signal.SIGINT)

        sender = Sender(field, progress=stop)
        with sending.interruptible(sender.stop):
            report = sender.run()
    assert (report.stopped, report.ok) == (True, False)
    assert "Stopped." in list(sending.send_lines(report))[-1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert as_json(tmp_path, "send", "--limit", "100000")["ok"]


def test_what_did_not_go_is_said_with_its_code(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field)
    proxy = ("--proxy", "socks5h://127.0.0.1:1")
    sent = as_json(tmp_path, "send", *proxy, code=1)
    assert (sent["ok"], sent["problem"]["code"]) == (False, "E_NET_PROXY")
    assert sent["left"][0]["problem"]["code"] == "E_NET_PROXY"
    words = field_command(tmp_path, "send", *proxy)
    assert words.returncode == 1
    assert "stays here: The proxy does not let us through" in words.stdout
    assert as_json(tmp_path, "receipts", "--receiver", *proxy, code=1)["problem"]["code"] == "E_NET_PROXY"
    assert as_json(tmp_path, "send", "--proxy", "ftp://x", code=1)["problem"]["code"] == "E_PROXY_URL"
    assert field_command(tmp_path, "receipts").returncode == 2


def test_the_status_counts_one_as_one(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field, photo=some_file(tmp_path, "a.jpg"))
        sealed_entry(field)
    lines = field_command(tmp_path, "status").stdout.splitlines()
    assert sorted(line.endswith(", 1 attachment") for line in lines[1:3]) == [False, True]
    assert lines[3].startswith("Still to leave: 2 sealed interviews, ")
    assert "Permissions for sending left: 1." in lines
    assert counted(1, "sealed interview") == "1 sealed interview"


def test_settings_are_kept_in_the_vault(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field)
    assert as_json(tmp_path, "sending") == {"policy": "asked", "proxy": None, "limit": None}
    chosen = {"policy": "never", "proxy": "socks5h://127.0.0.1:9050", "limit": 64}
    options = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    assert as_json(tmp_path, "sending", *options) == chosen
    assert as_json(tmp_path, "sending") == chosen
    assert as_json(tmp_path, "send", code=1)["problem"]["code"] == "E_SEND_NEVER"
    assert as_json(tmp_path, "sending", "--proxy", "gopher://x", code=1)["problem"]["code"] == "E_PROXY_URL"
    done = field_command(tmp_path, "sending", "--policy", "connected", "--proxy", "none", "--no-limit")
    assert done.stdout.splitlines() == [
        "This machine sends whenever there is a connection.",
        "Proxy: none.",
        "Limit: none.",
    ]
    assert field_command(tmp_path, "sending", "--limit", "5", "--no-limit").returncode == 2


def test_settings_that_make_no_sense_are_refused_whole(tmp_path: Path) -> None:
    with enrolled_field(tmp_path / "home", Office()) as field:
        good = SendSettings("connected", "environment", 7)
        kept.save(field.vault.db, good)
        for bad in (SendSettings(limit=0), SendSettings(limit=1 << 30), SendSettings(proxy="x")):
            refused("E_PROXY_URL" if bad.proxy else "E_SEND_LIMIT", kept.save, field.vault.db, bad)
        assert kept.load(field.vault.db) == good
