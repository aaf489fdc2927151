"""Devices that cut and come again, at any of several workers, and what happens around them meanwhile."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
from collections.abc import Sequence
from typing import Any

from schemas.problems import Problem
from sync.receiver import tus
from sync.receiver.answers import Refused
from sync.receiver.bodies import Body
from sync.receiver.core import Receiver
from sync.receiver.streaming import Stored, finish
from sync.receiver.upkeep import sweep
from tests.receiver.cloud_kit import Cloud

UNSURE = frozenset(("E_UPLOAD_CELL", "E_VOL_MIX", "E_VOL_MAGIC", "E_VOL_SIG", "E_VOL_LEAVES", "E_PAD"))
"""What good bytes must never meet, whatever fails."""


class Device:
    """Sends one volume until it has a receipt. What it was told is durable must stay so."""

    def __init__(self, workers: Sequence[Receiver], token: bytes, volume: bytes, chance: random.Random) -> None:
        self._workers, self._token, self._volume, self._chance = workers, token, volume, chance
        self._where: str | None = None
        self._known = 0
        self.r1: bytes | None = None

    async def until(self, end: float) -> bytes | None:
        """The volume once it is acknowledged, or None when the time is over."""
        while self.r1 is None and asyncio.get_running_loop().time() < end:
            step = asyncio.create_task(self._step(self._chance.choice(self._workers)))
            if self._chance.random() < 0.2 and not (await asyncio.wait([step], timeout=self._chance.random() / 2))[0]:
                step.cancel()
            try:
                await step
            except (Problem, Refused) as error:
                problem = error if isinstance(error, Problem) else error.problem
                assert problem.code not in UNSURE, problem
                if problem.code in ("E_UPLOAD_UNKNOWN", "E_TOKEN_QUOTA"):
                    self._where, self._known = None, 0
            except asyncio.CancelledError:
                pass
        return self._volume if self.r1 is not None else None

    async def _step(self, receiver: Receiver) -> None:
        if self._where is None:
            await self._create(receiver)
            return
        upload = await receiver.index.find(self._where)
        if upload is None:  # another one of the same volume has taken its place
            raise Problem("E_UPLOAD_UNKNOWN")
        if not upload.complete:
            async with receiver.index.writing(upload.id) as lease:
                upload = lease.upload
                if not upload.complete and upload.offset == upload.length:
                    upload = await finish(receiver, lease, upload)
        if not upload.complete:
            assert upload.offset >= self._known, "what was acknowledged is gone"
            data = self._volume[upload.offset :][: self._chance.choice((5000, 300_000, 1 << 30))]
            async with self._body(receiver, data) as body:
                try:
                    upload = await tus._write(receiver, upload.id, upload.offset, body)
                except Stored as found:
                    upload = found.upload
        self._where, self._known, self.r1 = upload.id, upload.offset, upload.r1

    async def _create(self, receiver: Receiver) -> None:
        if self._chance.random() < 0.3:
            made = await receiver.index.create(tus._new_id(), self._token, len(self._volume), None, receiver.now())
            self._where, self._known = made.id, 0
            return
        data = self._volume[: self._chance.choice((3000, 20_000, 400_000, 1 << 30))]
        async with self._body(receiver, data) as body:
            answer = await tus._create_with(receiver, self._token, len(self._volume), body)
        self._where = answer.headers["location"].rpartition("/")[2]
        self._known = int(answer.headers["upload-offset"])
        if "svidok-r1" in answer.headers:
            self.r1 = base64.b64decode(answer.headers["svidok-r1"])

    def _body(self, receiver: Receiver, data: bytes) -> Body:
        """In pieces; some end with a cut."""
        pieces, cut = [], self._chance.random() < 0.4
        while data:
            size = self._chance.choice((1000, 50_000, 300_000))
            pieces.append(data[:size])
            data = data[size:]

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not pieces:
                return {"type": "http.disconnect"}
            body = pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(pieces) or cut}

        return Body(receive, receiver.share)


async def swept(workers: Sequence[Receiver], chance: random.Random) -> None:
    """Rounds of cleaning, at any worker, until it is cancelled."""
    while True:
        await asyncio.sleep(chance.random())
        with contextlib.suppress(Problem):
            await sweep(chance.choice(workers))


async def started_again(cloud: Cloud, chance: random.Random) -> None:
    """PostgreSQL ends once, gently or not, and starts again."""
    await asyncio.sleep(1 + 3 * chance.random())
    await asyncio.to_thread(cloud.postgres.stop, chance.choice(("fast", "immediate")))
    await asyncio.to_thread(cloud.postgres.start)
