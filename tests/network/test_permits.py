"""Tokens: each is shown with one bundle and no other; what a receiver will not have uses up few of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto
from collector.database import Database
from collector.field import Field
from sync import permits
from tests.helpers.interviews import sealed_entry
from tests.helpers.mission import Office, enrolled_field
from tests.network.devices import bundles, device, drawn, refusals, send, states
from tests.network.scripted import Scripted
from tests.network.tls import answer, refused
from tests.receiver_kit import Receiver, running_receiver


def some(count: int) -> list[bytes]:
    return [crypto.random_bytes(32) for _ in range(count)]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver")) as running:
        yield running


def codes(field: Field) -> list[str]:
    """Sends, and says why what is left is left."""
    return sorted({problem.code for _, problem in send(field, patience=0.5).left})


def test_attack_40_a_token_that_was_used_for_another_bundle_gives_way_to_the_next(
    tmp_path: Path, receiver: Receiver
) -> None:
    tokens = receiver.give(3)
    with device(tmp_path / "one", [receiver.card], tokens[:2]) as other:
        for _ in range(2):
            sealed_entry(other)
            assert send(other).ok
    with device(tmp_path / "two", [receiver.card], tokens) as field:
        sealed_entry(field)
        assert send(field).ok
        assert tokens[2] in drawn(field)
        assert refusals(field) == dict.fromkeys(drawn(field) - {tokens[2]}, "E_TOKEN_USED")


def liar(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
    return answer(403, Svidok_Code="E_TOKEN_USED")


def test_attack_40_a_receiver_that_calls_every_token_used_keeps_none_from_the_next(
    tmp_path: Path, receiver: Receiver
) -> None:
    tokens = receiver.give(24)
    with (
        Scripted(tmp_path, instead=liar) as first,
        device(tmp_path / "home", [first.card, receiver.card], tokens) as field,
    ):
        for sent in range(1, 10):
            sealed_entry(field)
            assert send(field).ok
            assert len(states(field)) == states(field).count("stored") == sent
        # Each bundle needs one; all that the liar wins is a quarter of them, once.
        assert len(drawn(field)) < 9 + 24 // 4
        assert len(refusals(field)) >= 24 // 4


@pytest.mark.parametrize("code", sorted(permits.REFUSED))
def test_attack_40_one_receiver_alone_uses_up_no_tokens(tmp_path: Path, code: str) -> None:
    def refuses(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        return answer(403, Svidok_Code=code)

    tokens = some(16)
    with Scripted(tmp_path, instead=refuses) as only, device(tmp_path / "home", [only.card], tokens) as field:
        sealed_entry(field)
        for _ in range(6):
            assert codes(field) == [code]
        assert len(drawn(field)) <= 4
        only.instead = lambda request, headers, body: None
        assert send(field).ok
        assert len(drawn(field)) <= 4


def test_attack_40_a_receiver_that_finds_all_damaged_uses_up_no_tokens(tmp_path: Path) -> None:
    def damaged(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        return answer(422, Svidok_Code="E_VOL_SIG")

    with Scripted(tmp_path, instead=damaged) as only, device(tmp_path / "home", [only.card], some(9)) as field:
        sealed_entry(field)
        for _ in range(4):
            assert codes(field) == ["E_VOL_SIG"]
        assert bundles(field) == ["ready"]
        assert len(drawn(field)) == 1


def test_attack_40_unknown_tokens_stay_with_their_bundle_until_the_list_comes(
    tmp_path: Path, receiver: Receiver
) -> None:
    tokens = some(6)
    with device(tmp_path / "home", [receiver.card], tokens) as field:
        sealed_entry(field)
        for _ in range(3):
            assert codes(field) == ["E_TOKEN_UNKNOWN"]
        assert len(drawn(field)) == 3
        assert states(field) == ["sealed"]
        receiver.accept(receiver.token_file(tokens))
        sealed_entry(field)
        assert send(field).ok
        assert states(field) == ["stored"] * 2
        assert len(drawn(field)) == 4


def test_attack_40_expired_tokens_are_tried_again_when_the_list_is_newer(tmp_path: Path, receiver: Receiver) -> None:
    tokens = some(2)
    receiver.accept(receiver.token_file(tokens, expires=int(time.time()) - 10))
    with device(tmp_path / "home", [receiver.card], tokens) as field:
        sealed_entry(field)
        assert codes(field) == ["E_TOKEN_EXPIRED"]
        receiver.accept(receiver.token_file(tokens))
        assert send(field).ok


def test_attack_40_a_bundle_that_a_token_does_not_cover_stays(tmp_path: Path, receiver: Receiver) -> None:
    tokens = some(2)
    receiver.accept(receiver.token_file(tokens, quota=1_000_000))
    with device(tmp_path / "home", [receiver.card], tokens) as field:
        sealed_entry(field)
        assert codes(field) == ["E_TOKEN_QUOTA"]
        assert bundles(field) == ["ready"]
    with device(tmp_path / "told", [receiver.card], tokens, quota=1_000_000) as field:
        sealed_entry(field)
        assert codes(field) == ["E_TOKEN_QUOTA"]
        assert bundles(field) == []


def test_without_a_token_nothing_is_sent(tmp_path: Path, receiver: Receiver) -> None:
    with device(tmp_path / "home", [receiver.card], receiver.give(1)) as field:
        sealed_entry(field)
        assert send(field).ok
        sealed_entry(field)
        assert codes(field) == ["E_TOKEN_NONE"]
        assert sorted(states(field)) == ["sealed", "stored"]
        assert field.status()["tokens_left"] == 0


def test_attack_40_no_token_is_ever_shown_with_two_bundles(tmp_path: Path) -> None:
    shown: dict[str, set[bytes]] = {}

    def instead(request: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if request.startswith("POST") and body:
            shown.setdefault(headers["authorization"], set()).add(body[8:40])
        return answer(401, Svidok_Code="E_TOKEN_UNKNOWN") if len(shown) % 2 else None

    with Scripted(tmp_path, instead=instead) as fickle, device(tmp_path / "home", [fickle.card], some(9)) as field:
        for _ in range(4):
            sealed_entry(field)
            send(field, patience=0.1)
            send(field, patience=0.1)
    assert len(shown) > 2
    assert all(len(bundle_keys) == 1 for bundle_keys in shown.values())


def test_a_token_is_bound_durably_and_for_good(tmp_path: Path) -> None:
    with enrolled_field(tmp_path / "home", Office()) as field:
        db, one, two, here, there = field.vault.db, bytes(16), bytes([1]) * 16, bytes(32), bytes([1]) * 32
        first = permits.token_for(db, one, here, ())
        assert permits.token_for(db, one, here, ()) == first
        assert permits.token_for(db, two, here, ()) != first
        refused("E_FROZEN", db.execute, "UPDATE token SET bid = ? WHERE token = ?", (two, first))
        assert first is not None
        permits.refuse(db, first, here, "E_TOKEN_USED")
        assert permits.token_for(db, one, here, ()) == first
        last = permits.token_for(db, one, here, {first})
        assert last not in (first, None)
        assert permits.left(db) == 0
        assert permits.token_for(db, one, here, ()) == last
        assert permits.token_for(db, one, there, ()) == min(first, last or b"", key=lambda token: order(db, token))
        assert permits.token_for(db, one, here, {first, last or b""}) is None
        refused("E_TOKEN_NONE", permits.token_for, db, bytes([2]) * 16, here, ())
        permits.take(db, first, here)
        assert refusals(field) == {}


def order(db: Database, token: bytes) -> int:
    row = db.one("SELECT id FROM token WHERE token = ?", (token,))
    assert row is not None
    return int(row[0])
