"""What sending looks like while it runs, and what it says for itself afterwards.

Rule: numbers of progress are what the receiver holds plus what has left since it last said so; they may go back.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from schemas.problems import Problem

VolumeState = Literal["waiting", "sending", "retrying", "stored", "failed"]
Phase = Literal["staging", "sending", "paused", "ended"]
_SMOOTH: Final = 5.0
"""Seconds over which the speed is smoothed."""


@dataclass(frozen=True, slots=True)
class VolumeProgress:
    """One volume. `bundle`: its label; `sent` of `total` bytes; `wait`: seconds until the next try; `problem`: the last
    one, while it is retried or when it has failed.
    """

    bundle: str
    stripe: int
    index: int
    sent: int
    total: int
    state: VolumeState
    wait: float = 0.0
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in ("problem", "wait")}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(frozen=True, slots=True)
class SendProgress:
    """A picture of the moment. `made` of `to_make`: bytes of bundles that are being made before they go; `sent` of
    `total`: bytes of volumes; `speed`: bytes in a second, smoothed; `left`: bytes still to send.
    """

    phase: Phase
    made: int
    to_make: int
    volumes: tuple[VolumeProgress, ...]
    sent: int
    total: int
    speed: float
    problem: Problem | None

    @property
    def left(self) -> int:
        """Bytes that the receiver does not have."""
        return self.total - self.sent

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this speed, or None when nothing moves."""
        return self.left / self.speed if self.speed > 1 else None


@dataclass(slots=True)
class _Track:
    """One volume while it is on its way."""

    bundle: str
    stripe: int
    index: int
    total: int
    durable: int = 0
    flying: int = 0
    known: bool = False
    highest: dict[bytes, int] = field(default_factory=dict)
    state: VolumeState = "waiting"
    until: float = 0.0
    problem: Problem | None = None

    def shown(self, now: float) -> VolumeProgress:
        sent = self.total if self.state == "stored" else min(self.total, self.durable + self.flying)
        wait = max(0.0, self.until - now) if self.state == "retrying" else 0.0
        return VolumeProgress(self.bundle, self.stripe, self.index, sent, self.total, self.state, wait, self.problem)


class Meter:
    """Where every volume stands; fed by the threads that send, read by whoever shows it."""

    def __init__(
        self, show: Callable[[SendProgress], None] | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show, self._clock = show, clock
        self._lock = threading.Lock()
        self._tracks: dict[tuple[bytes, int, int], _Track] = {}
        self._phase: Phase = "staging"
        self._making = (0, 0)
        self._problem: Problem | None = None
        self._speed, self._counted, self._since = 0.0, 0, clock()
        self._shown = -1.0
        self.gained = 0
        """Bytes that the receiver holds more than when this began."""
        self.moved_at = clock()
        """When the receiver last said that it holds more."""

    # ---- feeding ----

    def add(self, place: tuple[bytes, int, int], bundle: str, total: int, *, stored: bool, new: bool) -> None:
        """A volume that is to be sent; of a `new` one no receiver has anything."""
        with self._lock:
            state: VolumeState = "stored" if stored else "waiting"
            self._tracks[place] = _Track(bundle, place[1], place[2], total, state=state, known=new)

    def phase(self, phase: Phase, problem: Problem | None = None) -> None:
        """What goes on as a whole."""
        with self._lock:
            self._phase, self._problem = phase, problem
        self.show(now=True)

    def making(self, done: int, total: int) -> None:
        """A bundle is being made."""
        with self._lock:
            self._making = (done, total)
        self.show()

    def state(
        self, place: tuple[bytes, int, int], state: VolumeState, *, wait: float = 0.0, problem: Problem | None = None
    ) -> None:
        """A volume goes on, waits or ends."""
        with self._lock:
            track = self._tracks[place]
            track.state, track.problem, track.until = state, problem, self._clock() + wait
            track.flying = 0
            if state == "stored":
                self.moved_at = self._clock()
        self.show(now=True)

    def moved(self, place: tuple[bytes, int, int], offset: int, receiver: bytes = b"") -> bool:
        """A receiver holds so many bytes of a volume; whether that is more than it ever said."""
        with self._lock:
            track = self._tracks[place]
            more = offset - track.highest.get(receiver, 0)
            if more > 0:
                track.highest[receiver] = offset
                self.gained += more if track.known else 0
                self.moved_at = self._clock()
            track.durable, track.flying, track.known = offset, 0, True
        self.show()
        return more > 0

    def sent(self, place: tuple[bytes, int, int], count: int) -> None:
        """So many bytes more have left."""
        with self._lock:
            self._tracks[place].flying += count
            self._counted += count
            now = self._clock()
            passed = now - self._since
            if passed >= 0.25:
                share = 1 - math.exp(-passed / _SMOOTH)
                self._speed += share * (self._counted / passed - self._speed)
                self._counted, self._since = 0, now
        self.show()

    # ---- looking ----

    def now(self) -> SendProgress:
        """The picture of the moment."""
        with self._lock:
            now = self._clock()
            volumes = tuple(track.shown(now) for track in self._tracks.values())
            idle = now - self._since
            speed = self._speed * math.exp(-max(0.0, idle - 1.0) / _SMOOTH)
            sent, total = sum(item.sent for item in volumes), sum(item.total for item in volumes)
            return SendProgress(self._phase, *self._making, volumes, sent, total, speed, self._problem)

    def show(self, *, now: bool = False) -> None:
        """Tells whoever watches, a few times in a second at most."""
        if self._show is None:
            return
        moment = self._clock()
        if now or moment - self._shown >= 0.2:
            self._shown = moment
            self._show(self.now())


@dataclass(frozen=True, slots=True)
class BundleSent:
    """One bundle: record codes in it, how many of its volumes a receiver has, and why not all."""

    label: str
    bid: str
    codes: tuple[str, ...]
    volumes: int
    stored: int
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "problem"}
        return {**plain, "problem": None if self.problem is None else self.problem.as_dict()}


@dataclass(slots=True)
class SendReport:
    """What a run of sending did. `left`: record codes that no receiver has yet, and why; `problem`: what ended the run;
    `stopped`: a person did; `sent`: bytes of volumes that arrived in this run; `permits`: tokens left.
    """

    bundles: list[BundleSent] = field(default_factory=list)
    left: list[tuple[str, Problem]] = field(default_factory=list)
    problem: Problem | None = None
    stopped: bool = False
    permits: int | None = None
    sent: int = 0
    seconds: float = 0.0

    @property
    def stored(self) -> list[str]:
        """Record codes of the entries that a receiver has whole."""
        return [code for bundle in self.bundles if bundle.stored == bundle.volumes for code in bundle.codes]

    @property
    def ok(self) -> bool:
        """Whether nothing that was to go is left here."""
        return self.problem is None and not self.left and not self.stopped

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ok": self.ok,
            "stored": self.stored,
            "bundles": [bundle.as_dict() for bundle in self.bundles],
            "left": [{"code": code, "problem": problem.as_dict()} for code, problem in self.left],
            "stopped": self.stopped,
            "tokens_left": self.permits,
            "sent": self.sent,
            "seconds": round(self.seconds, 1),
            "problem": None if self.problem is None else self.problem.as_dict(),
        }
