"""What a receiver has and how it fares, without a name or an address of anybody (`svidok receiver status`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sync.receiver.home import ReceiverHome
from sync.receiver.ports import Index, Store

LOW: Final = 1 << 30
"""Bytes of room below which the state is no longer called well."""
SOON: Final = 60 * 86_400
STALE: Final = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Status:
    """Counts, bytes, seconds since 1970. `oldest`: when the oldest volume came that a desk has not acknowledged;
    `free`: room in bytes, or None when the store does not say; `certificates`: when the current and the next one end;
    `warnings`: what a person should look at (empty when all is well).
    """

    url: str
    offices: int
    tokens: int
    volumes: int
    bytes: int
    unfinished: int
    unfinished_bytes: int
    oldest: int | None
    returns: int
    free: int | None
    certificates: tuple[int, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For scripts; `health` is "ok" or "warning"."""
        return {**asdict(self), "health": "warning" if self.warnings else "ok"}


async def status(home: ReceiverHome, index: Index, store: Store, now: int) -> Status:
    """Asks index and store. Raises E_RECEIVER_FAULT, E_RECEIVER_BACKEND."""
    counts, offices, free, ends = await index.counts(), await index.offices(), await store.free(), home.ends()
    warnings = []
    if not offices:
        warnings.append("No office: nobody can send yet (svidok receiver accept).")
    elif not counts.tokens:
        warnings.append("No unused tokens: the office should send a newer list.")
    if free is not None and free < LOW:
        warnings.append("Little room is left.")
    if ends[0] < now:
        warnings.append("The certificate in use has ended: no device can send (svidok receiver rotate).")
    elif ends[0] < now + SOON:
        warnings.append("The certificate in use ends soon (svidok receiver rotate).")
    if counts.oldest is not None and counts.oldest < now - STALE:
        warnings.append("Some volumes have waited for the desk for more than 30 days.")
    return Status(
        url=home.card.url,
        offices=len(offices),
        tokens=counts.tokens,
        volumes=counts.volumes,
        bytes=counts.bytes,
        unfinished=counts.unfinished,
        unfinished_bytes=counts.unfinished_bytes,
        oldest=counts.oldest,
        returns=counts.returns,
        free=free,
        certificates=ends,
        warnings=tuple(warnings),
    )
