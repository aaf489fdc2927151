"""The store of a receiver on one host: a folder with unfinished uploads and one with complete volumes.

Rule: a byte counts when it was synced, a volume when it was renamed and its folder synced; every name is checked before
it becomes part of a path. What is written beyond the durable offset is worth nothing and is cut off before it goes on.

uploads/<id>                                        volumes/<2 hex of bid>/<bid hex>-<stripe>-<index>.vol
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from collector import files
from collector.crypto import BytesLike
from schemas.problems import Problem
from sync.receiver.ports import Place, Upload

A = ParamSpec("A")
R = TypeVar("R")

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_VOLUME: Final = re.compile(r"([0-9a-f]{32})-(0|[1-9][0-9]{0,2})-([0-7])\.vol", re.ASCII)
_BLOCK: Final = 1 << 20
_GATHER: Final = 1 << 17
"""Bytes of one upload that wait for a thread: with 200 uploads at once, every 128 KiB here are 50 MiB in all."""
_THREADS: Final = 8
_RESERVE: Final = 64 << 20
"""Bytes, or a sixteenth of a small disk, that uploads leave free: the desk must still be able to fill return boxes and
to acknowledge, or a full receiver would never have room again.
"""
_NO_ROOM: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_OPEN: Final[int] = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@contextlib.contextmanager
def mapped_errors() -> Iterator[None]:
    """Turns errors of the disk into problems of the receiver. Raises E_RECEIVER_FULL, E_RECEIVER_FAULT."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Problem("E_RECEIVER_FULL") from None
        name = errno.errorcode.get(error.errno or 0, "?")
        raise Problem("E_RECEIVER_FAULT", where=f"store, {name}") from None
    except Problem as problem:
        raise _as_receiver(problem) from None


def _as_receiver(problem: Problem) -> Problem:
    """What `collector.files` says of a disk, as a receiver says it."""
    if problem.code == "E_DISK_FULL":
        return Problem("E_RECEIVER_FULL")
    if problem.code in ("E_MEDIA_IO", "E_NO_ACCESS"):
        return Problem("E_RECEIVER_FAULT", where=f"store, {problem.facts.get('error', '?')}")
    return problem


