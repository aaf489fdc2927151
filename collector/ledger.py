"""The consent ledger of a draft: every answer about consent is a row of its own, added and never written again.

A row has a number for its place, so that the next answer to the same question finds another place. The rows die with
the draft's key as all others do; the sealed entry carries them in its process compartment (docs/spec/protocol.md §6.4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from collector import drafts
from collector.drafts import DraftRows, Given, Row
from schemas.gates_consent import ConsentEvent, Wording, is_consent, wording
from schemas.records.document import Consent, Reason
from schemas.session import Session
from schemas.session_types import Path
from schemas.xform_model import Form

KIND = "consent"
"""The kind of the draft's rows that keep the events."""


class Ledger:
    """The consent events of one draft, in their order."""

    def __init__(self) -> None:
        self._events: dict[int, ConsentEvent] = {}

    @property
    def events(self) -> tuple[ConsentEvent, ...]:
        """Every event, the first first."""
        return tuple(event for _, event in sorted(self._events.items()))

    def take(self, row: Row) -> None:
        """An event as its row has it."""
        ((_, number),) = (step for step in row.path if not isinstance(step, str))
        path, value, missing, t, version, language, digest = row.values
        value = tuple(value) if isinstance(value, list) else value
        self._events[number] = ConsentEvent(
            drafts.wire_path(path), value, missing, t, Wording(version, language, digest)
        )

    def note(
        self,
        rows: DraftRows,
        session: Session,
        before: Mapping[Path, Given],
        after: Mapping[Path, Given],
        given: Path | None,
        now: int,
    ) -> None:
        """Adds an event for every answer about consent that changed, and for `given`, which was answered again.

        Answers that changed together stand in the order of the form: a reconfirmation comes after what it confirms.
        """
        for path in _in_order({path for path in (*before, *after) if is_consent(path)}, session.form):
            old, new = before.get(path), after.get(path)
            same = old is not None and new is not None and (old.value, old.missing) == (new.value, new.missing)
            if (old is None and new is None) or (same and path != given):
                continue
            value, missing = (None, None) if new is None else (new.value, new.missing)
            event = ConsentEvent(path, value, missing, now, wording(session, session.form.version, path))
            number = max(self._events, default=0) + 1
            heard = event.wording
            plain = [drafts.plain_path(path), value, missing, now, heard.version, heard.language, heard.digest]
            rows.put(KIND, place(number), plain)
            self._events[number] = event

    def records(self) -> tuple[Consent, ...]:
        """The events as the sealed document has them."""
        return tuple(
            (
                each.path,
                each.value,
                cast(Reason, each.missing),
                each.t,
                each.wording.version,
                each.wording.language,
                each.wording.digest,
            )
            for each in self.events
        )


def place(number: int) -> Path:
    """The place of the event with this number, from 1."""
    return ((KIND, number),)


def _in_order(paths: Collection[Path], form: Form) -> list[Path]:
    """Paths in the order of the form's questions; entries of a repeat by their ids."""
    if len(paths) < 2:
        return list(paths)
    order = {each.path: place for place, each in enumerate(form.questions.values())}

    def place(path: Path) -> tuple[int, list[int]]:
        names = tuple(step if isinstance(step, str) else step[0] for step in path)
        return order.get(names, len(order)), [step[1] for step in path if not isinstance(step, str)]

    return sorted(paths, key=place)
