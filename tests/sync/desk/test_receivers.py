"""Receivers of missions, upload tokens, and the versions of packs that come of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import crypto, envelope, packs
from collector.field import Field
from collector.packs import FormSource
from schemas.records.mission import ReceiverCard
from sync import cards, network, tokenfile
from sync.desk import keys, receivers, tokens
from sync.desk.desk import Desk
from tests.helpers.expect import refused
from tests.helpers.forms import small_form
from tests.helpers.mission import DAY, NOW, PASSPHRASE, SMALL, SetClock
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.travel import Bundle, codes_of, take

SEED = b"k" * 32
R1 = crypto.sign_keypair(SEED)[0]


def card(url: str = "https://receiver.test:8443", *, seed: bytes = SEED, cert: bytes = b"c" * 300) -> bytes:
    """The file of a card. The desk believes what people compared, and looks into no certificate."""
    public, key = crypto.sign_keypair(seed)
    return cards.write_card(ReceiverCard(url=url, certs=(cert, cert), r1_key=public), key)


# ---- receivers ----


def test_a_card_stands_in_the_packs_of_its_mission_alone(desk: Desk) -> None:
    desk.mission_new("Second", [FormSource("small", "1", small_form())], cards=[card()])
    (named,) = desk.receivers()
    assert (named.fingerprint, named.missions) == (crypto.fingerprint(card()), ("Second",))
    assert Device().enrol(desk, "Dobra").body.receivers == ()
    body = Device().enrol(desk, "Second").body
    assert [item.url for item in body.receivers] == ["https://receiver.test:8443"]
    assert (len(body.tokens), len(set(body.tokens)), body.tok_quota) == (tokens.PACK, tokens.PACK, tokens.QUOTA)


def test_no_receiver_no_tokens(desk: Desk) -> None:
    body = Device().enrol(desk).body
    assert (body.tokens, body.tok_quota) == ((), 0)
    assert desk.list_needed is False


def test_a_new_card_of_the_same_receiver_takes_the_place_of_the_old_one(desk: Desk) -> None:
    desk.receiver_add(card("https://first.test"), "Dobra")
    desk.receiver_add(card("https://other.test", seed=b"o" * 32))
    with refused("E_RECEIVER_TWICE"):
        desk.receiver_add(card("https://first.test"))
    assert desk.receiver_add(card("https://first.test", cert=b"n" * 300)).replaced
    assert [item.url for item in Device().enrol(desk).body.receivers] == ["https://first.test", "https://other.test"]
    assert Device().enrol(desk).body.receivers[0].certs == (b"n" * 300, b"n" * 300)


def test_a_receiver_that_is_taken_out_stands_in_the_next_packs_no_more(desk: Desk) -> None:
    desk.receiver_add(card("https://first.test"))
    other = desk.receiver_add(card("https://other.test", seed=b"o" * 32))
    device = Device().enrol(desk)
    for which in ("", "https://third.test", "x"):
        with refused("E_RECEIVER_WHICH"):
            desk.receiver_remove(which)
    assert desk.receiver_remove(other.fingerprint[:17]).card.url == "https://other.test"
    body = device.enrol(desk).body
    assert (body.ver, [item.url for item in body.receivers]) == (2, ["https://first.test"])
    desk.receiver_remove("https://first.test")
    body = device.enrol(desk).body
    assert (body.ver, body.receivers, body.tokens, body.tok_quota) == (3, (), (), 0)
    with refused("E_RECEIVERS_NONE"):
        desk.receiver_remove("https://first.test")


def test_what_is_no_card_or_one_too_many_changes_nothing(desk: Desk) -> None:
    for data in (b"", b"SVIDCAR1", card()[:-1], card().replace(b"https", b"httpx"), b"\xff" * 500):
        with refused("E_RECEIVER_CARD"):
            desk.receiver_add(data)
    with refused("E_RECEIVER_CARD"):
        desk.mission_new("Third", [FormSource("small", "1", small_form())], cards=[card(), b"x"])
    assert [mission.name for mission in desk.missions()] == ["Dobra"]
    for number in range(8):
        desk.receiver_add(card(seed=bytes([number]) * 32))
    with refused("E_RECEIVERS_MANY"):
        desk.receiver_add(card(seed=b"x" * 32))
    assert len(desk.receivers()) == 8


def test_one_of_several_receivers_is_named_by_digits_or_address(desk: Desk) -> None:
    with refused("E_RECEIVERS_NONE"):
        desk.fetch()
    with refused("E_RECEIVERS_NONE"):
        desk.send_receipts()
    first = desk.receiver_add(card("https://first.test"))
    desk.receiver_add(card("https://other.test", seed=b"o" * 32))
    for only, url in ((None, "https://127.0.0.1:1"), ("99999 99999 99999", None), ("", None)):
        with refused("E_RECEIVER_WHICH"):
            desk.fetch(only=only, url=url)
    assert [item.fingerprint for item in receivers.chosen_one(desk.vault, first.fingerprint[:11], None)] == [
        first.fingerprint
    ]
    assert [item.card.url for item in receivers.chosen_one(desk.vault, "https://other.test", None)] == [
        "https://other.test"
    ]


# ---- versions of packs ----


def test_a_device_that_is_enrolled_again_gets_the_next_version_when_something_changed(desk: Desk) -> None:
    device = Device().enrol(desk)
    first, first_hash = device.body, device.pack_hash
    assert Device.accept(device, desk.enrol(device.request).pack).pack_hash == first_hash
    desk.receiver_add(card())
    second = desk.enrol(device.request)
    assert (second.version, second.again, second.receivers, second.tokens) == (2, True, 1, tokens.PACK)
    body = device.accept(second.pack).body
    assert (body.ver, body.prev, body.cert) == (2, first_hash, first.cert)
    again = desk.enrol(device.request)
    assert (again.version, device.accept(again.pack).body.tokens) == (2, body.tokens)
    third = device.accept(desk.enrol(device.request, new_tokens=True).pack).body
    assert (third.ver, third.receivers) == (3, body.receivers)
    assert not set(third.tokens) & set(body.tokens)


def test_entries_under_either_version_are_imported(desk: Desk) -> None:
    device = Device().enrol(desk)
    before = device.entry()
    desk.receiver_add(card())
    device.enrol(desk)
    assert codes_of(take(desk, Bundle([before, device.entry()]))) == ["imported", "imported"]


@pytest.fixture
def field(home: Home, tmp_path: Path) -> Iterator[Field]:
    """A real field machine, enrolled before there was a receiver."""
    made = Field.create(tmp_path / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock(NOW + 3600))
    request, fingerprint = made.request()
    made.accept_pack(home.desk.enrol(request, fingerprint).pack, home.desk.fingerprint)
    with made:
        yield made


def test_the_field_takes_the_next_version_with_its_tokens_and_receivers(home: Home, field: Field) -> None:
    home.desk.receiver_add(card())
    request = field.request()[0]
    second = home.desk.enrol(request).pack
    shown = field.accept_pack(second)
    assert (shown.version, shown.gap, shown.receivers, shown.tokens) == (2, 0, 1, tokens.PACK)
    active = field.pack()
    assert active is not None
    held = {bytes(row[0]) for row in field.vault.db.query("SELECT token FROM token")}
    assert held == set(active.body.tokens)
    field.accept_pack(home.desk.enrol(request, new_tokens=True).pack)
    assert field.vault.db.query("SELECT ver, count(*) FROM token GROUP BY ver ORDER BY ver") == [(2, 64), (3, 64)]


def test_attack_30_the_pack_without_a_receiver_does_not_come_back(home: Home, field: Field) -> None:
    """Whoever wants to keep a device from sending shows it its old pack, or one of another copy of the desk."""
    request = field.request()[0]
    first = home.desk.enrol(request).pack
    home.desk.receiver_add(card())
    second = home.desk.enrol(request).pack
    field.accept_pack(second)
    with refused("E_PACK_ROLLBACK"):
        field.accept_pack(first)
    home.desk.vault.db.execute("UPDATE token SET pack = NULL")
    home.desk.vault.db.execute("DELETE FROM pack WHERE ver = 2")
    with refused("E_PACK_EQUIVOCATION"):
        field.accept_pack(home.desk.enrol(request).pack)
    active = field.pack()
    assert active is not None
    assert len(active.body.receivers) == 1


def test_attack_32_tokens_of_another_device_do_not_open(home: Home, field: Field) -> None:
    home.desk.receiver_add(card())
    other = Device()
    with refused("E_NOT_FOR_US"):
        field.accept_pack(home.desk.enrol(other.request).pack)
    pack = home.desk.enrol(other.request).pack
    assert not any(token in pack for token in other.accept(pack).body.tokens)
    with refused("E_NOT_FOR_US"):
        envelope.open(envelope.PACK_MAGIC, pack, [Device().returns])


# ---- tokens ----


def listed(desk: Desk) -> tuple[bytes, ...]:
    """The hashes of the newest list, its signature checked against the desk's root."""
    root, _, listing = tokenfile.read(desk.tokens_write().data)
    assert tokenfile.root_fingerprint(root) == desk.fingerprint
    return listing.tokens


