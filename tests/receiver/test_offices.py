"""Lists of tokens: how they are written and read, whose list counts, and what a person has compared."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import crypto, signed
from schemas import structure
from schemas.canonical import DOCUMENT
from schemas.problems import Problem
from schemas.records.network import TokenFile, TokenList
from sync import tokenfile
from sync.receiver import offices
from sync.receiver.local import open_local
from sync.receiver.ports import Index
from tests.helpers.expect import flipped, refused
from tests.helpers.faults import outcome
from tests.helpers.mission import Office

NOW = 1_800_000_000
OWN = b"r" * 32
DESKS = ((crypto.kid(OWN), b"d" * 32),)
OFFICE = Office(seed=b"o" * 32)
OTHER = Office(seed=b"p" * 32)


def listing(count: int = 3, *, issued: int = NOW) -> TokenList:
    hashes = sorted(crypto.sha256(number.to_bytes(4, "big")) for number in range(count))
    return TokenList(issued=issued, desks=DESKS, tokens=tuple(hashes), quota=1000, expires=NOW + 1000)


def written(office: Office = OFFICE, wanted: TokenList | None = None, **named: Any) -> bytes:
    keys = named.get("keys", office.mission_keys)
    return tokenfile.write(named.get("root", office.signed_root), wanted or listing(), keys)


def forged(wanted: TokenList, office: Office = OFFICE, kind: str = "tokens") -> bytes:
    """A file of anything, signed by the mission key."""
    item = signed.sign_object(kind, structure.encode(wanted, DOCUMENT), office.mission_keys, DOCUMENT)
    return b"SVIDTOK1" + structure.encode(TokenFile(root=office.signed_root, tokens=item), DOCUMENT)


def test_what_is_written_is_read() -> None:
    root, root_hash, found = tokenfile.read(written())
    assert root == OFFICE.root
    assert root_hash == crypto.sha256(structure.encode(OFFICE.root))
    assert found == listing()
    assert tokenfile.root_fingerprint(root) == crypto.fingerprint(structure.encode(OFFICE.root))


def test_the_widest_list_fits() -> None:
    wide = listing(65_536)
    data = written(wanted=wide)
    assert len(data) < tokenfile.MAX_FILE
    assert tokenfile.read(data)[2] == wide


def test_an_empty_list_is_a_list() -> None:
    assert tokenfile.read(written(wanted=listing(0)))[2].tokens == ()


@pytest.mark.parametrize("order", [lambda t: t[::-1], lambda t: (*t, t[-1]), lambda t: (t[0], t[0], *t[1:])])
def test_an_order_that_could_tell_something_is_refused(order: Callable[[Any], Any]) -> None:
    wrong = dataclasses.replace(listing(), tokens=tuple(order(listing().tokens)))
    with refused("E_TOKEN_LIST"):
        tokenfile.write(OFFICE.signed_root, wrong, OFFICE.mission_keys)
    with refused("E_TOKEN_LIST"):
        tokenfile.read(forged(wrong))


@pytest.mark.parametrize(
    "data",
    [
        written(keys=OFFICE.receipt_keys),
        written(keys=OTHER.mission_keys),
        written(keys=[]),
        written(root=OTHER.signed_root),
        forged(listing(), kind="pack"),
        written()[:-1],
        written() + b"\0",
        b"",
        b"SVIDTOK1",
        b"SVIDCAR1" + written()[8:],
    ],
    ids=["receipt role", "other office", "nobody", "other root", "other type", "cut", "more", "empty", "magic", "card"],
)
def test_attack_66_a_list_that_the_mission_role_did_not_sign_is_refused(data: bytes) -> None:
    with refused("E_TOKEN_LIST"):
        tokenfile.read(data)


def test_attack_66_two_of_two_must_sign() -> None:
    office = Office(mission_keys=2, threshold=2, seed=b"q" * 32)
    tokenfile.read(written(office))
    for keys in (office.mission_keys[:1], [office.mission_keys[0]] * 2):
        with refused("E_TOKEN_LIST"):
            tokenfile.read(written(office, keys=keys))


def test_a_root_that_did_not_sign_itself_is_refused() -> None:
    unsigned = signed.sign_object("root", structure.encode(OFFICE.root), OFFICE.receipt_keys)
    with refused("E_TOKEN_LIST"):
        tokenfile.read(written(root=unsigned))


@pytest.mark.parametrize("order", [lambda d: d[::-1], lambda d: (d[0], *d), lambda d: (d[0], (d[0][0], b"x" * 32))])
def test_receivers_out_of_order_or_twice_are_refused(order: Callable[[Any], Any]) -> None:
    right = (*DESKS, (b"\xff" * 16, b"e" * 32))
    assert tokenfile.read(written(wanted=dataclasses.replace(listing(), desks=right)))[2].desks == right
    wrong = dataclasses.replace(listing(), desks=tuple(order(right)))
    with refused("E_TOKEN_LIST"):
        tokenfile.write(OFFICE.signed_root, wrong, OFFICE.mission_keys)
    with refused("E_TOKEN_LIST"):
        tokenfile.read(forged(wrong))


def test_attack_29_every_flipped_byte_is_refused() -> None:
    data = written()
    for at in range(0, len(data), 7):
        assert outcome(lambda: tokenfile.read(flipped(data, at))) == "E_TOKEN_LIST", at  # noqa: B023  called at once


@given(st.binary(max_size=300))
def test_attack_29_random_bytes_are_no_list(data: bytes) -> None:
    for tried in (data, b"SVIDTOK1" + data):
        assert outcome(lambda: tokenfile.read(tried)) == "E_TOKEN_LIST"  # noqa: B023  called at once


# ---- accepting ----


def within(folder: Path, work: Callable[[Index], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        index, store = await open_local(folder)
        try:
            return await work(index)
        finally:
            await index.close()
            await store.close()

    return asyncio.run(run())


def test_the_first_list_pins_the_office_that_a_person_compared(tmp_path: Path) -> None:
    offered = offices.look(written())
    assert (offered.organisation, offered.tokens, offered.expires) == ("Test Office", 3, NOW + 1000)

    async def work(index: Index) -> None:
        assert not await offices.known(index, written())
        with refused("E_FINGERPRINT"):
            await offices.accept(index, written(), offices.look(written(OTHER)).fingerprint, OWN)
        assert await index.offices() == []
        typed = " ".join(offered.fingerprint.split()).replace(" ", "-")
        done = await offices.accept(index, written(), typed, OWN)
        assert (done.added, done.cancelled, done.new, done.compared) == (3, 0, True, True)
        assert await offices.known(index, written())
        later = await offices.accept(index, written(wanted=listing(2, issued=NOW + 1)), None, OWN)
        assert (later.added, later.cancelled, later.new, later.compared) == (0, 1, False, True)
        with refused("E_FINGERPRINT"):
            await offices.accept(index, written(), "1", OWN)

    within(tmp_path, work)


def test_a_receiver_keeps_its_own_bearer_and_refuses_a_list_for_others(tmp_path: Path) -> None:
    async def work(index: Index) -> None:
        with pytest.raises(Problem) as caught:
            await offices.accept(index, written(), None, b"x" * 32)
        assert (caught.value.code, caught.value.facts["why"]) == ("E_TOKEN_LIST", "it does not name this receiver")
        assert await index.offices() == []
        pairs = tuple(sorted((crypto.kid(key * 32), key * 32) for key in (b"a", b"r", b"z")))
        await offices.accept(index, written(wanted=dataclasses.replace(listing(), desks=pairs)), None, OWN)
        assert await index.desk(b"r" * 32) is not None
        assert [await index.desk(key * 32) for key in (b"a", b"z")] == [None, None]

    within(tmp_path, work)


def test_without_a_comparison_it_says_so(tmp_path: Path) -> None:
    async def work(index: Index) -> None:
        done = await offices.accept(index, written(), None, OWN)
        assert (done.new, done.compared) == (True, False)

    within(tmp_path, work)


def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    async def work(index: Index) -> None:
        await offices.accept(index, written(), None, OWN)
        before = await index.counts()
        for data in (written(keys=OFFICE.receipt_keys), written()[:-1]):
            with refused("E_TOKEN_LIST"):
                await offices.accept(index, data, None, OWN)
        with refused("E_TOKEN_LIST"):
            await offices.accept(index, written(OTHER, listing(5)), None, OWN)  # the bearer is the first office's
        assert await index.counts() == before
        assert len(await index.offices()) == 1

    within(tmp_path, work)
