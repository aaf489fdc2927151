"""Types shared by all records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from schemas.structure import Between, Size

Id16 = Annotated[bytes, Size(16)]
Hash32 = Annotated[bytes, Size(32)]
Name = Annotated[str, Size(0, 255)]
Text = Annotated[str, Size(0, 8192)]
Compartment = Annotated[int, Between(0, 2)]
Count = Annotated[int, Between(0, 2**42)]
Seconds = Annotated[int, Between(0, 2**40)]
"""Whole seconds since 1970-01-01T00:00:00Z."""

PROCESS, IDENTITY, NARRATIVE = 0, 1, 2
COMPARTMENTS = {PROCESS: "process", IDENTITY: "identity", NARRATIVE: "narrative"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafSignature:
    """A device's one-time signature: leaf index, public key, path to the tree's root, Ed25519 signature (§7).

    Lengths are checked by the verifier, which gives each fault its own code.
    """

    i: Annotated[int, Between(-(2**31), 2**31)]
    pk: Annotated[bytes, Size(0, 256)]
    path: Annotated[tuple[Annotated[bytes, Size(0, 64)], ...], Size(0, 64)]
    s: Annotated[bytes, Size(0, 256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticSignature:
    """A signature by a long-lived key, named by its key id (§3.4)."""

    kid: Id16
    s: Annotated[bytes, Size(0, 256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedObject:
    """Exactly the bytes that were signed, and who signed them (§3.4)."""

    body: bytes
    sigs: Annotated[tuple[StaticSignature, ...], Size(0, 16)]
