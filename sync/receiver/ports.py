"""What a receiver needs from where it keeps things: an index of facts and a store of bytes.

Two pairs stand behind these: SQLite and a folder (`local`), PostgreSQL and an object store (`cloud`). Rule: the index
decides, the store holds. A number of bytes stands in the index only after the store has made them durable, and a
volume is complete only when the index says so; whatever a crash leaves in the store beyond that is mended by `fsck`.
Both are asynchronous, and every method may be called from any worker at any time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from schemas.records.network import ListedVolume, StoredVolume
from sync.receiver.boxes import BOX_ROOM, BoxRoom

if TYPE_CHECKING:
    from sync.receiver.moving import Moving

KEEP: Final = 14 * 86_400
"""Seconds that an unfinished upload lives after its last byte, and a complete volume after the desk has imported it."""
UNCLAIMED: Final = 8
"""Uploads of one token that may wait for their header; one more is E_TOKEN_QUOTA."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which volume: bundle id 16 B, stripe, index."""

    bid: bytes
    stripe: int
    index: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proven header says of a volume: its place, its shard root, what all volumes of the bundle share
    (`Header.shared`, 32 B), the bundle's root.
    """

    place: Place
    shard: bytes
    shared: bytes
    broot: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """One volume on its way in, or arrived. `id`: opaque name in its location; `offset`: durable bytes; `claim` is None
    until the header has come in; `r1`: set when it is complete; `expires`: seconds since 1970; `turn`: how often the
    right to write it was given, by which a store that several workers share tells late bytes of an earlier one.
    """

    id: str
    length: int
    offset: int
    claim: Claim | None
    token: bytes
    expires: int
    r1: bytes | None = None
    turn: int = 0

    @property
    def complete(self) -> bool:
        """Whether the volume is stored whole and the receiver has said so."""
        return self.r1 is not None


@dataclass(frozen=True, slots=True)
class Office:
    """An office whose list was accepted: hash of its root, hash of its bearer."""

    root: bytes
    desk: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """For `status`: complete volumes and their bytes, unfinished uploads and their durable bytes, when the oldest
    complete volume that no desk has acknowledged came in (seconds since 1970, or None), return boxes, unused tokens.
    """

    volumes: int
    bytes: int
    unfinished: int
    unfinished_bytes: int
    oldest: int | None
    returns: int
    tokens: int


class Lease(Protocol):
    """The exclusive right to write one upload. `lost()`: somebody else wants it; finish and let go."""

    @property
    def upload(self) -> Upload:
        """The upload as it was when the lease began, or as this lease has advanced it."""

    def lost(self) -> bool:
        """Whether another request asked for the same upload; what is in hand is made durable, and the lease ends."""

    async def wait_lost(self) -> None:
        """Returns when `lost()` has become true."""


class Index(Protocol):
    """Facts: tokens, uploads, volumes, return boxes."""

    # offices and tokens
    async def accept(
        self, office: Office, tokens: Sequence[bytes], quota: int, expires: int, issued: int
    ) -> tuple[int, int]:
        """Takes in a list of token hashes, which replaces the office's earlier one; returns how many were added and
        cancelled. An older list than the one in force changes nothing and gives (0, 0).
        """

    async def offices(self) -> list[Office]:
        """Offices whose lists were accepted."""

    async def desk(self, bearer_hash: bytes) -> bytes | None:
        """The root hash of the office with this bearer, or None."""

    # uploads
    async def create(self, upload_id: str, token: bytes, length: int, claim: Claim | None, now: int) -> Upload:
        """Binds the token (by hash) to the claim's bundle, counts its quota, and makes the upload in one step.

        The same volume again (same place and shard) gives the upload that exists, whole or not, whatever its id; when
        it is whole and came with another office's token, it also arrives now in the list of this token's office.
        Raises E_TOKEN_UNKNOWN, E_TOKEN_EXPIRED, E_TOKEN_USED, E_TOKEN_QUOTA, E_VOL_MIX (another shard in the same
        place, or another `shared` in the same bundle).
        """

    async def identify(self, upload_id: str, claim: Claim, now: int) -> Upload:
        """For an upload that was created without its header: as `create`. When the same volume is there already, this
        upload is removed and the existing one is given; an unfinished one is removed instead, and this goes on.
        """

    async def find(self, upload_id: str) -> Upload | None:
        """The upload with this id, or None; also one that is complete."""

    async def authorised(self, token: bytes, upload: Upload, now: int) -> None:
        """Raises E_TOKEN_UNKNOWN or E_TOKEN_EXPIRED unless this token (by hash) made the upload or has its bundle."""

    def writing(self, upload_id: str, patience: float = 10.0) -> AbstractAsyncContextManager[Lease]:
        """The exclusive right to write. Whoever holds it is asked to let go. Raises E_UPLOAD_BUSY after `patience`
        seconds, E_UPLOAD_UNKNOWN.
        """

    async def advance(self, lease: Lease, offset: int, now: int) -> Upload:
        """The store has made `offset` bytes durable (it may also be lower than before, after a bad cell)."""

    async def complete(self, lease: Lease, r1: bytes, now: int) -> Upload:
        """The volume is whole and published in the store; it gets the next place in the order of arrival, in the list
        of every office that has a token for its bundle.
        """

    async def remove(self, upload_id: str) -> None:
        """Forgets an upload that is not complete and gives its bytes back to the token. Harmless when there is none."""

    async def expired(self, now: int) -> list[Upload]:
        """Unfinished uploads past their time."""

    async def unfinished(self) -> list[Upload]:
        """All uploads that are not complete."""

    # volumes
    async def bundle(self, bid: bytes) -> list[StoredVolume]:
        """The complete volumes of a bundle."""

    async def bound(self, token: bytes, bid: bytes) -> bool:
        """Whether this token (by hash) is bound to the bundle."""

    async def volumes(self, office: bytes, after: int, limit: int) -> list[ListedVolume]:
        """Complete volumes that came with tokens of an office (root hash), in order of arrival, after a cursor."""

    async def volume(self, place: Place, office: bytes) -> ListedVolume | None:
        """One complete volume, when it came with a token of this office."""

    async def every_volume(self) -> list[ListedVolume]:
        """All complete volumes, for `fsck` and `copy`."""

    async def acknowledge(self, place: Place, office: bytes, now: int) -> bool:
        """The desk has imported this volume: it may expire. False when there is none."""

    async def droppable(self, before: int) -> list[ListedVolume]:
        """Complete volumes that every office in whose list they stand has acknowledged before that moment."""

    async def release(self, place: Place, before: int, now: int) -> bool:
        """Makes a complete volume that is droppable an upload again whose time is over, with nothing durable; decided
        in one step, so that a volume that has arrived for another office meanwhile stays. False when it stays.
        """

    async def drop(self, place: Place) -> None:
        """Forgets a complete volume, for `fsck`."""

    # return boxes
    async def put_return(self, retn: bytes, data: bytes, office: bytes, now: int, room: BoxRoom = BOX_ROOM) -> None:
        """Puts sealed receipts into a box; later ones replace earlier ones of the same office.

        Raises E_TOKEN_UNKNOWN when another office has filled it, E_RETURN_QUOTA when the office's boxes are too many
        or too large.
        """

    async def require_return(self, retn: bytes, length: int, office: bytes, room: BoxRoom = BOX_ROOM) -> None:
        """Whether `put_return` of so many bytes would go through now; raises what it would raise."""

    async def expire_returns(self, before: int) -> int:
        """Removes boxes that were last filled before that moment; returns how many."""

    async def get_return(self, retn: bytes) -> bytes | None:
        """What lies in a box, or None."""

    # both
    async def counts(self) -> Counts:
        """For `status`."""

    def moving(self) -> Moving:
        """Everything as it stands, for `copy`."""

    async def close(self) -> None:
        """Lets go of connections."""


class Writer(Protocol):
    """Bytes of one upload going into the store. Use as an asynchronous context; leaving it without `flush` may lose
    what was written since the last one.
    """

    async def __aenter__(self) -> Writer: ...

    async def __aexit__(self, *error: object) -> None: ...

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Takes bytes at the present end; they count only after `flush`. What lies under a read-only view must not
        change before that; any other place may be used again at once.
        """

    async def flush(self) -> int:
        """Makes everything durable that was written; returns the length from the start of the upload."""

    async def cut(self, offset: int) -> None:
        """Goes back to `offset`; what was beyond it is gone. Durable when it returns. The index goes back first, so
        that a crash in between leaves bytes too many and not too few.
        """


