"""What an import found and did, in bounded room: counts for everything, details for the first of each kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.problems import Problem

MAX_ITEMS = 10_000
MAX_REFUSED = 1_000


@dataclass(slots=True)
class ImportReport:
    """What became of everything that was found, for people and for `--json`.

    `removed`: fetched volumes that are done with. `items` has at most 10,000 outcomes and `refused` 1,000; how many
    more there were is in `items_more` and `refused_more`.
    """

    bundles: int = 0
    imported: int = 0
    duplicates: int = 0
    quarantined: int = 0
    volumes: int = 0
    volumes_lost: int = 0
    volumes_damaged: int = 0
    attachments: int = 0
    attachment_bytes: int = 0
    seconds: float = 0.0
    items: list[dict[str, object]] = field(default_factory=list)
    refused: list[dict[str, object]] = field(default_factory=list)
    items_more: int = 0
    refused_more: int = 0
    removed: int = 0

    def count(self, outcome: dict[str, object], attachment_sizes: tuple[int, ...] = ()) -> None:
        """One item with its outcome: `state` imported, duplicate or quarantined."""
        if outcome["state"] == "imported":
            self.imported += 1
            self.attachments += len(attachment_sizes)
            self.attachment_bytes += sum(attachment_sizes)
        elif outcome["state"] == "duplicate":
            self.duplicates += 1
        else:
            self.quarantined += 1
        if len(self.items) < MAX_ITEMS:
            self.items.append(outcome)
        else:
            self.items_more += 1

    def refuse(self, item: str, problem: Problem) -> None:
        """One file or bundle that was not taken."""
        if len(self.refused) < MAX_REFUSED:
            self.refused.append({"item": item, **problem.as_dict()})
        else:
            self.refused_more += 1
