"""Reports of a receiver in lines for people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tui.commands.common import counted, size_text

if TYPE_CHECKING:
    from sync.receiver.copy import CopyReport
    from sync.receiver.fsck import FsckReport
    from sync.receiver.offices import Accepted
    from sync.receiver.status import Status

_FOUND: Final = {
    "upload-short": "an upload has fewer bytes than were acknowledged",
    "upload-stray": "bytes of an upload that nobody goes on with",
    "volume-unrecorded": "a volume is stored and not recorded yet",
    "volume-spoiled": "a volume that was not recorded yet is damaged",
    "volume-stray": "a volume that the index does not know",
    "volume-missing": "a volume is recorded and not there",
    "volume-length": "a volume does not have its length",
    "volume-damaged": "a volume is damaged",
}


def day(moment: int) -> str:
    """A moment as a date, UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


def accepted_lines(done: Accepted, note: str | None) -> list[str]:
    """What a list of tokens changed."""
    added = f"{counted(done.added, 'token')} added, {done.cancelled} cancelled"
    first = f"{done.organisation}: {added}; valid until {day(done.expires)}."
    lines = [first, f"Root fingerprint: {done.fingerprint}"]
    if not done.new and not (done.added or done.cancelled):
        lines.append("Nothing new: this list, or a newer one, was in force already.")
    return [*lines, f"! {note}"] if note else lines


def status_lines(state: Status, now: int) -> list[str]:
    """What a receiver has and how it fares."""
    free = "" if state.free is None else f", {size_text(state.free)} free"
    lines = [
        f"Receiver {state.url}",
        f"Volumes: {state.volumes}, {size_text(state.bytes)}{free}",
        f"Unfinished uploads: {state.unfinished}, {size_text(state.unfinished_bytes)}",
        f"Offices: {state.offices}; unused tokens: {state.tokens}; return boxes: {state.returns}",
    ]
    if state.oldest is not None:
        waited = counted(max(0, now - state.oldest) // 86_400, "day")
        lines.append(f"The oldest volume that no desk has imported came {day(state.oldest)} ({waited} ago).")
    lines.append("Certificates end: " + ", ".join(day(end) for end in state.certificates))
    return [*lines, *(f"! {warning}" for warning in state.warnings)]


def fsck_lines(report: FsckReport) -> list[str]:
    """What was found, and what became of it."""
    lines = [f"Looked at {counted(report.volumes, 'volume')} and {counted(report.uploads, 'unfinished upload')}."]
    for finding in report.findings:
        state = "mended" if finding.mended else "NOT MENDED"
        why = f" ({finding.why})" if finding.why else ""
        lines.append(f"{state}: {_FOUND[finding.kind]}: {finding.what}{why}")
    return [*lines, "All is well." if not report.findings else "Done." if report.sound else "Something is left to do."]


def copy_lines(report: CopyReport) -> list[str]:
    """What is at the target now, and what is not."""
    lines = [
        f"Now there: {counted(report.volumes, 'volume')} ({report.already} before), {size_text(report.bytes)};"
        f" {counted(report.offices, 'office')}, {counted(report.tokens, 'token')},"
        f" {counted(report.boxes, 'return box', 'return boxes')}."
    ]
    if report.left:
        lines.append(f"Left behind, for their devices to begin anew: {counted(len(report.left), 'unfinished upload')}.")
    lines += [f"NOT COPIED: {fault.what} [{fault.code}]" for fault in report.faults]
    lines.append("Serve from there with --store and --index." if report.whole else "Something is left to do.")
    return lines