class LocalStore:
    """`ports.Store` over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")
        with mapped_errors():
            for name in ("uploads", "volumes"):
                if not (folder / name).is_dir():
                    files.make_private_dir(folder / name)

    async def run(self, work: Callable[A, R], *args: A.args, **named: A.kwargs) -> R:
        """Work on files in a thread, its errors mapped. Also whoever is cancelled waits for its end: what a thread
        still does to a file must be over before somebody else has the lease.
        """

        def mapped() -> R:
            with mapped_errors():
                return work(*args, **named)

        return await _to_its_end(asyncio.get_running_loop().run_in_executor(self._threads, mapped))

    def upload_path(self, upload_id: str) -> Path:
        """Where an unfinished upload lies. Raises E_UPLOAD_UNKNOWN for a name that nobody here gave."""
        if _ID.fullmatch(upload_id) is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        return self._folder / "uploads" / upload_id

    def volume_path(self, place: Place) -> Path:
        """Where a complete volume lies."""
        name = place.bid.hex()
        return self._folder / "volumes" / name[:2] / f"{name}-{place.stripe}-{place.index}.vol"

    # ---- unfinished uploads ----

    def writer(self, upload: Upload) -> LocalWriter:
        """See `ports.Store`."""
        return LocalWriter(self, upload)

    async def read(self, upload: Upload, offset: int, length: int) -> bytes:
        """See `ports.Store`."""
        return await self.run(self._read, upload, offset, length)

    def _read(self, upload: Upload, offset: int, length: int) -> bytes:
        length = max(0, min(length, upload.offset - offset))
        try:
            return _read_at(self.upload_path(upload.id), offset, length)
        except FileNotFoundError:
            # It was published, and the index does not know that yet.
            if upload.claim is None:
                raise
            return _read_at(self.volume_path(upload.claim.place), offset, length)

    def write_at(self, fd: int, data: BytesLike, offset: int) -> None:
        """Writes bytes of an upload, as long as the reserve stays free; in a thread. Raises E_RECEIVER_FULL."""
        disk = os.statvfs(self._folder)
        reserve = min(_RESERVE, disk.f_blocks * disk.f_frsize // 16)
        if disk.f_bavail * disk.f_frsize < reserve + len(data):
            raise Problem("E_RECEIVER_FULL")
        _write_at(fd, data, offset)

    async def publish(self, upload: Upload) -> None:
        """See `ports.Store`. Raises E_RECEIVER_FAULT when the bytes are not all there, E_UPLOAD_UNKNOWN (no claim)."""
        await self.run(self._publish, upload)

    def _publish(self, upload: Upload) -> None:
        if upload.claim is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        source, target = self.upload_path(upload.id), self.volume_path(upload.claim.place)
        if _size(source) is None and _size(target) == upload.length:
            files.fsync_dir(target.parent)
            return
        if _size(source) != upload.length:
            raise Problem("E_RECEIVER_FAULT", where="store, length")
        if not target.parent.is_dir():
            files.make_private_dir(target.parent)
        files.sync_file(source)
        files.checkpoint("volume: synced")
        os.replace(source, target)
        files.checkpoint("volume: renamed")
        files.fsync_dir(target.parent)
        files.fsync_dir(source.parent)
        files.checkpoint("volume: durable")

    async def discard(self, upload_id: str) -> None:
        """See `ports.Store`."""
        await self.run(_unlink, self.upload_path(upload_id))

    # ---- complete volumes ----

    async def published(self, place: Place) -> bool:
        """See `ports.Store`."""
        return await self.run(_size, self.volume_path(place)) is not None

    async def volume(self, place: Place, offset: int, length: int) -> AsyncIterator[bytes]:
        """See `ports.Store`. A volume that is removed meanwhile is still given whole."""
        fd = await self.run(_open_to_read, self.volume_path(place))
        if fd is None:
            raise Problem("E_UPLOAD_UNKNOWN")
        try:
            end = offset + length
            while offset < end:
                piece = await self.run(os.pread, fd, min(_BLOCK, end - offset), offset)
                if not piece:
                    break
                yield piece
                offset += len(piece)
        finally:
            os.close(fd)

    async def remove(self, place: Place) -> None:
        """See `ports.Store`."""
        await self.run(_unlink, self.volume_path(place))

    # ---- both ----

    async def uploads(self) -> list[str]:
        """See `ports.Store`; files with other names are not its own and are left alone."""
        return await self.run(self._uploads)

    def _uploads(self) -> list[str]:
        return sorted(name for name in os.listdir(self._folder / "uploads") if _ID.fullmatch(name))

    async def left_over(self) -> tuple[list[str], list[Place]]:
        """See `ports.Store`."""
        return await self.run(self._left_over)

    def _left_over(self) -> tuple[list[str], list[Place]]:
        found = [_VOLUME.fullmatch(path.name) for path in (self._folder / "volumes").glob("??/*.vol")]
        places = [Place(bytes.fromhex(name[1]), int(name[2]), int(name[3])) for name in found if name is not None]
        return self._uploads(), sorted(places, key=lambda place: (place.bid, place.stripe, place.index))

    async def free(self) -> int | None:
        """See `ports.Store`."""
        return await self.run(files.free_bytes, self._folder)

    async def answers(self) -> None:
        """See `ports.Store`."""
        await self.free()

    async def close(self) -> None:
        """Ends the threads once what they do is done."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)


