"""The home of a receiver: whole or not at all, no key lost that a card names, and what the card says of it."""

from __future__ import annotations

import dataclasses
import ssl
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import certificates, crypto
from schemas.problems import Problem
from sync import cards
from sync.receiver import home as homes
from tests.helpers.expect import flipped, refused
from tests.helpers.faults import checkpoints, killed_at, outcome

NOW = 1_800_000_000
URL = "https://receiver.example:8443"
YEAR = 365 * 86_400


def made(path: Path, url: str = URL, onion: str | None = None) -> homes.ReceiverHome:
    return homes.init(path, url, onion, NOW)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_home_has_its_keys_and_a_card_that_names_them(tmp_path: Path) -> None:
    home = made(tmp_path / "r", onion="abcdefgh.onion")
    assert tree(home.path) == {"profile", "lock", "receiver"} | {
        f"receiver/{name}" for name in ("current.pem", "next.pem", "r1.key", "url", "onion")
    }
    with home.seed() as seed:
        assert home.card.r1_key == crypto.sign_keypair(seed)[0]
    assert (home.card.url, home.card.onion) == (URL, "abcdefgh.onion")
    assert len(set(home.card.certs)) == 2
    assert homes.open_home(home.path) == home
    assert cards.read_card(home.card_file()) == home.card
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name in ("current.pem", "next.pem"):
        context.load_cert_chain(home.folder / name)


