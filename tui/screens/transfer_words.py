"""The words of sending: where to, how it stands, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from sync import permits
from sync.settings import Policy, SendSettings
from tui.locale import N_, _, ngettext, problem_sentences
from tui.screens.receipt_words import receipt_parts
from tui.screens.sending import SendJob
from tui.screens.texts import problem_lines, time_text
from tui.state_words import code_text
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from collector.field import InterviewRow
    from schemas.problems import Problem

Parts = list[Content | str | tuple[str, str]]
POLICIES: dict[Policy, str] = {
    "asked": N_("tries when asked"),
    "connected": N_("tries whenever there is a connection"),
    "never": N_("never over the network"),
}
MOST_CODES = 8


def leaving_text(states: Counter[str], size: int, *, written: bool = False) -> Content:
    """How many have to leave and travel again, and how large they are together in bytes. `written`: all that there was
    has just been written to sticks.
    """
    fresh = states["sealed"]
    again = states["exported"] + states["stored"] + states["needs-human"]
    parts = []
    if fresh:
        parts.append(ngettext("{count} still has to leave", "{count} still have to leave", fresh))
    if again and not fresh and (written or again == states["stored"]):
        parts.append(ngettext("{count} waits for a receipt", "{count} wait for a receipt", again))
    elif again:
        parts.append(
            ngettext("{count} without a receipt travels again", "{count} without a receipt travel again", again)
        )
    parts.append(size_text(size) if parts else _("Nothing has to leave."))
    return Content("  ·  ".join(parts))


def settings_text(settings: SendSettings) -> str:
    """When it tries, by which proxy, how fast at most."""
    parts = [_(POLICIES[settings.policy])]
    if settings.proxy:
        # A password, if there is one, stands before the last @.
        parts.append(_("by {proxy}", proxy=settings.proxy.rpartition("@")[2].rpartition("://")[2]))
    if settings.limit:
        parts.append(_("{count} KiB a second at most", count=settings.limit))
    return " · ".join(parts)


def permits_parts(left: int) -> Parts:
    """How many permissions for sending are left; when they run short, what to do."""
    words = ngettext("{count} permission for sending left", "{count} permissions for sending left", left)
    if left > permits.FEW:
        return [(words, "$muted"), "\n"]
    do = _("Each bundle needs one: ask the office for a new pack. Sticks need none.")
    return [("! ", "$warning"), words, ". ", do, "\n"]


def stored_parts(rows: Sequence[InterviewRow]) -> Parts:
    """What receivers have and the office has not confirmed, since when, and what that means."""
    stored = [row for row in rows if row.state == "stored"]
    if not stored:
        return []
    words = ngettext(
        "{count} with the receiver since {time}, without the office's receipt.",
        "{count} with the receiver, the oldest since {time}, without the office's receipt.",
        len(stored),
        time=time_text(min(row.changed_at for row in stored)),
    )
    return [("→ ", "$primary"), words, "\n", (_("Stored is not yet imported: nothing is deleted."), "$muted"), "\n"]


def going_text(job: SendJob, receivers: Sequence[str]) -> str:
    """The name of what goes on."""
    if job.state == "paused":
        return _("Paused. F6 goes on.")
    if job.making[1]:
        return _("Making the volumes")
    if job.taking:
        return _("Asking {receiver} for receipts", receiver=", ".join(receivers))
    return _("Sending to {receiver}", receiver=", ".join(receivers))


def _verdict(job: SendJob) -> tuple[str, str]:
    view = job.view()
    everything = bool(view.lines) and all(line.state == "stored" for line in view.lines)
    some = any(line.state == "stored" for line in view.lines) or view.done > 0
    if job.state == "stopped":
        return _("Stopped. What was sent stays sent; the rest goes on from there."), "bold"
    if everything:
        return _("✓ Everything is with the receiver."), "$success bold"
    if not view.lines and job.problem is None and not (job.sent is not None and job.sent.left):
        return _("Nothing had to be sent."), "bold"
    if some:
        return _("! Only a part is with the receiver. The rest goes on from where it stopped."), "$warning bold"
    return _("! Nothing could be sent."), "$warning bold"


def ended_text(job: SendJob) -> Content:
    """What came of a run that has ended: the verdict, what stood in the way, receipts."""
    parts: Parts = []
    if job.sends:
        words, style = _verdict(job)
        parts += [(words, style), "\n"]
        if job.state != "stopped" and any(line.state == "stored" for line in job.view().lines):
            parts += [(_("Stored is not yet imported: nothing is deleted."), "$muted"), "\n"]
    if job.problem is not None and job.state != "stopped":
        parts += ["\n", *problem_lines(job.problem)] if parts else problem_lines(job.problem)
    parts += _left_parts(job)
    if job.receipts is not None and (job.receipts.taken or job.problem is None):
        parts += ["\n", (_("Receipts from the office"), "bold"), "\n", *receipt_parts(job.receipts)]
    elif not job.sends and job.state == "stopped":
        parts += [_("Stopped."), "\n"]
    return Content.assemble(*parts[:-1])


def _left_parts(job: SendJob) -> Parts:
    """Interviews that stay here for a reason of their own, those of one reason together."""
    common = job.problem.code if job.problem is not None else None
    together: dict[str, tuple[Problem, list[str]]] = {}
    for code, problem in job.sent.left if job.sent is not None else []:
        if problem.code != common:
            together.setdefault(problem.code, (problem, []))[1].append(code_text(code))
    parts: Parts = []
    for problem, codes in together.values():
        shown = ", ".join(codes[:MOST_CODES]) + (" …" if len(codes) > MOST_CODES else "")
        what, _safe, remedy = problem_sentences(problem)
        parts += ["\n", ("! ", "$warning"), _("{code} stays here", code=shown), "\n"]
        parts += ["  ", what, " ", (remedy, "$muted"), (f"  {problem.code}", "$muted"), "\n"]
    return parts


def last_parts(job: SendJob | None) -> Parts:
    """The last run in one line, for one that nobody has asked for: when it was, and why it failed."""
    if job is None or job.going or job.state == "stopped":
        return []
    when = time_text(int(job.ended_at))
    if job.problem is None:
        return [(_("Tried last: {time}", time=when), "$muted"), "\n"]
    what, _safe, _remedy = problem_sentences(job.problem)
    tried = _("Tried last: {time}", time=when)
    return [("! ", "$warning"), tried, "  ", what, (f"  {job.problem.code}", "$muted"), "\n"]
