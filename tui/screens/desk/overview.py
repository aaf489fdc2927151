"""What a desk has, in a few lines: records, missions, receivers, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from textual.content import Content

from schemas.problems import Problem
from tui.locale import _, ngettext
from tui.screens.desk.common import Parts, problem_parts
from tui.widgets.progress import size_text

if TYPE_CHECKING:
    from sync.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class Overview:
    """What the desk has. `here`: volumes that were fetched and not imported, with their bytes; `listed`: volumes that
    receivers list and that are not here; `boxes`: return boxes that receivers lack.
    """

    records: int
    quarantined: int
    missions: tuple[str, ...]
    fingerprint: str
    warnings: tuple[Problem, ...]
    receivers: tuple[str, ...] = ()
    here: int = 0
    here_bytes: int = 0
    listed: int = 0
    boxes: int = 0
    list_needed: bool = False
    proxy: str | None = None


def overview(desk: Desk) -> Overview:
    """Count."""
    count = desk.count()
    names = tuple(mission.name for mission in desk.missions())
    network = cast("dict[str, Any]", desk.network())
    fetched = network["fetched"]
    return Overview(
        count["imported"],
        count["quarantined"],
        names,
        desk.fingerprint,
        tuple(desk.vault.warnings),
        tuple(receiver["url"] for receiver in network["receivers"]),
        fetched["here"],
        fetched["here_bytes"],
        fetched["listed"],
        network["receipts_waiting"],
        network["tokens"]["list_needed"],
        network["proxy"],
    )


def summary_text(seen: Overview) -> Content:
    """Records and what stands in quarantine."""
    records = ngettext("{count} record", "{count} records", seen.records)
    parts: list[tuple[str, str]] = [(records, "$success" if seen.records else "")]
    if seen.quarantined:
        parts.append((_("{count} in quarantine", count=seen.quarantined), "$warning"))
    if seen.here:
        here = ngettext("{count} volume fetched, not imported", "{count} volumes fetched, not imported", seen.here)
        parts.append((f"{here} ({size_text(seen.here_bytes)})", "$accent"))
    return Content("  ·  ").join(Content.assemble(part) for part in parts)


def office_text(seen: Overview) -> Content:
    """Missions, fingerprint, receivers, warnings."""
    words: Parts = [
        (_("Mission") + "  ", "$muted"),
        Content(" · ".join(seen.missions)) if seen.missions else (_("none yet: F9 founds one"), "$warning"),
    ]
    if seen.missions:
        words += ["\n", (_("Root fingerprint") + "  ", "$muted"), seen.fingerprint]
    if seen.receivers:
        words += ["\n", (_("Receiver") + "  ", "$muted"), " · ".join(seen.receivers)]
        if seen.proxy:
            words += ["\n", (_("Proxy") + "  ", "$muted"), seen.proxy]
    if seen.list_needed:
        words += ["\n", ("! ", "$warning"), _("The receiver needs the newest list of tokens: F9, then F7 writes it.")]
    for problem in seen.warnings:
        words += ["\n\n", ("! ", "$warning"), Content.assemble(*problem_parts(problem, "")[:-1])]
    return Content.assemble(*words)
