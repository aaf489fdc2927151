"""The desk: everything that its commands and screens do, in one place that holds its vault and archives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from collector import packs
from collector.keyslots import KdfParams
from collector.packs import FormSource
from collector.preview import Preview
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import Policy
from schemas.xform_model import Form
from sync.address import shown_proxy
from sync.desk import (
    archive,
    arrivals,
    checking,
    copies,
    export,
    facet_words,
    fetch,
    keys,
    logbook,
    mission,
    mission_forms,
    quarantine,
    receipts,
    receivers,
    record,
    returning,
    search,
    tokens,
    upkeep,
)
from sync.desk import proxy as proxies
from sync.desk.archive import Archive
from sync.desk.finding import Finder
from sync.desk.importer import Importer, ImportReport, Progress
from sync.desk.mission import Enrolled, Mission
from sync.desk.mission_forms import MissionForm
from sync.desk.quarantine import Quarantine
from sync.desk.receivers import Receiver

if TYPE_CHECKING:
    from sync.course import Gate

PROFILE = "desk"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Founded:
    """A new mission, with the fingerprint that is compared at enrolment."""

    mission: Mission
    fingerprint: str
    forms: tuple[str, ...]
    receivers: tuple[Receiver, ...] = ()


class Desk:
    """An open desk. Close it when done; closing wipes its keys."""

    def __init__(self, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self.vault = vault
        self.clock = clock
        self._forms: dict[bytes, Form] = {}
        self.archives: dict[int, Archive] = {}
        try:
            self.archives = archive.open_all(vault)
            self.finder = Finder(vault, self.archives)
            upkeep.empty_work(vault)
            vault.warnings += tuple(upkeep.tidy(vault, self.archives))
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls, home: Path, passphrase: str, *, organisation: str = "Office", params: KdfParams | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Desk:  # fmt: skip
        """Found a desk: its vault, signing keys, root document and empty archives appear together or not at all.

        Raises E_HOME_EXISTS, E_PASSPHRASE_*, E_DISK_FULL, E_NO_ACCESS.
        """

        def prepare(vault: Vault) -> None:
            keys.found(vault, organisation)
            archive.found(vault)

        vault = Vault.create(
            home, passphrase, migrations=_migrations(), profile=PROFILE, params=params, prepare=prepare, clock=clock
        )
        return cls(vault, clock)

    @classmethod
    def open(cls, home: Path, passphrase: str, *, clock: Callable[[], float] = time.time) -> Desk:
        """Open a desk. Raises E_UNLOCK, E_HOME_MISSING, E_HOME_PROFILE, E_HOME_BUSY, E_DB_CORRUPT."""
        return cls(Vault.unlock(home, passphrase, migrations=_migrations(), profile=PROFILE, clock=clock), clock)

    def close(self) -> None:
        """Close every file and wipe the keys; harmless when repeated."""
        try:
            for kept in self.archives.values():
                kept.close()
        finally:
            self.vault.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- missions and devices ----

    @property
    def fingerprint(self) -> str:
        """The fingerprint of this desk's root, read aloud at enrolment."""
        return keys.office(self.vault).fingerprint

    def mission_new(
        self, name: str, forms: Sequence[FormSource], policy: Policy | None = None, cards: Sequence[bytes] = (), *,
        tokens_each: int = tokens.PACK, labels: Mapping[int, str] | None = None,
    ) -> Founded:  # fmt: skip
        """Found a mission with its forms and the receivers of these cards. Raises what `mission.new` raises, and
        E_RECEIVER_CARD, E_RECEIVER_TWICE, E_RECEIVERS_MANY, E_RECEIVERS_FULL.
        """
        said = policy or Policy()
        with self.vault.db.transaction():
            founded = mission.new(
                self.vault, name, forms, policy=said, tokens_each=tokens_each, labels=labels, clock=self.clock
            )
            named = tuple(receivers.add(self.vault, founded, card, clock=self.clock) for card in cards)
        return Founded(founded, self.fingerprint, tuple(form.id for form in forms), named)

    def mission_tokens(self, number: int, name: str | None = None) -> Mission:
        """Let the packs of a mission bring so many tokens. See `mission.change_tokens`."""
        return mission.change_tokens(self.vault, mission.only(self.vault, name), number)

    def form_add(self, form: FormSource, name: str | None = None) -> list[MissionForm]:
        """Let the packs of a mission name this form. See `mission_forms.add`."""
        return mission_forms.add(self.vault, mission.only(self.vault, name), form, clock=self.clock)

    def form_remove(self, form_id: str, version: str | None = None, name: str | None = None) -> list[MissionForm]:
        """Let the packs of a mission name this form no more. See `mission_forms.remove`."""
        return mission_forms.remove(self.vault, mission.only(self.vault, name), form_id, version, clock=self.clock)

    def mission_forms(self, name: str | None = None) -> list[MissionForm]:
        """The forms that a mission has or had. See `mission_forms.of`."""
        return mission_forms.of(self.vault, mission.only(self.vault, name))

    def missions(self) -> list[Mission]:
        """All missions of this desk."""
        return mission.missions(self.vault)

    def enrol(
        self, request: bytes, fingerprint: str | None = None, mission_name: str | None = None, *,
        new_tokens: bool = False,
    ) -> Enrolled:  # fmt: skip
        """Certify the device that sent `request` and make its pack; for a device that is enrolled, the pack of today.

        `fingerprint`: as the documenter read it; None when nobody did. `new_tokens`: a new pack in any case.

        Raises E_REQUEST_FINGERPRINT when they differ, and what `mission.enrol` raises.
        """
        if fingerprint is not None and not packs.same_fingerprint(fingerprint, mission.request_fingerprint(request)):
            raise Problem("E_REQUEST_FINGERPRINT")
        chosen = mission.only(self.vault, mission_name)
        return mission.enrol(
            self.vault, request, chosen, compared=fingerprint is not None, new_tokens=new_tokens, clock=self.clock
        )

    # ---- the network way ----

    def receiver_add(self, card: bytes, mission_name: str | None = None) -> Receiver:
        """Let the packs of a mission name the receiver of this card file. See `receivers.add`."""
        return receivers.add(self.vault, mission.only(self.vault, mission_name), card, clock=self.clock)

    def receiver_remove(self, which: str, mission_name: str | None = None) -> Receiver:
        """Let the packs of a mission name this receiver no more. See `receivers.remove`."""
        return receivers.remove(self.vault, mission.only(self.vault, mission_name), which, clock=self.clock)

    def receiver_forget(self, which: str, mission_name: str | None = None, *, force: bool = False) -> Receiver:
        """Ask a receiver that was removed no more. See `receivers.forget`."""
        return receivers.forget(self.vault, mission.only(self.vault, mission_name), which, force=force)

    def receiver_holding(self, receiver: Receiver, mission_name: str | None = None) -> Problem | None:
        """What may still lie at a receiver that a mission names no more. See `receivers.holding`."""
        return receivers.holding(self.vault, mission.only(self.vault, mission_name), receiver)

    def receivers(self, mission_name: str | None = None) -> list[Receiver]:
        """The receivers of all missions, or of one."""
        return receivers.everywhere(self.vault, mission_name)

    def tokens_write(self) -> tokens.Written:
        """The newest list of token hashes, for all receivers of this desk. See `tokens.write`."""
        return tokens.write(self.vault, clock=self.clock)

    def fetch(
        self, *, only: str | None = None, url: str | None = None, proxy: str | None = None, again: bool = False,
        progress: Progress | None = None, gate: Gate | None = None,
    ) -> fetch.FetchReport:  # fmt: skip
        """Fetch every new volume from the receivers, or from the one that `only` names. See `fetch.run`.

        Without `proxy` the one that is kept. Raises E_RECEIVERS_NONE, E_RECEIVER_WHICH, E_RECEIVER_URL, E_PROXY_URL.
        """
        found, by = receivers.chosen_one(self.vault, only, url), proxies.used(self.vault, proxy)
        return fetch.run(self.vault, found, url=url, proxy=by, again=again, progress=progress, gate=gate)

    def import_arrived(
        self, folders: Sequence[Path] = (), progress: Progress | None = None, reading: Progress | None = None
    ) -> ImportReport:
        """Import what was fetched, together with everything that the folders hold; then fetched volumes that are done
        with are removed. As `import_folders`.
        """
        report = self.import_folders([arrivals.folder(self.vault), *folders], progress, reading)
        report.removed = arrivals.settle(self.vault)
        return report

    def send_receipts(
        self, *, only: str | None = None, url: str | None = None, proxy: str | None = None,
        progress: Progress | None = None, gate: Gate | None = None,
    ) -> returning.ReturnReport:  # fmt: skip
        """Put receipts into the return boxes of the receivers, and acknowledge volumes. See `returning.send`.

        Raises as `fetch`.
        """
        found, by = receivers.chosen_one(self.vault, only, url), proxies.used(self.vault, proxy)
        return returning.send(self.vault, found, url=url, proxy=by, clock=self.clock, progress=progress, gate=gate)

    @property
    def list_needed(self) -> bool:
        """Whether receivers need a newer list: it lacks tokens that devices hold, or names not all receivers."""
        return tokens.standing(self.vault).list_needed

    def network(self) -> dict[str, object]:
        """How the network way stands, for `status`: receivers, tokens, volumes here and waiting, boxes to send."""
        found = receivers.everywhere(self.vault)
        return {
            "receivers": [receiver.as_dict() for receiver in found],
            "tokens": tokens.standing(self.vault).as_dict(),
            "fetched": arrivals.counts(self.vault),
            "receipts_waiting": returning.waiting(self.vault, found),
            "proxy": shown_proxy(proxies.kept(self.vault)),
        }

    # ---- import, quarantine, receipts ----

    def import_folders(
        self, folders: Sequence[Path], progress: Progress | None = None, reading: Progress | None = None
    ) -> ImportReport:
        """Import everything that the folders hold. See `importer.Importer.run`."""
        return Importer(self.vault, self.archives, clock=self.clock).run(folders, progress, reading)

    def quarantine(self) -> list[dict[str, object]]:
        """What stands in quarantine, newest first: each with its problem in three sentences."""
        return quarantine.listed(self.vault)

    @property
    def decisions(self) -> Quarantine:
        """What can be decided about items in quarantine."""
        return Quarantine(self.vault, self.archives, self.clock)

    def receipts(self, folder: Path) -> list[receipts.ReturnFile]:
        """Write the return files of all bundles into a folder."""
        return receipts.write_all(self.vault, folder)

    # ---- reading ----

    def count(self) -> dict[str, int]:
        """How many records are imported and how many items stand in quarantine."""
        rows = self.vault.db.query("SELECT state, count(*) FROM item GROUP BY state")
        found = {str(state): int(number) for state, number in rows}
        return {"imported": found.get("imported", 0), "quarantined": found.get("quarantined", 0)}

    def recent(self, limit: int = 50, before: int | None = None) -> list[search.Hit]:
        """The newest records, as a search without words."""
        return search.recent(self.vault, limit, before)

    def search(
        self, words: str, *, limit: int = 50, before: int | None = None, ranked: bool = False
    ) -> list[search.Hit]:
        """Records that have every word in one compartment. See `search.search`."""
        return search.search(self.vault, self.archives, words, limit=limit, before=before, ranked=ranked)

    def record(self, code: str) -> dict[str, object]:
        """One record by its code or entry id; the view is noted in the custody log. Raises E_RECORD_UNKNOWN."""
        number = record.find(self.vault, code)
        self._note("view", number)
        return record.describe(self.vault, self.archives, number, self.form_of(number))

    def form_of(self, number: int) -> Form | None:
        """The form that a record was made with, read once for each form."""
        digest = record.form_hash(self.vault, number)
        return None if digest is None else self._form(digest)

    def _form(self, digest: bytes) -> Form:
        if digest not in self._forms:
            self._forms[digest] = checking.stored_form(self.vault, digest)
        return self._forms[digest]

    def facet_words(self, language: str) -> facet_words.Words:
        """What the forms call the values of facets, in a language that they may speak."""
        return facet_words.words(self.vault, self._form, language)

    def attachment(self, code: str, name: str, out: Path) -> dict[str, object]:
        """Decrypt one attachment of a record to `out`, every cell and its SHA-256 verified before the file appears.

        Raises E_RECORD_UNKNOWN, E_ATTACHMENT_UNKNOWN, E_ATTACHMENT_WHICH, E_ATTACHMENT_EXISTS, E_ATTACHMENT_HASH,
        E_DISK_FULL.
        """
        number = record.find(self.vault, code)
        kept = [item for each in self.archives.values() for item in each.attachments(number)]
        found = record.attachment_named(kept, name)
        det = {"sid": found.info.sid}
        copies.write(self.vault, self.archives[found.comp], found, out, lambda: self._note("decrypt", number, det))
        return {"out": str(out), "bytes": found.info.length, "sha256": found.sha256.hex(), "looks_like": found.sniffed}

    def attachment_check(self, code: str, name: str) -> Preview:
        """Decrypt and verify every cell of an attachment, keep nothing, and say what it is; noted in the custody log.

        Raises as `attachment`.
        """
        number = record.find(self.vault, code)
        found = record.attachment_named(
            [item for each in self.archives.values() for item in each.attachments(number)], name
        )
        seen = copies.check(self.vault, self.archives[found.comp], found)
        self._note("check", number, {"sid": found.info.sid})
        return seen

    def export_csv(self, folder: Path, recipient: str = export.OFFICE) -> export.Written:
        """Tables of what a recipient may have of every record. Raises E_EXPORT_RECIPIENT, E_DISK_FULL, E_NO_ACCESS."""
        return export.write_csv(self.vault, self.archives, folder, recipient)

    def _note(self, act: str, number: int, det: Mapping[str, str | int | bytes] | None = None) -> None:
        row = self.vault.db.one("SELECT eid FROM item WHERE number = ?", (number,))
        if row is not None:
            logbook.note(self.vault, act, bytes(row[0]), det)


def _migrations() -> Traversable:
    return resources("sync.desk.migrations.desk")
