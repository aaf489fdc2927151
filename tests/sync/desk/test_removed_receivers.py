"""Receivers that a mission names no more: asked until nothing can lie there, then forgotten."""

from __future__ import annotations

import pytest

from collector import crypto
from collector.packs import FormSource
from schemas.problems import Problem
from sync import tokenfile
from sync.desk import arrivals
from sync.desk.desk import Desk
from tests.helpers.expect import refused
from tests.helpers.forms import small_form
from tests.network.tls import answer
from tests.sync.desk.conftest import Home
from tests.sync.desk.devices import Device
from tests.sync.desk.lying import Lying, bundle_for, here


def url(receiver: Lying) -> str:
    return f"https://127.0.0.1:{receiver.port}"


def facts(problem: Problem | None) -> list[object]:
    """What may lie there: volumes not fetched, not acknowledged, boxes, devices."""
    assert problem is not None
    assert problem.code == "E_RECEIVER_HOLDS"
    return [problem.facts[name] for name in ("volumes", "imported", "boxes", "devices")]


def held_by(desk: Desk) -> list[object]:
    with pytest.raises(Problem) as caught:
        desk.receiver_forget(desk.receivers()[0].card.url)
    return facts(caught.value)


def test_what_lies_at_a_removed_receiver_is_fetched_until_the_desk_says_that_nothing_does(
    linked: Desk, receiver: Lying, one: Device
) -> None:
    made = bundle_for(linked, one, k=1, n=2)
    receiver.add(*made.files.values())
    receiver.cuts = [0] * 99
    linked.fetch()  # lists what is there, and the line breaks
    removed = linked.receiver_remove(url(receiver))
    assert facts(linked.receiver_holding(linked.receivers()[0])) == [2, 0, 0, 1]
    assert Device().enrol(linked).body.receivers == ()
    assert (linked.receivers()[0].missions, linked.receivers()[0].left) == ((), ("Dobra",))
    with refused("E_RECEIVERS_NONE"):
        linked.receiver_remove(removed.fingerprint)

    receiver.cuts.clear()
    assert linked.fetch().fetched == 2
    assert (held_by(linked), linked.import_arrived().imported) == ([0, 2, 0, 1], 1)
    assert held_by(linked) == [0, 2, 1, 1]
    assert linked.send_receipts().receivers[0].acknowledged == 2
    assert held_by(linked) == [0, 0, 0, 1]
    one.enrol(linked)
    assert one.body.receivers == ()
    linked.receiver_forget(url(receiver))
    with refused("E_RECEIVERS_NONE"):
        linked.fetch()
    assert linked.receivers() == []


def test_the_list_of_tokens_names_a_removed_receiver_until_it_is_forgotten(linked: Desk, receiver: Lying) -> None:
    linked.receiver_remove(url(receiver))
    kid = crypto.kid(crypto.sign_keypair(receiver.seed)[0])
    assert [named for named, _ in tokenfile.read(linked.tokens_write().data)[2].desks] == [kid]
    linked.receiver_forget(url(receiver))
    assert tokenfile.read(linked.tokens_write().data)[2].desks == ()


def test_forgetting_by_force_keeps_what_is_here_and_leaves_no_row(home: Home, linked: Desk, receiver: Lying) -> None:
    device = Device()
    receiver.add(*bundle_for(linked, device).files.values(), *bundle_for(linked, device).files.values())
    receiver.files.pop((receiver.volumes[1].bid, 0, 0))
    linked.fetch()
    linked.receiver_remove(url(receiver))
    assert held_by(linked) == [1, 1, 0, 1]
    linked.receiver_forget(url(receiver), force=True)
    assert len(here(linked)) == 1
    desk = home.reopened()
    assert (desk.import_arrived().removed, here(desk)) == (1, [])
    for table in ("fetched", "fetch_place", "return_put", "mission_receiver"):
        assert desk.vault.db.query(f"SELECT count(*) FROM {table}") == [(0,)]
    desk.receiver_add(receiver.card)
    assert (desk.fetch().receivers[0].known, desk.send_receipts().receivers[0].acknowledged) == (1, 1)


def test_a_removed_receiver_that_is_added_again_is_in_packs_again(linked: Desk, receiver: Lying, one: Device) -> None:
    linked.receiver_remove(url(receiver))
    one.enrol(linked)
    assert linked.receiver_add(receiver.card).replaced is False
    with refused("E_RECEIVER_TWICE"):
        linked.receiver_add(receiver.card)
    with refused("E_RECEIVERS_NONE"):  # there is none that was removed
        linked.receiver_forget(url(receiver), force=True)
    assert [card.url for card in one.enrol(linked).body.receivers] == [url(receiver)]