class Store(Protocol):
    """Bytes: unfinished uploads by their id, complete volumes by their place."""

    def writer(self, upload: Upload) -> Writer:
        """Continues an upload at its durable offset; bytes beyond it, left by a crash, are discarded."""

    async def read(self, upload: Upload, offset: int, length: int) -> bytes:
        """Durable bytes of an unfinished upload."""

    async def publish(self, upload: Upload) -> None:
        """Makes a whole upload the volume at its claim's place, durably. Repeating it changes nothing. The upload's own
        bytes may stay until `discard`, which follows once the index says complete.
        """

    async def published(self, place: Place) -> bool:
        """Whether there is a volume at a place."""

    def volume(self, place: Place, offset: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of a published volume, in pieces of at most 1 MiB. Raises E_UPLOAD_UNKNOWN."""

    async def discard(self, upload_id: str) -> None:
        """Removes the bytes of an unfinished upload. Harmless when there are none."""

    async def remove(self, place: Place) -> None:
        """Removes a published volume. Harmless when there is none."""

    async def uploads(self) -> list[str]:
        """Ids of unfinished uploads of which the store holds bytes; the volumes are not looked at."""

    async def left_over(self) -> tuple[list[str], list[Place]]:
        """What `uploads` gives, and the places of all volumes that the store holds, for `fsck`."""

    async def free(self) -> int | None:
        """Bytes of room, or None when the store does not say."""

    async def answers(self) -> None:
        """Returns when the store answers, or did a moment ago. Raises E_RECEIVER_BACKEND, E_RECEIVER_FAULT."""

    async def close(self) -> None:
        """Lets go of connections."""


Clock = Callable[[], float]
