"""Tokens: each is shown with one bundle and no other; what a receiver will not have uses up few of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto
from collector.field import Field
from sync import permits
from tests.helpers.interviews import sealed_entry
from tests.helpers.mission import Office, enrolled_field
from tests.network.devices import bundles, device, send, states, tokens_of
from tests.network.scripted import Scripted
from tests.network.tls import answer, refused
from tests.receiver_kit import Receiver, running_receiver

DRAWN, SPENT, FREE = (True, None), (True, "E_TOKEN_USED"), (False, None)


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
    with device(tmp_path / "one", [receiver.card], tokens[:1]) as other:
        sealed_entry(other)
        assert send(other).ok
    with device(tmp_path / "two", [receiver.card], tokens) as field:
        sealed_entry(field)
        assert send(field).ok
        assert tokens_of(field) == [SPENT, DRAWN, FREE]


def test_attack_40_unknown_tokens_stay_with_their_bundle_until_the_list_comes(
    tmp_path: Path, receiver: Receiver
) -> None:
    tokens = some(6)
    with device(tmp_path / "home", [receiver.card], tokens) as field:
        sealed_entry(field)
        for _ in range(3):
            assert codes(field) == ["E_TOKEN_UNKNOWN"]
        assert tokens_of(field) == [DRAWN] * 3 + [FREE] * 3
        assert states(field) == ["sealed"]
        receiver.accept(receiver.token_file(tokens))
        sealed_entry(field)
        assert send(field).ok
        assert states(field) == ["stored"] * 2
        assert tokens_of(field) == [DRAWN] * 4 + [FREE] * 2


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
        if request.startswith("POST"):
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
        db, one, two = field.vault.db, bytes(16), bytes([1]) * 16
        first = permits.token_for(db, one, ())
        assert permits.token_for(db, one, ()) == first
        assert permits.token_for(db, two, ()) != first
        refused("E_FROZEN", db.execute, "UPDATE token SET bid = ? WHERE token = ?", (two, first))
        assert first is not None
        permits.spend(db, first, "E_TOKEN_USED")
        last = permits.token_for(db, one, ())
        assert last not in (first, None)
        assert permits.left(db) == 0
        assert permits.token_for(db, one, {last or b""}) is None
        refused("E_TOKEN_NONE", permits.token_for, db, bytes([2]) * 16, ())
