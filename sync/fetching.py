"""Receipts that come back over the network: the return box of each bundle that the office has not confirmed.

Rule: what lies in a box is believed for the office's signature and for nothing else; the receiver only kept it
(docs/spec/protocol.md §10.3, §11.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from collector import mission
from collector.field import LEAVING, Field
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import network, receipts
from sync import settings as kept
from sync.address import chosen_proxy
from sync.course import Gate
from sync.link import Link
from sync.pace import Times
from sync.receipts import ReceiptReport
from sync.settings import SendSettings


def fetch(
    home: Field,
    *,
    settings: SendSettings | None = None,
    times: Times | None = None,
    gate: Gate | None = None,
    clock: Callable[[], float] = time.time,
) -> ReceiptReport:
    """Asks every receiver of the mission for receipts and takes them in. Repeating it changes nothing.

    `gate`: stopping it from another thread ends the asking. Raises E_NOT_ENROLLED, E_RECEIVER_NONE, E_SEND_NEVER,
    E_PROXY_URL; a receiver that could not be asked stands in the report.
    """
    vault = home.vault
    chosen = settings or kept.load(vault.db)
    receivers = mission.required_pack(vault.db).body.receivers
    if not receivers:
        raise Problem("E_RECEIVER_NONE")
    if chosen.policy == "never":
        raise Problem("E_SEND_NEVER")
    proxy = chosen_proxy(chosen.proxy)
    report, gate = ReceiptReport(), gate or Gate()
    for card in receivers:
        boxes = _open_boxes(home)
        if not boxes or gate.stopped:
            break
        try:
            _ask(home, card, proxy, times, gate, boxes, report, clock)
        except Problem as problem:
            if not gate.stopped:
                report.problem = problem
    return report


def _open_boxes(home: Field) -> list[bytes]:
    """Names of the return boxes of bundles with an entry that waits for the office, the newest first."""
    marks = ", ".join("?" * len(LEAVING))
    rows = home.vault.db.query(
        "SELECT retn FROM bundle WHERE state IN ('ready', 'done') AND EXISTS (SELECT 1 FROM bundle_entry JOIN entry"
        f" USING (eid) WHERE bundle_entry.bid = bundle.bid AND entry.state IN ({marks}))"
        " ORDER BY made_at DESC, rowid DESC",
        LEAVING,
    )
    return [bytes(row[0]) for row in rows]


def _ask(
    home: Field,
    card: ReceiverCard,
    proxy: str | None,
    times: Times | None,
    gate: Gate,
    boxes: list[bytes],
    report: ReceiptReport,
    clock: Callable[[], float],
) -> None:
    """Takes in what one receiver has. Raises E_NET_*, E_PIN, E_RECEIVER_*."""
    with Link(card, proxy=proxy, timeout=times) as link:
        try:
            for retn in boxes:
                if not gate.open(link):
                    return
                answer = link.request("GET", f"{network.RETURNS}/{retn.hex()}", most=network.MAX_RETURN)
                if answer.status == 404:
                    continue
                report.taken += receipts.apply_box(home, receipts.box_name(retn), answer.expect(200).body, clock=clock)
        finally:
            gate.leave(link)
