"""Reports of exports, checks and copies as lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tui.commands.common import counted, size_text
from tui.state_words import STATE_WORDS, code_text, correction_mark, refusal_mark

if TYPE_CHECKING:
    from collector.field import InterviewRow
    from schemas.problems import Problem
    from sync.courier import CarryReport, CheckReport
    from sync.export_report import ExportReport
    from sync.receipts import PurgeReport, ReceiptReport

Step = Callable[[int, int], None]


def named(step: Step | None) -> Callable[[str, int, int], None] | None:
    """A progress bar for work that names what it does."""
    return None if step is None else (lambda _name, done, total: step(done, total))


def problem_line(problem: Problem) -> str:
    """The three sentences and the code on one line."""
    return f"{problem.what} {problem.safe} {problem.remedy} [{problem.code}]"


def export_lines(report: ExportReport) -> Iterator[str]:
    """What an export did."""
    for bundle in report.bundles:
        volumes = bundle.n * bundle.stripes
        whole = f"{bundle.whole} of {counted(volumes, 'volume')} read back whole"
        yield f"Bundle {bundle.label}: {counted(len(bundle.codes), 'interview')}, {whole}."
        if bundle.k < bundle.n:
            each = "" if bundle.stripes == 1 else f" in each of its {bundle.stripes} parts"
            yield f"  {_enough(bundle.k, counted(bundle.n, 'volume'))}{each}."
        if bundle.problem is not None:
            yield f"  {problem_line(bundle.problem)}"
    for stick in report.sticks:
        verdict = "arrived whole" if stick.ok else "did NOT arrive whole"
        yield f"{stick.folder}: {counted(stick.whole, 'volume')}, {size_text(stick.bytes)}, {verdict}."
        yield from (f"  {name}: {problem_line(problem)}" for name, problem in stick.bad.items())
        if stick.problem is not None:
            yield f"  {problem_line(stick.problem)}"
    for code, problem in report.left:
        yield f"{code} stays here: {problem_line(problem)}"
    if not report.bundles and not report.left:
        yield "Nothing is waiting to leave."


def _enough(k: int, of: object) -> str:
    return f"Any {k} of {of} {'is' if k == 1 else 'are'} enough"


def check_lines(report: CheckReport) -> Iterator[str]:
    """What a check found: bundles first, then every file that is not good."""
    for bundle in report.bundles:
        state = "complete" if bundle.complete else "NOT complete"
        counts = f"Volumes whole {bundle.whole}, damaged {bundle.damaged}, missing {bundle.lost}"
        yield f"Bundle {bundle.label}: {state}. {counts}. {_enough(bundle.k, bundle.n)}."
        if bundle.problem is not None:
            yield f"  {problem_line(bundle.problem)}"
    for file in report.files:
        if file.state != "good":
            detail = (
                problem_line(file.problem)
                if file.problem
                else f"{counted(file.bad, 'bad cell')}, {file.repairable} repairable"
            )
            yield f"{file.folder}/{file.name}: {file.state}: {detail}"
    yield (
        f"{counted(len(report.files), 'volume')}, {counted(report.returns, 'return file')},"
        f" {counted(report.others, 'other file')}."
    )
    if not report.bundles:
        yield "There is no volume that can be read."
    elif report.ok:
        yield "Everything is here and whole."
    elif report.complete:
        yield "Everything that is here can be read; what is damaged or missing is made good by the other volumes."
    else:
        yield "Something cannot be read with what is here."


def carry_lines(report: CarryReport) -> Iterator[str]:
    """What a copy did."""
    yield f"{report.folder}: copied {len(report.copied)}, there already {len(report.present)}."
    yield from (f"  {name} was damaged before the copy; it was copied as it is." for name in report.damaged)
    yield from (f"  {name}: {problem_line(problem)}" for name, problem in report.failed)
    if report.problem is not None:
        yield f"  {problem_line(report.problem)}"
    yield "Everything arrived and was read back." if report.ok else "NOT everything arrived."


def status_lines(status: dict[str, Any], rows: Sequence[InterviewRow]) -> Iterator[str]:
    """How a field machine stands: mission, every interview, what still has to leave, what deserves attention."""
    pack = status["pack"]
    if pack is None:
        yield "Not enrolled yet. Next: svidok field request --out REQUEST, and take the file to the office."
    else:
        yield f"Mission {pack['mission']} of {pack['org']}, pack version {pack['version']}."
    yield from (f"  {line}" for line in interview_lines(rows))
    leaving, waiting = status["to_leave"], status["unconfirmed"]
    yield f"Still to leave: {counted(leaving['entries'], 'sealed interview')}, {size_text(leaving['bytes'])}."
    yield f"Not confirmed by the office: {waiting['entries']}, {size_text(waiting['bytes'])}."
    for item in status["stored"]:
        days = counted(item["seconds"] // 86_400, "day")
        yield f"{code_text(item['code'])} has been at the receiver for {days} without the office's word."
    yield f"Signatures left: {status['signatures_left']}."
    yield f"Permissions for sending left: {status['tokens_left']}."
    yield from (f"! {item['what']} {item['do']} [{item['code']}]" for item in status["warnings"])


def interview_lines(rows: Sequence[InterviewRow]) -> Iterator[str]:
    """Every interview with its state, what it corrects, and whether it may be kept."""
    for row in rows:
        files = f", {counted(row.attachments, 'attachment')}" if row.attachments else ""
        marks = "".join(f" · {mark}" for mark in (refusal_mark(row), correction_mark(row)) if mark)
        yield f"{code_text(row.code)}  {STATE_WORDS[row.state]}{files}{marks}"


def receipt_lines(report: ReceiptReport) -> Iterator[str]:
    """What the office answered, interview by interview."""
    for item in report.taken:
        if item.problem is not None:
            yield f"{item.file}: {problem_line(item.problem)}"
        else:
            why = f" ({item.desk_code})" if item.desk_code else ""
            yield f"{item.code}: {item.status} at the desk{why}{'' if item.new else ', known already'}"
    if report.foreign:
        yield f"For other devices: {counted(report.foreign, 'return file')}."
    if report.problem is not None:
        yield problem_line(report.problem)
    elif not report.taken:
        yield "No receipt for this device."


_STAYS = {
    "no-receipt": "the office has not confirmed it",
    "needs-human": "the office has a question about it",
    "not-all-opened": "the office has not opened all of it",
    "keep-days": "the mission wants it kept for now",
}


def purge_lines(report: PurgeReport) -> Iterator[str]:
    """What was removed, and what stays and why."""
    yield from (f"{code} was removed: the office has it." for code in report.purged)
    for kept in report.kept:
        wait = f", {counted(kept.days, 'day')} more" if kept.days else ""
        yield f"{kept.code} stays: {_STAYS[kept.reason]}{wait}."
    if not report.purged and not report.kept:
        yield "Nothing to remove."
