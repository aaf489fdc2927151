"""The words of reports: what an import brought, what was written where, what happened to a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from schemas.problems import Problem
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.desk.common import Parts, problem_of, problem_parts
from tui.screens.texts import HEADS
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from sync.desk.fetch_report import FetchReport, ReceiverReport
    from sync.desk.importer import ImportReport
    from sync.desk.returning import ReturnReport
    from tui.screens.desk.fetching import NetworkJob
    from tui.screens.desk.office import ImportJob

ACTS = {
    "import": N_("imported"),
    "view": N_("opened for reading"),
    "decrypt": N_("attachment copied out"),
    "export": N_("exported in plain text"),
    "quarantine": N_("put into quarantine"),
    "check": N_("attachment checked, every byte"),
    "retry": N_("tried again from quarantine"),
    "accept": N_("accepted from quarantine, with a reason"),
    "reject": N_("put aside in quarantine, with a reason"),
    "hand-on": N_("written out sealed, for an expert"),
}


def job_text(job: ImportJob) -> Content:
    """What came of an import that has ended."""
    if job.report is not None:
        return report_text(job.report)
    if job.problem is not None:
        parts: Parts = [(_("! The import broke off. What was imported until then stays."), "$warning bold"), "\n"]
        return Content.assemble(*parts, *problem_parts(job.problem))
    return Content.assemble(
        (_("! The import was stopped. What was imported until then stays; F5 goes on with the rest."), "$warning bold")
    )


def report_text(report: ImportReport) -> Content:
    """What a whole import brought."""
    parts: Parts = []
    if report.imported:
        words = ngettext("{count} record imported", "{count} records imported", report.imported)
        parts.append((f"✓ {words}", "$success bold"))
    else:
        none = _("Nothing was imported.") if report.quarantined or report.refused else _("Nothing new was found.")
        parts.append((none, "bold"))
    if report.attachments:
        words = ngettext("{count} attachment", "{count} attachments", report.attachments)
        parts.append((f"  {words} · {size_text(report.attachment_bytes)}", "$muted"))
    parts.append("\n")
    for line in _counts(report):
        parts += [line, "\n"]
    for item in report.refused:
        parts += ["\n", ("! ", "$warning"), _("{item} was refused", item=item["item"]), "\n"]
        parts += problem_parts(problem_of(item))
    return Content.assemble(*parts)


def _counts(report: ImportReport) -> Parts:
    lines: Parts = []
    if report.duplicates:
        words = ngettext(
            "{count} was known already; its receipt is ready again",
            "{count} were known already; their receipts are ready again",
            report.duplicates,
        )
        lines.append(f"  {words}")
    if report.quarantined:
        words = ngettext(
            "! {count} stands in quarantine: F6 says why",
            "! {count} stand in quarantine: F6 says why",
            report.quarantined,
        )
        lines.append((words, "$warning"))
    if report.volumes:
        lines.append((f"  {_volumes(report)}", "$muted"))
    if report.volumes_lost or report.volumes_damaged:
        words = _(
            "{lost} lost, {damaged} damaged: what they held was rebuilt from the others",
            lost=report.volumes_lost,
            damaged=report.volumes_damaged,
        )
        lines.append((f"  {words}", "$accent"))
    return lines


def _volumes(report: ImportReport) -> str:
    bundles = ngettext("{count} bundle", "{count} bundles", report.bundles)
    return ngettext("{bundles} of {count} volume", "{bundles} of {count} volumes", report.volumes, bundles=bundles)


def receiver_problem(problem: Problem) -> Parts:
    """A problem with a receiver, as it stands for a desk: the catalogue's sentences of the line speak to the field."""
    what, safe, remedy = problem_sentences(problem)
    if problem.code in HEADS or problem.code.startswith(("E_NET_", "E_RECEIVER_")):
        safe = _("What was fetched and imported stays here; the next run goes on where this one stopped.")
        remedy = (
            _("Use another network; if it stays, ask whoever runs the receiver whether its certificate has changed.")
            if problem.code == "E_PIN"
            else _("Try again later, or ask whoever runs the receiver.")
        )
    head = HEADS.get(problem.code)
    parts: Parts = [(_(head), "$warning bold"), "\n"] if head else []
    return [*parts, what, "\n", (safe, "$muted"), "\n", remedy, (f"  {problem.code}", "$muted"), "\n"]


def network_text(job: NetworkJob) -> Content | None:
    """What came of a run with the receivers that has ended; nothing while it goes on."""
    if job.going:
        return None
    if job.state == "stopped":
        return Content.assemble((_("Stopped. What is here stays here; the rest goes on from there."), "bold"))
    if job.fetched is not None:
        return _fetched_text(job.fetched)
    if job.returned is not None:
        return _returned_text(job.returned)
    return None if job.problem is None else Content.assemble(*receiver_problem(job.problem)[:-1])


def _fetched_text(report: FetchReport) -> Content:
    parts: Parts = []
    if report.fetched:
        words = ngettext("{count} volume fetched", "{count} volumes fetched", report.fetched)
        size = sum(part.bytes for part in report.receivers)
        parts += [(f"✓ {words}", "$success bold"), (f"  {size_text(size)}", "$muted"), "\n"]
        parts += ["  ", _("F5 imports what was fetched."), "\n"]
    elif report.ok:
        parts += [(_("Nothing new lies at the receiver."), "bold"), "\n"]
    if report.more:
        parts += [("! ", "$warning"), _("There is more than may wait here: import, then fetch again."), "\n"]
    for part in report.receivers:
        parts += _receiver_parts(part)
    if report.problem is not None:
        parts += ["\n", *receiver_problem(report.problem)]
    return Content.assemble(*parts[:-1])


def _receiver_parts(part: ReceiverReport) -> Parts:
    parts: Parts = []
    if part.waiting:
        words = ngettext("{count} volume is still there", "{count} volumes are still there", part.waiting)
        parts += [("! ", "$warning"), f"{part.url}  ", (words, "$muted"), "\n"]
    if part.problem is not None:
        parts += ["\n", (part.url, "bold"), "\n", *receiver_problem(part.problem)]
    for item in part.refused:
        parts += ["\n", ("! ", "$warning"), _("{item} was refused", item=item["item"]), "\n"]
        parts += problem_parts(problem_of(item))
    return parts


def _returned_text(report: ReturnReport) -> Content:
    parts: Parts = []
    for part in report.receivers:
        words = ngettext("{count} receipt sent", "{count} receipts sent", part.receipts)
        sign = ("! ", "$warning") if part.problem else ("✓ ", "$success")
        parts += [sign, (words, "bold"), (f"  {part.url}", "$muted"), "\n"]
        if part.acknowledged:
            done = ngettext(
                "{count} imported volume need not be kept there any more",
                "{count} imported volumes need not be kept there any more",
                part.acknowledged,
            )
            parts += [(f"  {done}", "$muted"), "\n"]
        if part.problem is not None:
            parts += receiver_problem(part.problem)
    return Content.assemble(*parts[:-1])
