"""An office in memory: keys, recipients, forms, packs; and a field machine that it has enrolled.

The office uses the project's own pure builders, no database and no files, so a test gets from nothing to an enrolled
device in well under a second. Every seed may be given, so that vectors can be published.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from collector import crypto, packs
from collector.crypto import Secret
from collector.field import Field
from collector.keyslots import KdfParams
from collector.packs import FormSource
from collector.slots import RecipientKeys, RecipientPublic
from schemas import structure
from schemas.records.common import IDENTITY, NARRATIVE, PROCESS
from schemas.records.mission import (
    Certificate,
    EnrolmentBody,
    Intake,
    PackBody,
    PackRecipient,
    Policy,
    Role,
    Roles,
    Root,
)
from tests.helpers.forms import small_form

SMALL = KdfParams(65536, 1)
PASSPHRASE = "six words that are long enough"
NOW = 1_760_000_000
DAY = 86_400
LEAVES = 16


@dataclasses.dataclass
class Epoch:
    """The recipients of one epoch: for each compartment its groups, each a list of recipient seeds."""

    number: int
    start: int
    groups: Mapping[int, Sequence[Sequence[bytes]]]
    labels: Mapping[bytes, str] = dataclasses.field(default_factory=dict)
    """Who holds the key of a seed."""

    def recipients(self) -> tuple[PackRecipient, ...]:
        """As a pack names them."""
        found = []
        for comp, groups in sorted(self.groups.items()):
            for grp, members in enumerate(groups):
                for idx, seed in enumerate(members):
                    public = RecipientKeys.from_seed(Secret(seed)).public
                    found.append(
                        PackRecipient(
                            rid=public.rid,
                            comp=comp,
                            grp=grp,
                            idx=idx,
                            tot=len(members),
                            epoch=self.number,
                            start=self.start,
                            pkN=public.pk_n,
                            pkX=public.pk_x,
                            label=self.labels.get(seed),
                        )
                    )
        return tuple(found)


class Office:
    """Root, mission and receipt keys (one of each unless said otherwise), recipients, forms; it signs packs."""

    ANALYST, OFFICER, SECOND, COORDINATOR, INTAKE = (bytes([n]) * 32 for n in (0x41, 0x42, 0x43, 0x44, 0x49))

    def __init__(
        self,
        *,
        mission_keys: int = 1,
        threshold: int = 1,
        forms: Sequence[FormSource] | None = None,
        two_person_identity: bool = False,
        seed: bytes = b"",
    ) -> None:
        self._seed = seed or crypto.random_bytes(32)
        self.root_keys = [self._key("root", 0)]
        self.mission_keys = [self._key("mission", n) for n in range(mission_keys)]
        self.receipt_keys = [self._key("receipt", 0)]
        self.mission = self._named("mission id")[:16]
        self.forms = [FormSource("small", "1", small_form())] if forms is None else list(forms)
        pair = [self.OFFICER, self.SECOND] if two_person_identity else [self.OFFICER]
        self.epochs = [
            Epoch(
                1,
                NOW - DAY,
                {PROCESS: [[self.ANALYST], [self.COORDINATOR]], IDENTITY: [pair], NARRATIVE: [[self.ANALYST]]},
            )
        ]
        self.root = Root(
            org="Test Office",
            keys=tuple((crypto.kid(key[32:]), bytes(key[32:])) for key in self._all_keys()),
            roles=Roles(
                root=self._role(self.root_keys, 1),
                mission=self._role(self.mission_keys, threshold),
                receipt=self._role(self.receipt_keys, 1),
            ),
        )
        self.signed_root = packs.sign_root(self.root, self.root_keys)
        self.last: dict[bytes, tuple[int, bytes]] = {}

    def _named(self, label: str) -> bytes:
        return crypto.sha256(self._seed, label.encode())

    def _key(self, role: str, number: int) -> Secret:
        return crypto.sign_keypair(self._named(f"{role} {number}"))[1]

    def _all_keys(self) -> list[Secret]:
        return [*self.root_keys, *self.mission_keys, *self.receipt_keys]

    @staticmethod
    def _role(keys: Sequence[Secret], threshold: int) -> Role:
        return Role(kids=tuple(crypto.kid(key[32:]) for key in keys), threshold=threshold)

    @property
    def fingerprint(self) -> str:
        """What a person reads aloud."""
        return crypto.fingerprint(structure.encode(self.root))

    def certificate(self, request: bytes, **changes: Any) -> Certificate:
        """The certificate for a request."""
        asked = packs.read_request(request)
        fields: dict[str, Any] = {
            "org": self.root.org,
            "mission": self.mission,
            "serial": self._named(asked.fs_root.hex())[:16],
            "fs_root": asked.fs_root,
            "fs_n": asked.fs_n,
            "pkN": asked.pkN,
            "pkX": asked.pkX,
            "nb": NOW - DAY,
            "na": NOW + 365 * DAY,
            "role": "documenter",
        }
        return Certificate(**{**fields, **changes})

    def body_for(self, request: bytes, **changes: Any) -> PackBody:
        """The body of the next pack for a device; every field may be changed."""
        asked = packs.read_request(request)
        ver, prev = self.last.get(asked.fs_root, (0, bytes(32)))
        intake = RecipientKeys.from_seed(Secret(self.INTAKE)).public
        fields: dict[str, Any] = {
            "org": self.root.org,
            "mission": self.mission,
            "name": "Test mission",
            "ver": ver + 1,
            "prev": prev,
            "issued": NOW - 3600 + ver,
            "expires": NOW + 90 * DAY,
            "root_hash": crypto.sha256(structure.encode(self.root)),
            "policy": Policy(),
            "recips": tuple(r for epoch in self.epochs for r in epoch.recipients()),
            "intake": (Intake(rid=intake.rid, pkN=intake.pk_n, pkX=intake.pk_x),),
            "cert": packs.sign_certificate(self.certificate(request), self.mission_keys),
            "forms": tuple(form.entry() for form in self.forms),
            "tokens": tuple(self._named(f"token {ver} {n}") for n in range(3)),
            "tok_quota": 1 << 30,
            "checkpoint": self._named("checkpoint"),
        }
        return PackBody(**{**fields, **changes})

    def pack_for(
        self,
        request: bytes,
        *,
        keys: Sequence[Secret] | None = None,
        root: bytes | None = None,
        device: RecipientPublic | None = None,
        **changes: Any,
    ) -> bytes:
        """The next pack file for the device that made `request`."""
        asked: EnrolmentBody = packs.read_request(request)
        body = self.body_for(request, **changes)
        data, pack_hash = packs.write_pack(
            body,
            root=root or self.signed_root,
            keys=self.mission_keys if keys is None else keys,
            device=device or RecipientPublic(asked.pkN, asked.pkX),
            forms=self.forms,
        )
        self.last[asked.fs_root] = (body.ver, pack_hash)
        return data

    def recipient_keys(self) -> dict[str, RecipientKeys]:
        """The secret keys of everybody at the desk, by name."""
        seeds = {
            "analyst": self.ANALYST,
            "officer": self.OFFICER,
            "second": self.SECOND,
            "coordinator": self.COORDINATOR,
        }
        return {name: RecipientKeys.from_seed(Secret(seed)) for name, seed in seeds.items()}


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


def new_field(home: Path, *, clock: Callable[[], float] | None = None, leaves: int = LEAVES) -> Field:
    """A field machine before enrolment, with small costs."""
    return Field.create(home, PASSPHRASE, params=SMALL, leaves=leaves, clock=clock or SetClock())


def enrolled_field(
    home: Path, office: Office, *, clock: Callable[[], float] | None = None, leaves: int = LEAVES
) -> Field:
    """A field machine that the office has enrolled; pack version 1 is in force."""
    field = new_field(home, clock=clock, leaves=leaves)
    request, _ = field.request()
    field.accept_pack(office.pack_for(request), office.fingerprint)
    return field


def reopened(field: Field, *, clock: Callable[[], float] | None = None) -> Field:
    """The same home, closed and opened again."""
    home = field.vault.home
    field.close()
    return Field.open(home, PASSPHRASE, clock=clock or SetClock())