def test_a_list_names_pool_and_packs_and_says_what_is_new(home: Home) -> None:
    desk = home.desk
    desk.receiver_add(card())
    device = Device().enrol(desk)
    assert desk.list_needed
    written = desk.tokens_write()
    assert (written.tokens, written.new, written.expires) == (tokens.STEP, tokens.STEP, desk.missions()[0].expires)
    listing = tokenfile.read(written.data)[2]
    hashes = {network.token_hash(token) for token in device.body.tokens}
    assert hashes <= set(listing.tokens)
    assert list(listing.tokens) == sorted(listing.tokens)
    assert (listing.quota, written.receivers) == (tokens.QUOTA, 1)
    assert not desk.list_needed
    assert (desk.tokens_write().new, desk.tokens_write().tokens) == (0, tokens.STEP)
    with tokens.bearer(home.reopened().vault, R1) as bearer:
        assert listing.desks == ((crypto.kid(R1), network.token_hash(bytes(bearer))),)
    assert [event.act for event in home.desk.vault.log.events()].count("tokens") == 3


def test_lists_do_not_tell_how_many_devices_came_between_them(desk: Desk) -> None:
    desk.receiver_add(card())
    before = listed(desk)
    devices = [Device().enrol(desk) for _ in range(3)]
    assert listed(desk) == before
    assert not desk.list_needed
    given = [set(device.body.tokens) for device in devices]
    assert len(set.union(*given)) == 3 * tokens.PACK
    places = sorted(before.index(network.token_hash(token)) for token in devices[0].body.tokens)
    assert places[-1] - places[0] > tokens.STEP // 2


