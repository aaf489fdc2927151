"""The words of receipts: what the office says of each interview, and what was removed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.texts import problem_lines
from tui.state_words import STATE_WORDS, code_text

if TYPE_CHECKING:
    from sync.receipts import PurgeReport, ReceiptReport, Taken

Parts = list[Content | str | tuple[str, str]]
STATUS = {
    "imported": ("✓ ", "$success", STATE_WORDS["imported"]),
    "quarantined": ("! ", "$warning", N_("the office put it aside: talk to them")),
    "refused": ("! ", "$warning", N_("the office refused it: talk to them")),
}
KEPT = {
    "no-receipt": N_("no receipt yet"),
    "needs-human": N_("the office could not take it: talk to them"),
    "not-all-opened": N_("the office has not opened all of it yet"),
}


def receipt_parts(report: ReceiptReport) -> Parts:
    """What receipts said, a line each."""
    parts: Parts = []
    for item in report.taken:
        parts += _one(item)
    if report.problem is not None:
        parts += problem_lines(report.problem)
    elif not report.taken:
        parts += [_("There are no receipts for this computer."), "\n"]
    if report.foreign:
        parts += [
            (ngettext("{count} file is for another computer: take it along.",
                      "{count} files are for other computers: take them along.", report.foreign), "$muted"),
        ]  # fmt: skip
    return parts


def _one(item: Taken) -> Parts:
    if item.problem is not None:
        what, _safe, remedy = problem_sentences(item.problem)
        return [("! ", "$warning"), item.file, "\n  ", what, " ", remedy, (f"  {item.problem.code}", "$muted"), "\n"]
    sign, style, words = STATUS.get(item.status, STATUS["refused"])
    parts: Parts = [(sign, style), (code_text(item.code), "bold"), "  ", (_(words), style)]
    if item.desk_code:
        parts.append((f"  {item.desk_code}", "$muted"))
    return [*parts, "\n"]


def purged_parts(report: PurgeReport) -> Parts:
    """What was removed here, and what stays and why."""
    gone = len(report.purged)
    words = ngettext("{count} interview was removed here.", "{count} interviews were removed here.", gone)
    parts: Parts = [(("✓ " if gone else "") + words, "$success" if gone else ""), "\n\n"]
    for kept in report.kept:
        why = (
            ngettext("stays for {count} day more", "stays for {count} days more", kept.days)
            if kept.reason == "keep-days"
            else _(KEPT[kept.reason])
        )
        parts += [code_text(kept.code), ("  " + why, "$muted"), "\n"]
    return parts
