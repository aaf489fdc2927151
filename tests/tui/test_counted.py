"""Lines of commands: one thing is never told in the plural, several never in the singular."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sync.courier import BundleVerdict, CheckReport, FileVerdict
from sync.desk.fetch_report import FetchReport, ReceiverReport
from sync.desk.report import ImportReport
from sync.desk.returning import ReceiverReturns, ReturnReport
from sync.export_report import BundleExport, ExportReport, StickVerdict
from sync.receipts import PurgeReport, ReceiptReport
from sync.receiver.copy import CopyReport
from sync.receiver.fsck import FsckReport
from sync.receiver.offices import Accepted
from sync.send_report import BundleSent, SendReport
from tui.commands import common, desk, desk_network, receiver_reports, reports, sending

WORDS = "volume|receipt|interview|token|file|time|day|upload|cell|byte|office|entry|row"
WRONG = {
    1: re.compile(rf"\b1 (?:\w+ )?(?:(?:{WORDS})s|boxes)\b|\b1 (?:are|were)\b"),
    2: re.compile(rf"\b2 (?:\w+ )?(?:{WORDS}|box)\b|\b2 (?:is|was)\b"),
}


def lines(n: int) -> Iterator[str]:
    """Every report with `n` of everything."""
    codes, ids = ("CODE",) * n, [f"{place:08x}" for place in range(n)]
    bundle = BundleExport("L", "b", codes, n, 3, n, 16, n, None)
    yield from reports.export_lines(ExportReport([bundle], [StickVerdict("/stick", n, n, n)]))
    file = FileVerdict("/stick", "x.vol", "damaged", bad=n, repairable=n)
    verdict = BundleVerdict("L", "b", n, 3, 1, 16, n, n, n, True, None)
    yield from reports.check_lines(CheckReport([file] * n, [verdict], returns=n, others=n))
    yield from reports.receipt_lines(ReceiptReport(foreign=n))
    yield from reports.purge_lines(PurgeReport())
    yield from sending.send_lines(SendReport([BundleSent("L", "b", codes, n, n)], sent=n))
    part = ReceiverReport("u", "f", n, n, n, n, n, n, n, n)
    yield from desk_network._fetch_lines(FetchReport([part]))
    yield from desk_network._return_lines(ReturnReport([ReceiverReturns("u", "f", n, n, n, n, n)]))
    network = {
        "receivers": [{"url": "u", "missions": ["M"]}],
        "fetched": {"here": n, "here_bytes": n, "listed": n, "to_acknowledge": n},
        "tokens": {"list_needed": True},
        "receipts_waiting": n,
        "proxy": None,
    }
    yield from desk_network.network_lines(network)
    yield from desk._report_lines(ImportReport(bundles=n, volumes=n, imported=n, removed=n))
    yield from receiver_reports.accepted_lines(Accepted("O", "f", n, n, n, 0, True, True), None)
    yield from receiver_reports.fsck_lines(FsckReport(n, n, False, ()))
    yield from receiver_reports.copy_lines(CopyReport(n, n, n, n, n, n, ids))


@pytest.mark.parametrize("number", [1, 2])
def test_numbers_agree_with_what_they_count(number: int) -> None:
    found = list(lines(number))
    assert [line for line in found if WRONG[number].search(line)] == []
    assert sum(str(number) in line for line in found) > 15


def test_things_whose_plural_is_another_word() -> None:
    assert [common.counted(n, "return box", "return boxes") for n in (0, 1, 2)] == [
        "0 return boxes",
        "1 return box",
        "2 return boxes",
    ]
    assert [common.size_text(n) for n in (0, 1, 2, 2048)] == ["0 bytes", "1 byte", "2 bytes", "2.0 KiB"]
