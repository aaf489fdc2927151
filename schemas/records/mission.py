"""Root, certificate, enrolment request and mission pack (docs/spec/protocol.md §7, §8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from schemas.records.common import Compartment, Count, Hash32, Id16, LeafSignature, Name, Seconds, Text
from schemas.structure import Between, Size

PublicNacl = Annotated[bytes, Size(32)]
PublicXWing = Annotated[bytes, Size(1216)]
LABEL_BYTES = 80
Label = Annotated[str, Size(1, LABEL_BYTES)]
Version = Annotated[int, Between(1, 2**31)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The keys that may act in one role, and how many of them must sign."""

    kids: Annotated[tuple[Id16, ...], Size(1, 16)]
    threshold: Annotated[int, Between(1, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who may sign roots, mission packs and certificates, and receipts."""

    root: Role
    mission: Role
    receipt: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The fixed root document; its hash's fingerprint is compared by voice (§8.1)."""

    v: Literal[1] = 1
    org: Name
    keys: Annotated[tuple[tuple[Id16, PublicNacl], ...], Size(1, 48)]
    roles: Roles
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A device's certificate. It names no person: the office keeps serial and person apart, offline."""

    v: Literal[1] = 1
    org: Name
    mission: Id16
    serial: Id16
    fs_root: Hash32
    fs_n: Annotated[int, Between(2, 2**20)]
    pkN: PublicNacl
    pkX: PublicXWing
    nb: Seconds
    na: Seconds
    role: Name
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentBody:
    """What a device asks to have certified: its signature tree and its return keys."""

    v: Literal[1] = 1
    fs_root: Hash32
    fs_n: Annotated[int, Between(2, 2**20)]
    pkN: PublicNacl
    pkX: PublicXWing
    app: tuple[Name, Name]
    nonce: Hash32
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """The request file: the body's bytes and the signature of leaf 0 over them (type `enrol`)."""

    body: Annotated[bytes, Size(1, 8192)]
    sig: LeafSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRecipient:
    """One recipient of a compartment: its place in an all-of group, its epoch and its public keys (§6.3, §8.4).

    `label` says in a few words who holds the key, for the documenter's eyes alone.
    """

    rid: Id16
    comp: Compartment
    grp: Annotated[int, Between(0, 15)]
    idx: Annotated[int, Between(0, 7)]
    tot: Annotated[int, Between(1, 8)]
    epoch: Annotated[int, Between(0, 2**31)]
    start: Seconds
    pkN: PublicNacl
    pkX: PublicXWing
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A recipient of the outer seal of bundles."""

    rid: Id16
    pkN: PublicNacl
    pkX: PublicXWing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverCard:
    """A receiver: where it is, its current and next certificate (DER), the key that signs R1."""

    url: Name
    onion: Name | None = None
    certs: Annotated[tuple[Annotated[bytes, Size(1, 8192)], ...], Size(1, 2)]
    r1_key: PublicNacl


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A device whose entries above `last_ok` are not accepted without a human decision (§8.5)."""

    serial: Id16
    last_ok: Annotated[int, Between(0, 2**31)]
    at: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    """A file that belongs to a form (a CSV or GeoJSON of choices)."""

    name: Name
    hash: Hash32
    bytes_: Count
    cells: Annotated[int, Between(1, 2**16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackForm:
    """A form in the pack: the hash and length of its XForm's bytes, and its files."""

    id: Name
    ver: Name
    hash: Hash32
    bytes_: Count
    cells: Annotated[int, Between(1, 2**16)]
    files: Annotated[tuple[FormFile, ...], Size(0, 64)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the office decides for all devices of a mission.

    `stick` and `upload` are (k, n); hours, minutes, days and seconds as named. `keep`: nothing is purged before R2.
    """

    stick: tuple[Annotated[int, Between(1, 8)], Annotated[int, Between(1, 8)]] = (3, 5)
    upload: tuple[Annotated[int, Between(1, 8)], Annotated[int, Between(1, 8)]] = (1, 1)
    autoseal_hours: Annotated[int, Between(0, 8760)] = 72
    idle_minutes: Annotated[int, Between(1, 240)] = 10
    keyfile: bool = False
    tolerance_s: Annotated[int, Between(0, 31_536_000)] = 86_400
    keep: Literal[True] = True
    keep_days: Annotated[int, Between(0, 3650)] = 0
    referral: Text = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackBody:
    """The body of a mission pack for one device (§8.3). `ver` counts for each device."""

    v: Literal[1] = 1
    org: Name
    mission: Id16
    name: Name
    ver: Version
    prev: Hash32
    issued: Seconds
    expires: Seconds
    root_hash: Hash32
    policy: Policy
    recips: Annotated[tuple[PackRecipient, ...], Size(1, 64)]
    intake: Annotated[tuple[Intake, ...], Size(1, 4)]
    receivers: Annotated[tuple[ReceiverCard, ...], Size(0, 8)] = ()
    cert: Annotated[bytes, Size(1, 8192)]
    revoked: Annotated[tuple[Revocation, ...], Size(0, 4096)] = ()
    forms: Annotated[tuple[PackForm, ...], Size(1, 64)]
    tokens: Annotated[tuple[Hash32, ...], Size(0, 4096)] = ()
    tok_quota: Count = 0
    checkpoint: Hash32
    min_app: Name = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContent:
    """What the envelope of a pack holds: two signed objects, the root and the pack's body."""

    root: Annotated[bytes, Size(1, 65536)]
    pack: Annotated[bytes, Size(1, 1 << 20)]