def test_nobody_else_reads_its_keys(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    for path in [home.path, *home.path.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_two_homes_share_a_key(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a"), made(tmp_path / "b")
    assert first.card.r1_key != second.card.r1_key
    assert not set(first.card.certs) & set(second.card.certs)


def test_a_home_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    passed = checkpoints(lambda: made(tmp_path / "counted"))
    assert len(passed) > 15
    for number in range(len(passed)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert killed_at(number, lambda: made(folder / "r"))  # noqa: B023  called at once
        if (folder / "r").exists():
            homes.open_home(folder / "r")
        else:
            assert homes.open_home(made(folder / "r").path).card.url == URL
        assert {path.name for path in folder.iterdir()} == {"r"}


def test_a_home_that_is_there_is_not_touched(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    with refused("E_HOME_EXISTS"):
        made(tmp_path / "r")
    assert homes.open_home(tmp_path / "r") == home


def test_another_profile_is_no_receiver(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    (home.path / "profile").write_text("desk\n")
    with refused("E_HOME_PROFILE"):
        homes.open_home(home.path)
    with refused("E_HOME_MISSING"):
        homes.open_home(tmp_path)


@pytest.mark.parametrize("name", ["current.pem", "next.pem", "r1.key"])
def test_damaged_keys_are_told(tmp_path: Path, name: str) -> None:
    home = made(tmp_path / "r")
    (home.folder / name).write_bytes(b"short")
    with refused("E_FORMAT"):
        homes.open_home(home.path)
    (home.folder / name).unlink()
    with refused("E_MEDIA_IO"):
        homes.open_home(home.path)


@pytest.mark.parametrize(
    "url",
    ["http://receiver.example", "receiver.example", "https://", "https://u:p@h", "https://h?q", "https://h:99999",
     "https://h h", "https://h\n", "", "ftp://h", "https://прик.лад"],
)  # fmt: skip
def test_an_address_that_is_none_makes_no_home(tmp_path: Path, url: str) -> None:
    with refused("E_RECEIVER_URL"):
        made(tmp_path / "r", url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("onion", ["receiver.example", "", "https://x"])
def test_an_onion_name_that_is_none_makes_no_home(tmp_path: Path, onion: str) -> None:
    with refused("E_RECEIVER_URL"):
        made(tmp_path / "r", onion=onion)
    assert list(tmp_path.iterdir()) == []


# ---- rotation ----


def test_a_rotation_uses_what_devices_know_already(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    after = homes.rotate(home.path, NOW + 4 * YEAR)
    assert after.card.certs[0] == home.card.certs[1]
    assert after.card.certs[1] not in home.card.certs
    assert (after.card.r1_key, after.card.url) == (home.card.r1_key, home.card.url)
    assert after.ends()[0] > NOW + 9 * YEAR
    assert after.ends()[1] > NOW + 13 * YEAR


def test_an_interrupted_rotation_loses_no_key_that_a_card_names(tmp_path: Path) -> None:
    counted = made(tmp_path / "counted")
    passed = checkpoints(lambda: homes.rotate(counted.path, NOW))
    for number in range(len(passed)):
        home = made(tmp_path / str(number))
        following = (home.folder / "next.pem").read_bytes()
        assert killed_at(number, lambda: homes.rotate(home.path, NOW))  # noqa: B023  called at once
        between = homes.open_home(home.path)
        assert home.card.certs[1] in between.card.certs
        assert following in [(home.folder / name).read_bytes() for name in ("current.pem", "next.pem")]
        # Whatever was interrupted, a rotation now leaves a current and another next one.
        assert len(homes.rotate(home.path, NOW, force=True).card.certs) == 2


def test_an_interrupted_rotation_is_finished_and_not_repeated(tmp_path: Path) -> None:
    counted, home = made(tmp_path / "counted"), made(tmp_path / "r")
    passed = checkpoints(lambda: homes.rotate(counted.path, NOW))
    assert killed_at(passed.index("rotate: current"), lambda: homes.rotate(home.path, NOW))
    assert homes.open_home(home.path).card.certs == (home.card.certs[1],)
    after = homes.rotate(home.path, NOW)
    assert after.card.certs[0] == home.card.certs[1]
    assert len(after.card.certs) == 2


def test_a_second_rotation_waits_until_all_devices_have_the_card_of_the_first(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    once = homes.rotate(home.path, NOW)
    # Whatever the clock says: only a person knows which packs the devices have.
    for now in (NOW, NOW + 60, NOW + 4 * YEAR, NOW - YEAR):
        with pytest.raises(Problem, match="E_ROTATED") as caught:
            homes.rotate(home.path, now)
        assert caught.value.facts["since"] == "2027-01-15"
        assert "older card" in caught.value.what
        assert homes.open_home(home.path).card == once.card
    twice = homes.rotate(home.path, NOW + YEAR, force=True)
    assert twice.card.certs[0] == once.card.certs[1]
    with refused("E_ROTATED"):
        homes.rotate(home.path, NOW + 2 * YEAR)


def test_a_second_rotation_that_was_interrupted_is_finished_without_asking_again(tmp_path: Path) -> None:
    counted, home = made(tmp_path / "counted"), made(tmp_path / "r")
    for path in (counted.path, home.path):
        once = homes.rotate(path, NOW)
    passed = checkpoints(lambda: homes.rotate(counted.path, NOW, force=True))
    assert killed_at(passed.index("rotate: current"), lambda: homes.rotate(home.path, NOW, force=True))
    assert homes.open_home(home.path).card.certs == (once.card.certs[1],)
    assert homes.rotate(home.path, NOW).card.certs[0] == once.card.certs[1]


# ---- certificates ----


@pytest.mark.parametrize(
    "host", ["receiver.example", "127.0.0.1", "2001:db8::1", "a" * 60 + "." + "b" * 60 + ".example"]
)
def test_a_certificate_names_its_host_and_its_time(host: str) -> None:
    der = certificates.der(certificates.make(host, NOW, YEAR))
    begins, ends = certificates.validity(der)
    assert begins < NOW
    assert ends == NOW + YEAR


@pytest.mark.parametrize("data", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x00"])
def test_what_is_no_certificate_is_told(data: bytes) -> None:
    with refused("E_FORMAT"):
        certificates.der(data)
    with refused("E_FORMAT"):
        certificates.validity(data)


# ---- cards ----


def test_a_card_travels_as_it_is(tmp_path: Path) -> None:
    home = made(tmp_path / "r")
    data = home.card_file()
    assert data.startswith(b"SVIDCAR1")
    assert home.card_file() == data
    assert cards.fingerprint(data) == crypto.fingerprint(data)
    assert len(data) < cards.MAX_FILE


def test_a_damaged_card_is_told(tmp_path: Path) -> None:
    data = made(tmp_path / "r").card_file()
    for damaged in (b"", data[:8], data[:-1], data + b"\0", b"SVIDCAR2" + data[8:], flipped(data, 0), flipped(data, 9)):
        with refused("E_RECEIVER_CARD"):
            cards.read_card(damaged)


def test_a_card_with_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    card = made(tmp_path / "r").card
    for bad in ({"url": "http://h"}, {"url": ""}, {"onion": "clear.example"}):
        with refused("E_RECEIVER_URL"):
            cards.write_card(dataclasses.replace(card, **bad), crypto.sign_keypair(bytes(32))[1])


def test_attack_40_a_card_that_names_a_key_which_its_maker_does_not_hold_is_refused(tmp_path: Path) -> None:
    card = made(tmp_path / "r").card
    own, key = crypto.sign_keypair(bytes(32))
    with refused("E_RECEIVER_CARD"):
        cards.read_card(cards.write_card(card, key))
    assert cards.read_card(cards.write_card(dataclasses.replace(card, r1_key=own), key)).r1_key == own


@given(st.binary(max_size=300))
def test_attack_29_random_bytes_are_no_card(data: bytes) -> None:
    for tried in (data, b"SVIDCAR1" + data):
        assert outcome(lambda: cards.read_card(tried)) == "E_RECEIVER_CARD"  # noqa: B023  called at once


def test_problems_of_a_card_name_nothing_of_its_content() -> None:
    with pytest.raises(Problem) as caught:
        cards.read_card(b"SVIDCAR1" + b"secret")
    assert "secret" not in str(caught.value)