def test_a_receiver_that_another_mission_names_is_forgotten_for_one_alone(linked: Desk, receiver: Lying) -> None:
    linked.mission_new("Second", [FormSource("small", "1", small_form())], cards=[receiver.card])
    device = Device().enrol(linked, "Dobra")
    linked.receiver_remove(url(receiver), "Dobra")
    assert facts(linked.receiver_holding(linked.receivers("Dobra")[0], "Dobra")) == [0, 0, 0, 1]
    device.enrol(linked, "Dobra")
    linked.receiver_forget(url(receiver), "Dobra")
    assert [(found.missions, found.left) for found in linked.receivers()] == [(("Second",), ())]
    assert linked.receivers("Dobra") == []


# ---- boxes and acknowledgements ----


def test_a_volume_is_acknowledged_only_where_its_box_lies(linked: Desk, receiver: Lying, one: Device) -> None:
    receiver.add(*bundle_for(linked, one).files.values())
    linked.fetch()
    linked.import_arrived()
    key = linked.receivers()[0].key
    assert arrivals.to_acknowledge(linked.vault, key) == []
    (retn, changed), *_ = arrivals.lacking(linked.vault, key).items()
    arrivals.box_put(linked.vault, key, retn, changed - 1, 0)
    assert arrivals.to_acknowledge(linked.vault, key) == []  # what lies there is older
    arrivals.box_put(linked.vault, key, retn, changed, 0)
    assert arrivals.to_acknowledge(linked.vault, key) == [(receiver.volumes[0].bid, 0, 0)]


def test_a_box_that_is_refused_holds_up_no_other_and_goes_again(linked: Desk, receiver: Lying, one: Device) -> None:
    for _ in range(3):
        receiver.add(*bundle_for(linked, one).files.values())
    linked.fetch()
    linked.import_arrived()
    asked: list[bytes] = []

    def refusing(_: Lying, line: bytes, __: dict[str, str]) -> bytes | None:
        if not line.startswith(b"PUT"):
            return None
        asked.append(line.split(b" ")[1])
        return answer(413, Svidok_Code="E_UPLOAD_LENGTH") if asked[-1] == asked[0] else None

    receiver.before = refusing
    report = linked.send_receipts()
    part = report.receivers[0]
    assert (report.ok, part.problem and part.problem.code) == (False, "E_UPLOAD_LENGTH")
    assert (part.files, part.refused, part.acknowledged, len(asked)) == (2, 1, 2, 3)
    assert linked.send_receipts().receivers[0].refused == 1
    assert asked[3:] == asked[:1]  # the others are not put again
    receiver.before = None
    part = linked.send_receipts().receivers[0]
    assert (part.files, part.unchanged, part.acknowledged) == (1, 2, 1)


def test_a_receiver_that_refuses_one_box_after_another_is_left_alone(
    linked: Desk, receiver: Lying, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.desk.returning.REFUSED_IN_A_ROW", 2)
    for _ in range(3):
        receiver.add(*bundle_for(linked, one).files.values())
    linked.fetch()
    linked.import_arrived()
    receiver.requests.clear()
    receiver.before = lambda *_: answer(400, Svidok_Code="E_HTTP_REQUEST")
    part = linked.send_receipts().receivers[0]
    assert (part.files, part.acknowledged, len(receiver.requests)) == (0, 0, 2)
    assert part.problem is not None


def test_a_receiver_gets_the_boxes_of_what_it_listed_whatever_missions_name_it(
    home: Home, receiver: Lying, quick: list[float], one: Device
) -> None:
    desk = home.desk
    desk.mission_new("Second", [FormSource("small", "1", small_form())], cards=[receiver.card])
    one.enrol(desk, "Dobra")
    desk.receiver_add(receiver.card, "Dobra")
    receiver.add(*bundle_for_of(one))
    desk.receiver_remove(url(receiver), "Dobra")
    desk.receiver_forget(url(receiver), "Dobra", force=True)
    desk.fetch()
    assert desk.import_arrived().imported == 1
    part = desk.send_receipts().receivers[0]
    assert (part.files, part.unchanged, part.acknowledged) == (1, 0, 1)
    assert desk.send_receipts().receivers[0].unchanged == 0  # nothing of it is known any more


def bundle_for_of(device: Device) -> list[bytes]:
    """One bundle of a device that is enrolled, as volumes in memory."""
    from tests.sync.desk.travel import Bundle
    from tests.sync.volumes import make_bundle

    data, _ = Bundle([device.entry()]).payload()
    return [*make_bundle(data, 1, 1, intake=device.intake()[0]).files.values()]


def test_how_the_network_way_stands_costs_the_same_however_many_receipts_there_are(
    linked: Desk, receiver: Lying, one: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    real = crypto.sha256

    def counting(*parts: bytes) -> bytes:
        hashed.append(sum(map(len, parts)))
        return real(*parts)

    monkeypatch.setattr(crypto, "sha256", counting)
    costs = []
    for entries in (1, 3):
        receiver.add(*bundle_for(linked, one, entries, k=2, n=2).files.values())
        linked.fetch()
        assert linked.import_arrived().imported == entries
        hashed.clear()
        waiting = linked.network()["receipts_waiting"]
        costs.append((len(hashed), sum(hashed)))
    assert waiting == 2
    assert costs[0] == costs[1]