class LocalWriter:
    """`ports.Writer`: gathers 128 KiB, and writes them while the next come in."""

    def __init__(self, store: LocalStore, upload: Upload) -> None:
        self._store, self._upload = store, upload
        self._fd = -1
        self._end = self._durable = upload.offset
        self._gathered: list[bytes | memoryview] = []
        self._gathered_bytes = 0
        self._underway: asyncio.Task[None] | None = None
        self._fault: Problem | None = None

    async def __aenter__(self) -> LocalWriter:
        self._fd = await self._store.run(self._open)
        return self

    async def __aexit__(self, *error: object) -> None:
        fd, self._fd = self._fd, -1
        task, self._underway = self._underway, None
        try:
            if task is not None:
                with contextlib.suppress(Problem):
                    await _to_its_end(task)
        finally:
            await self._store.run(self._finish, fd)

    def _open(self) -> int:
        path, upload = self._store.upload_path(self._upload.id), self._upload
        if upload.complete:
            raise Problem("E_UPLOAD_UNKNOWN")
        if _size(path) is None and upload.claim is not None and upload.offset == upload.length:
            # Published before a crash, and the index never heard of it: it is an upload again until it does.
            with contextlib.suppress(FileNotFoundError):
                os.replace(self._store.volume_path(upload.claim.place), path)
        fresh = _size(path) is None
        fd = os.open(path, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size < upload.offset:
                raise Problem("E_RECEIVER_FAULT", where="store, short")
            if size > upload.offset:
                os.ftruncate(fd, upload.offset)
            if fresh:
                files.fsync_dir(path.parent)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _finish(self, fd: int) -> None:
        """What was not flushed gives its room back."""
        try:
            if os.fstat(fd).st_size > self._durable:
                os.ftruncate(fd, self._durable)
        finally:
            os.close(fd)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `ports.Writer`. Raises E_UPLOAD_LENGTH, E_RECEIVER_FULL, E_RECEIVER_FAULT (also for bytes before)."""
        if self._end + len(data) > self._upload.length:
            raise Problem("E_UPLOAD_LENGTH")
        if not (isinstance(data, bytes) or (isinstance(data, memoryview) and data.readonly)):
            data = bytes(data)
        self._gathered.append(data)
        self._gathered_bytes += len(data)
        self._end += len(data)
        if self._gathered_bytes >= _GATHER:
            await self._hand_over()

    async def _hand_over(self) -> None:
        """Lets a thread write what was gathered, once it is done with what came before."""
        await self._settle()
        if self._gathered:
            blocks, self._gathered = self._gathered, []
            start, self._gathered_bytes = self._end - self._gathered_bytes, 0
            data = blocks[0] if len(blocks) == 1 else b"".join(blocks)
            work = self._store.run(self._store.write_at, self._fd, data, start)
            self._underway = asyncio.get_running_loop().create_task(work)

    async def _settle(self) -> None:
        """Waits for what is underway. A fault stays: behind bytes that were lost nothing else may count."""
        if self._underway is not None:
            # The task stays known while this waits: on every way out, the end of the block waits for it too.
            await asyncio.wait([self._underway])
            task, self._underway = self._underway, None
            await self._or_fault(task)
        if self._fault is not None:
            raise self._fault

    async def _or_fault(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Problem as problem:
            self._fault = problem
            raise

    async def flush(self) -> int:
        """See `ports.Writer`. Raises E_RECEIVER_FULL, E_RECEIVER_FAULT; then only what was flushed before counts."""
        await self._hand_over()
        await self._settle()
        end = self._end
        if end > self._durable:
            files.checkpoint("upload: written")
            await self._or_fault(self._store.run(files.sync, self._fd))
            files.checkpoint("upload: durable")
            self._durable = end
        return end

    async def cut(self, offset: int) -> None:
        """See `ports.Writer`."""
        await self._hand_over()
        await self._settle()
        self._end = self._durable = min(offset, self._end)
        await self._store.run(_cut, self._fd, self._end)


async def _to_its_end(work: asyncio.Future[R]) -> R:
    """The result of work that cannot be stopped; a cancellation meanwhile comes after it."""
    stopped: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
    if stopped is not None:
        work.cancelled() or work.exception()
        raise stopped
    return work.result()


def _write_at(fd: int, data: BytesLike, offset: int) -> None:
    files.checkpoint("upload: thread")
    view, start = memoryview(data), offset
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done
    files.write_out_early(fd, start, offset - start)


def _cut(fd: int, offset: int) -> None:
    os.ftruncate(fd, offset)
    files.sync(fd)


def _size(path: Path) -> int | None:
    """Bytes of a file, or None when there is none."""
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return None


def _open_to_read(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | _OPEN)
    except FileNotFoundError:
        return None


def _read_at(path: Path, offset: int, length: int) -> bytes:
    with open(os.open(path, os.O_RDONLY | _OPEN), "rb") as file:
        file.seek(offset)
        return file.read(length)


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        return
    files.fsync_dir(path.parent)
