"""The proxy that a desk keeps: no run goes without it because a word was forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sync.desk import proxy
from sync.desk.desk import Desk
from tests.helpers.expect import refused
from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import svidok
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import Lying, bundle_for, codes

NOWHERE = "socks5h://name:secret@127.0.0.1:1"


def test_what_is_kept_holds_for_every_run_that_does_not_say_otherwise(
    linked: Desk, receiver: Lying, one: Device
) -> None:
    receiver.add(*bundle_for(linked, one).files.values())
    proxy.keep(linked.vault, NOWHERE)
    assert codes(linked.fetch()) == ["E_NET_PROXY"]
    sent = linked.send_receipts().receivers[0].problem
    assert (sent, receiver.requests) == (None, [])  # there is nothing to send yet
    assert linked.fetch(proxy=proxy.DIRECT).fetched == 1
    linked.import_arrived()
    sent = linked.send_receipts().receivers[0].problem
    assert sent is not None
    assert sent.code == "E_NET_PROXY"
    assert linked.network()["proxy"] == "socks5h://name:…@127.0.0.1:1"
    proxy.keep(linked.vault, None)
    assert (linked.send_receipts().ok, linked.network()["proxy"]) == (True, None)


@pytest.mark.parametrize("wrong", ["socks5://127.0.0.1:1", "127.0.0.1:9050", "http://"])
def test_what_is_no_proxy_is_not_kept(home: Home, wrong: str) -> None:
    proxy.keep(home.desk.vault, NOWHERE)
    with refused("E_PROXY_URL"):
        proxy.keep(home.desk.vault, wrong)
    assert proxy.kept(home.reopened().vault) == NOWHERE


def test_the_command_keeps_it_and_shows_no_password(home: Home, linked: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE)
    home.desk.close()
    options = ("--home", home.path, "--passphrase-file", secret)
    assert svidok("desk", "fetch", "--keep", *options, check=False).returncode == 2
    done = svidok("desk", "fetch", "--proxy", NOWHERE, "--keep", *options, "--json", check=False)
    assert json.loads(done.stdout)["receivers"][0]["problem"]["code"] == "E_NET_PROXY"
    shown = svidok("desk", "status", *options).stdout
    assert "Reached by the proxy socks5h://name:…@127.0.0.1:1." in shown
    assert json.loads(svidok("desk", "fetch", "--proxy", "", *options, "--json").stdout)["ok"]
