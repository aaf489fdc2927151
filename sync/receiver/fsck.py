"""Does the store hold what the index says, and nothing else? Over any back end (`svidok receiver fsck`).

Rule: a repair never throws away a volume that proves itself, and never makes the index say more than the bytes prove.

    finding              what it means                                          what a repair does
    upload-short         fewer bytes than the index acknowledged                sets the offset back to what is there
    upload-stray         bytes of an upload that the index does not know        removes them
    volume-unrecorded    published and whole, and the index says unfinished     completes it
    volume-spoiled       published and damaged, and the index says unfinished   removes it; its upload begins anew
    volume-stray         a volume that the index does not know                  takes it in for every known office, or
                                                                                removes it when it is damaged
    volume-missing       complete in the index, and not in the store            forgets it, so that it can be sent again
    volume-length        complete, and not as long as it was                    forgets and removes it
    volume-damaged       (deep) does not prove itself                           forgets and removes it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from collector import crypto
from schemas.problems import Problem
from schemas.records.network import ListedVolume
from sync.receiver.checking import VolumeChecker
from sync.receiver.moving import KeptToken
from sync.receiver.ports import Claim, Index, Place, Store, Upload
from sync.volume import LENGTHS

_WHOLE: Final = max(LENGTHS) + 1
_EVER: Final = 1 << 53
Progress = Callable[[int, int], None]
Receipt = Callable[[Claim], bytes]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `mended`: it is now; `why`: what exactly, or why it stays."""

    kind: str
    what: str
    mended: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class FsckReport:
    """How many volumes and unfinished uploads were looked at, and what was found."""

    volumes: int
    uploads: int
    deep: bool
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, or all of it was mended."""
        return all(finding.mended for finding in self.findings)


def as_dict(report: FsckReport) -> dict[str, Any]:
    """For scripts."""
    return {**asdict(report), "sound": report.sound}


async def fsck(
    index: Index,
    store: Store,
    now: int,
    *,
    repair: Receipt | None = None,
    deep: bool = False,
    progress: Progress | None = None,
) -> FsckReport:
    """Looks at everything; with `deep` every volume is verified as a courier does. With `repair`, which signs R1 for a
    volume that only has to be completed, it mends; the receiver has to be stopped for that.

    Raises E_RECEIVER_FAULT, E_RECEIVER_BACKEND, E_RECEIVER_FULL.
    """
    return await _Fsck(index, store, now, repair, deep, progress).run()


class _Fsck:
    def __init__(
        self, index: Index, store: Store, now: int, repair: Receipt | None, deep: bool, progress: Progress | None
    ) -> None:
        self._index, self._store, self._now = index, store, now
        self._receipt, self._repair, self._deep, self._progress = repair, repair is not None, deep, progress
        self._findings: list[Finding] = []
        self._imported: set[Place] = set()

    async def run(self) -> FsckReport:
        # The store is asked first: what comes in meanwhile is then in the index at least.
        ids, places = await self._store.left_over()
        uploads, volumes = await self._index.unfinished(), await self._index.every_volume()
        here = set(places)
        self._imported = {Place(row.bid, row.s, row.i) for row in await self._index.droppable(_EVER)}
        await self._strays(ids, {upload.id for upload in uploads})
        for upload in uploads:
            await self._upload(upload, upload.claim is not None and upload.claim.place in here)
        for done, listed in enumerate(volumes, 1):
            await self._volume(listed)
            if self._progress is not None:
                self._progress(done, len(volumes))
        waiting = {upload.claim.place for upload in uploads if upload.claim is not None}
        recorded = {Place(listed.bid, listed.s, listed.i) for listed in volumes}
        for place in places:
            if place not in recorded and place not in waiting:
                await self._stray_volume(place)
        return FsckReport(len(volumes), len(uploads), self._deep, tuple(self._findings))

    def _note(self, kind: str, what: str, mended: bool, why: str = "") -> None:
        self._findings.append(Finding(kind, what, mended, why))

    async def _strays(self, ids: list[str], known: set[str]) -> None:
        for upload_id in ids:
            if upload_id in known:
                continue
            found = await self._index.find(upload_id)
            if found is not None and not found.complete:
                continue  # it began meanwhile
            if self._repair:
                await self._store.discard(upload_id)
            self._note("upload-stray", upload_id, self._repair)

    async def _upload(self, upload: Upload, published: bool) -> None:
        """Every acknowledged byte must be there; those of a published volume count when it proves itself."""
        if published and upload.claim is not None:
            await self._published(upload, upload.claim)
            return
        have = await self._durable(upload)
        if have < upload.offset:
            if self._repair:
                await self._set_back(upload, have)
            self._note("upload-short", upload.id, self._repair, f"{have} of {upload.offset} bytes")

    async def _published(self, upload: Upload, claim: Claim) -> None:
        """The receiver ended between store and index, or the index was set back: what does the volume prove?"""
        proven = await _proven(self._store, claim.place, upload.length)
        if proven != claim:
            await self._spoiled(upload, claim, proven if isinstance(proven, str) else "another volume")
        elif self._receipt is None:
            why = "it is whole; its device's next request, or --repair, completes it"
            self._note("volume-unrecorded", _name(claim.place), False, why)
        else:
            refused = await self._record(upload, claim, self._receipt)
            self._note("volume-unrecorded", _name(claim.place), refused is None, refused or "")

    async def _record(self, upload: Upload, claim: Claim, receipt: Receipt) -> str | None:
        """The published volume is whole: it counts, and not what is left of its upload. Gives why it could not."""
        try:
            await self._store.discard(upload.id)
            async with self._index.writing(upload.id) as lease:
                await self._store.publish(lease.upload)
                await self._index.complete(lease, receipt(claim), self._now)
        except Problem as problem:
            return problem.code
        return None

    async def _spoiled(self, upload: Upload, claim: Claim, why: str) -> None:
        """Nothing of a damaged volume may count, wherever its bytes lie: they were whole once, and are no more."""
        if self._repair:
            await self._set_back(upload, 0)
            await self._store.discard(upload.id)
            await self._store.remove(claim.place)
        told = "if the index was put back from a copy, its device may have a receipt and must be told to send again"
        self._note("volume-spoiled", _name(claim.place), self._repair, f"{why}; {told}")

    async def _durable(self, upload: Upload) -> int:
        """How many of the acknowledged bytes the store gives, in pieces of at most 1 MiB."""
        have = 0
        while have < upload.offset:
            try:
                piece = await self._store.read(upload, have, min(1 << 20, upload.offset - have))
            except Problem:
                break
            if not piece:
                break
            have += len(piece)
        return have

    async def _set_back(self, upload: Upload, have: int) -> None:
        async with self._index.writing(upload.id) as lease:
            await self._index.advance(lease, have, self._now)
            async with self._store.writer(lease.upload) as writer:
                await writer.cut(have)

    async def _volume(self, listed: ListedVolume) -> None:
        place = Place(listed.bid, listed.s, listed.i)
        name = _name(place)
        if not await self._store.published(place):
            if self._repair:
                await self._index.drop(place)
            self._note("volume-missing", name, self._repair, self._loss(place))
            return
        fault = await self._fault_of(place, listed.bytes_)
        if fault is None:
            return
        if self._repair:
            await self._index.drop(place)
            await self._store.remove(place)
        kind = "volume-length" if fault == "length" else "volume-damaged"
        self._note(kind, name, self._repair, f"{fault}; {self._loss(place)}")

    def _loss(self, place: Place) -> str:
        """What a damaged volume means for those who were told that it is stored."""
        if place in self._imported:
            return "every office has imported it, so that nothing is lost"
        return "its device has a receipt and must be told to send again"

    async def _fault_of(self, place: Place, length: int) -> str | None:
        """What is wrong with a published volume: its length, or with `deep` the code of what it fails to prove."""
        if not self._deep:
            last = [piece async for piece in self._store.volume(place, length - 1, 2)]
            return None if sum(map(len, last)) == 1 else "length"
        proven = await _proven(self._store, place, length)
        return proven if isinstance(proven, str) else None

    async def _stray_volume(self, place: Place) -> None:
        """Nobody was given a receipt for it, or the index was lost. What proves itself is kept."""
        length = sum([len(piece) async for piece in self._store.volume(place, 0, _WHOLE)])
        fault = await _proven(self._store, place, length)
        if not isinstance(fault, Claim):
            if self._repair:
                await self._store.remove(place)
            self._note("volume-stray", _name(place), self._repair, fault)
        elif self._receipt is None:
            self._note("volume-stray", _name(place), False, "it is whole; --repair takes it in again")
        else:
            refused = await self._take_in(fault, length, self._receipt)
            self._note("volume-stray", _name(place), refused is None, refused or "taken in again")

    async def _take_in(self, claim: Claim, length: int, receipt: Receipt) -> str | None:
        """The index was lost, or set back: the volume arrives once more, for every office. Gives why it could not.

        It needs tokens of its own: random hashes, so that nobody has the token, which end at once.
        """
        offices = await self._index.offices()
        if not offices:
            return "it is whole; accept the office's list of tokens first, then repair again"
        tokens = [
            KeptToken(crypto.random_bytes(32), office.root, length, self._now + 1, False, claim.place.bid)
            for office in offices
        ]
        try:
            await self._index.moving().take_tokens(tokens)
            upload_id = crypto.random_bytes(16).hex()
            upload = await self._index.create(upload_id, tokens[0].hash, length, claim, self._now)
            async with self._index.writing(upload.id) as lease:
                await self._index.advance(lease, length, self._now)
                await self._index.complete(lease, receipt(claim), self._now)
        except Problem as problem:
            return problem.code
        return None


async def _proven(store: Store, place: Place, length: int) -> Claim | str:
    """What a volume claims, when it proves itself whole and to be the one of its place; else the code of what fails."""
    seen = 0
    try:
        checker = VolumeChecker(length)
        async for piece in store.volume(place, 0, length + 1):
            seen += len(piece)
            checker.feed(piece)
    except Problem as problem:
        return problem.code
    if seen != length or checker.header is None:
        return "length"
    return checker.claim if checker.claim.place == place else "E_VOL_MIX"


def _name(place: Place) -> str:
    return f"{place.bid.hex()}-{place.stripe}-{place.index}"