def test_the_newest_list_is_the_latest_by_any_clock(home: Home) -> None:
    home.desk.receiver_add(card())
    issued = []
    for now in (NOW, NOW, NOW + DAY, NOW - DAY):
        home.clock.now = now
        issued.append(tokenfile.read(home.desk.tokens_write().data)[2].issued)
    assert issued == [NOW, NOW + 1, NOW + DAY, NOW + DAY + 1]


def test_the_pool_grows_in_steps_before_it_is_empty(desk: Desk) -> None:
    desk.receiver_add(card())
    listed(desk)
    for _ in range(14):
        Device().enrol(desk)
    assert desk.vault.db.query("SELECT count(*) FROM token") == [(2 * tokens.STEP,)]
    assert not desk.list_needed  # listed tokens were drawn first
    for _ in range(4):
        Device().enrol(desk)
    assert desk.list_needed
    assert len(listed(desk)) == 2 * tokens.STEP


def test_tokens_of_revoked_devices_and_past_missions_are_cancelled(home: Home) -> None:
    desk = home.desk
    desk.receiver_add(card())
    gone, stays = Device().enrol(desk), Device().enrol(desk)
    desk.vault.db.execute("UPDATE device SET last_ok = 3 WHERE fs_root = ?", (gone.tree.root,))
    hashes = set(listed(desk))
    assert not hashes & {network.token_hash(token) for token in gone.body.tokens}
    assert {network.token_hash(token) for token in stays.body.tokens} <= hashes
    home.clock.now = NOW + 3 * 365 * DAY
    assert not set(listed(desk)) & {network.token_hash(token) for token in stays.body.tokens}


def test_a_list_holds_at_most_what_a_receiver_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.receiver_add(card())
    monkeypatch.setattr(tokens, "STEP", 70_000)
    device = Device().enrol(desk)
    found = listed(desk)
    assert len(found) == tokens.MOST
    assert device.body.tokens


def test_a_desk_without_missions_lists_nothing(tmp_path: Path) -> None:
    with Desk.create(tmp_path / "new", PASSPHRASE, params=SMALL) as desk, refused("E_NO_MISSION"):
        desk.tokens_write()


def test_what_all_bearers_grow_from_lies_in_the_vault_wrapped(desk: Desk) -> None:
    with tokens.bearer(desk.vault, R1) as bearer, keys.secret(desk.vault, "desk-bearer") as secret:
        assert bytes(bearer) == bytes(crypto.expand(secret, b"desk-bearer" + R1))
        held = (bytes(bearer), bytes(secret))
        for path in desk.vault.home.rglob("*"):
            assert not path.is_file() or not any(one in path.read_bytes() for one in held)
    assert desk.vault.db.query("SELECT public FROM office_key WHERE name = 'desk-bearer'") == [(None,)]


def test_every_receiver_has_a_bearer_of_its_own_and_a_list_names_each_once(desk: Desk) -> None:
    desk.mission_new("Second", [FormSource("small", "1", small_form())], cards=[card()])
    for key in (b"k", b"a", b"z"):
        desk.receiver_add(card(f"https://{key.decode()}.test", seed=key * 32), "Dobra")
    (pairs, shown) = (tokenfile.read(desk.tokens_write().data)[2].desks, {})
    for key in (crypto.sign_keypair(seed * 32)[0] for seed in (b"k", b"a", b"z")):
        with tokens.bearer(desk.vault, key) as bearer, tokens.bearer(desk.vault, key) as again:
            assert bytes(bearer) == bytes(again)
            shown[crypto.kid(key)] = network.token_hash(bytes(bearer))
    assert len(set(shown.values())) == 3
    assert list(pairs) == sorted(shown.items())


def test_a_receiver_that_the_newest_list_does_not_name_needs_one(desk: Desk) -> None:
    desk.receiver_add(card("https://first.test"))
    assert desk.list_needed
    desk.tokens_write()
    assert not desk.list_needed
    desk.receiver_add(card("https://first.test", cert=b"n" * 300))
    assert not desk.list_needed  # it is known by its key
    desk.receiver_add(card("https://other.test", seed=b"o" * 32))
    assert desk.list_needed
    desk.receiver_remove("https://other.test")
    assert desk.list_needed  # it is fetched from all the same
    assert desk.tokens_write().receivers == 2
    desk.receiver_forget("https://other.test")
    assert not desk.list_needed
    assert desk.tokens_write().receivers == 1
    desk.receiver_add(card("https://other.test", seed=b"o" * 32))
    assert desk.list_needed  # the newest list left it out


def test_a_desk_has_no_more_receivers_than_a_list_can_name(desk: Desk) -> None:
    for number in range(8):
        found = [card(seed=bytes([number, other]) * 16) for other in range(8)]
        desk.mission_new(f"Mission {number}", [FormSource("small", "1", small_form())], cards=found)
    with refused("E_RECEIVERS_FULL"):
        desk.receiver_add(card(), "Dobra")
    desk.receiver_add(card(seed=bytes([7, 7]) * 16), "Dobra")
    assert desk.tokens_write().receivers == 64


def test_a_pack_with_receivers_is_what_a_device_verifies(desk: Desk) -> None:
    desk.receiver_add(card())
    device = Device()
    enrolled = desk.enrol(device.request)
    tree = packs.Tree(1, device.tree.root, device.tree.n, device.returns.public)
    verified = packs.verify(enrolled.pack, [device.returns], packs.Expected((tree,), fingerprint=desk.fingerprint))
    assert verified.body.receivers == (cards.read_card(card()),)
