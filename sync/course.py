"""One receiver, several volumes at once: who sends what, how often, and when it makes no sense to go on.

Rule: a cut is tried again, sooner when something had arrived since the last one; a stranger in the receiver's place, or
a receiver that lies, is not; and what is wrong with one bundle holds up no other.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from collector import crypto
from collector.vault import Vault
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import permits, staged
from sync.link import Link
from sync.pace import Limit, Times
from sync.send_report import Meter
from sync.staged import StagedBundle, StagedVolume
from sync.upload import Line, Upload, Volume

HOPELESS: Final = frozenset(("E_PIN", "E_NET_PORTAL", "E_NET_REDIRECT", "E_NET_PROXY", "E_R1_FALSE", "E_HTTP_TUS"))
"""Problems that another try with the same receiver does not mend."""
PASSING: Final = frozenset(
    (
        "E_NET_UNREACHABLE",
        "E_NET_CUT",
        "E_NET_SLOW",
        "E_NET_ANSWER",
        "E_RECEIVER_BUSY",
        "E_RECEIVER_FULL",
        "E_RECEIVER_FAULT",
        "E_UPLOAD_BUSY",
        "E_UPLOAD_OFFSET",
        "E_UPLOAD_UNKNOWN",
    )
)
DAMAGED: Final = frozenset(("E_UPLOAD_CELL", "E_OUTBOX_LOST", "E_VOL_MAGIC", "E_VOL_SIG", "E_VOL_LEAVES", "E_PAD"))
"""Problems of a volume's bytes: when every receiver says so and it is true, the bundle is given up, and its entries go
into a new one.
"""
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 20.0
"""Seconds; where a line holds for two minutes, a longer wait would miss it."""
LONGEST_ASKED: Final = 60.0
"""Seconds that a receiver may ask for."""
_MOST_STRAYS: Final = 3
"""How often a volume may go astray with a receiver whose word of where it stands does not hold."""
_PARTING: Final = 5.0
_SOME: Final = random.SystemRandom()


class Gate:
    """Whether sending may go on: open, paused or stopped. Those who wait here are woken at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self.stopped = False
        self._links: set[Link] = set()

    def pause(self) -> None:
        """Nothing goes until `resume`; what is on a line is cut."""
        with self._changed:
            self._paused = True
            self._cut()

    def resume(self) -> None:
        """Lets everything go on."""
        with self._changed:
            self._paused = False
            for link in self._links:
                link.resume()
            self._changed.notify_all()

    def stop(self) -> None:
        """Ends everything for good."""
        with self._changed:
            self.stopped = True
            self._cut()
            self._changed.notify_all()

    def _cut(self) -> None:
        for link in self._links:
            link.stop()

    @property
    def held(self) -> bool:
        """Whether a cut was made here and not by the line."""
        return self._paused or self.stopped

    def open(self, link: Link | None) -> bool:
        """Waits while paused; whether to go on. `link` is cut by the next pause or stop."""
        with self._changed:
            if link is not None:
                self._links.add(link)
                if self.held:
                    link.stop()
            self._changed.wait_for(lambda: self.stopped or not self._paused)
            return not self.stopped

    def leave(self, link: Link) -> None:
        """A link that is no longer used."""
        with self._changed:
            self._links.discard(link)

    def rest(self, seconds: float) -> bool:
        """Waits; False when everything was stopped meanwhile."""
        with self._changed:
            return not self._changed.wait_for(lambda: self.stopped, seconds)


@dataclass(frozen=True, slots=True)
class Given:
    """What a course works with."""

    vault: Vault
    card: ReceiverCard
    proxy: str | None
    limit: Limit
    times: Times
    clock: Callable[[], float]


def receiver_id(card: ReceiverCard) -> bytes:
    """By what a receiver is known here: a hash of the key of its receipts and of its address."""
    return crypto.sha256(card.r1_key, card.url.encode())


class Course:
    """Volumes on their way to one receiver. `tries`: failures in a row after which the next receiver is asked."""

    def __init__(
        self, given: Given, gate: Gate, meter: Meter, over: Callable[[], bool], *, tries: int | None = None
    ) -> None:
        self._given, self._gate, self._meter, self._over, self._tries = given, gate, meter, over, tries
        self._receiver = receiver_id(given.card)
        self._line = Line()
        self._lock = threading.Lock()
        self._jobs: deque[StagedVolume] = deque()
        self._open = self._most = self._lanes = 0
        self._tried: dict[bytes, dict[bytes, Problem]] = {}
        self._failed: dict[bytes, Problem] = {}
        self._ended = threading.Event()
        self._broken: Exception | None = None
        self.problem: Problem | None = None
        self.hopeless = False
        self.later = 0.0
        """Before this moment (monotonic) the receiver wants to be left alone."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be done here: every volume is stored, or its bundle will never be."""
        return not self._open and not self._ended.is_set()

    def run(self, bundles: Sequence[StagedBundle], failed: dict[bytes, Problem], parallel: int) -> None:
        """Sends what is not stored. What this receiver will not have of single bundles goes into `failed`."""
        self._failed = failed
        self._jobs.extend(
            item for bundle in bundles for item in bundle.volumes if not item.stored and bundle.bid not in failed
        )
        self._open = len(self._jobs)
        self._most = self._lanes = min(parallel, self._open)
        threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"send-{lane}", daemon=True)
            for lane in range(self._most)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not self._gate.stopped:
                thread.join(0.2)
        until = time.monotonic() + _PARTING
        for thread in threads:
            # One that still connects notices the stop only then, and has nothing to do any more but to end.
            thread.join(max(0.0, until - time.monotonic()))
        if self._broken is not None:
            raise self._broken

    # ---- lanes ----

    def _work(self, lane: int) -> None:
        given = self._given
        try:
            link = Link(given.card, proxy=given.proxy, limit=given.limit, timeout=given.times)
        except Problem as problem:
            self._end(problem, hopeless=True)
            return
        try:
            with link:
                while (item := self._next(lane)) is not None:
                    self._bring(link, item)
        except Problem as problem:
            # The vault itself gives up: a full disk, a database that is closed.
            self._end(problem, hopeless=True)
        except Exception as error:
            # A mistake of the program ends the run where it is called, not a thread that nobody hears.
            self._broken = error
            self._ended.set()
        finally:
            self._gate.leave(link)

    def _next(self, lane: int) -> StagedVolume | None:
        """The next volume for a lane, or None when there is none. On a bad line the lanes above the first wait."""
        while not self._ended.is_set() and not self._gate.stopped:
            with self._lock:
                if not self._jobs:
                    return None
                if lane < self._lanes:
                    return self._jobs.popleft()
            self._ended.wait(0.2)
        return None

    def _end(self, problem: Problem, *, hopeless: bool = False) -> None:
        """Nothing more goes to this receiver for now."""
        with self._lock:
            if self.problem is None or hopeless:
                self.problem = problem
            self.hopeless = self.hopeless or hopeless
            self._ended.set()

    def _close(self, *, stored: bool) -> None:
        """One volume needs nothing more."""
        with self._lock:
            self._open -= 1
            self._lanes = min(self._most, self._lanes + 1) if stored else self._lanes

    # ---- one volume ----

    def _bring(self, link: Link, item: StagedVolume) -> None:
        """Sends one volume until it is stored, or makes no sense any more."""
        volume, vault = item.volume, self._given.vault
        place = (volume.bid, volume.stripe, volume.index)
        ours = item.receiver == self._receiver
        attempt = _Attempt(item.location if ours else None, begun=ours)
        while self._gate.open(link) and not self._ended.is_set():
            if volume.bid in self._failed or not staged.wanted(vault, volume.bid):
                self._meter.state(place, "failed", problem=self._failed.get(volume.bid))
                self._close(stored=False)
                return
            try:
                attempt.token = attempt.token or self._token(volume.bid)
                self._meter.state(place, "sending")
                attempt.advanced = False
                r1 = self._upload(link, volume, attempt).run()
            except Problem as problem:
                if not self._gate.held and not self._goes_on(problem, volume, attempt):
                    return
                continue
            staged.keep_receipt(vault, volume, self._receiver, r1, int(self._given.clock()))
            permits.take(vault.db, attempt.token or b"", self._receiver)
            self._meter.state(place, "stored")
            self._close(stored=True)
            return
        self._meter.state(place, "waiting", problem=self.problem)

    def _upload(self, link: Link, volume: Volume, attempt: _Attempt) -> Upload:
        place = (volume.bid, volume.stripe, volume.index)

        def keep(location: str | None) -> None:
            attempt.location = location
            staged.keep_location(self._given.vault, volume, self._receiver, location)

        def moved(offset: int) -> None:
            attempt.advanced = self._meter.moved(place, offset, self._receiver) or attempt.advanced

        if attempt.upload is None:
            attempt.upload = Upload(
                link,
                volume,
                attempt.token or b"",
                self._given.card.r1_key,
                location=attempt.location,
                begun=attempt.begun,
                line=self._line,
                keep=keep,
                moved=moved,
                sent=lambda count: self._meter.sent(place, count),
            )
        return attempt.upload

    def _token(self, bid: bytes) -> bytes:
        """A token for a bundle. Raises E_TOKEN_NONE, and when this receiver will have none of them, _NoToken."""
        with self._lock:
            tried = self._tried.setdefault(bid, {})
            token = permits.token_for(self._given.vault.db, bid, self._receiver, tried)
            if token is None:
                raise _NoToken(next(reversed(tried.values())))
            return token

    def _goes_on(self, problem: Problem, volume: Volume, attempt: _Attempt) -> bool:
        """What a problem means: another try after a while, or the end for a volume, its bundle, this receiver."""
        place = (volume.bid, volume.stripe, volume.index)
        code = problem.code
        refused = isinstance(problem, _NoToken)
        if code in permits.REFUSED and not refused:
            self._refuse_token(problem, volume.bid, attempt)
            return True
        if code in HOPELESS or (refused and code != "E_TOKEN_USED"):
            self._meter.state(place, "failed", problem=problem)
            self._end(problem, hopeless=True)
            return False
        if code not in PASSING:
            self._meter.state(place, "failed", problem=problem)
            self._failed[volume.bid] = problem
            if code == "E_OUTBOX_LOST":
                staged.give_up(self._given.vault, volume.bid)
            self._close(stored=False)
            return False
        return self._waits(problem, place, attempt)

    def _refuse_token(self, problem: Problem, bid: bytes, attempt: _Attempt) -> None:
        with self._lock:
            token = attempt.token or b""
            permits.refuse(self._given.vault.db, token, self._receiver, problem.code)
            self._tried.setdefault(bid, {})[token] = problem
        attempt.token, attempt.upload = None, None

    def _waits(self, problem: Problem, place: tuple[bytes, int, int], attempt: _Attempt) -> bool:
        """Waits before the next try, unless it was tried enough."""
        attempt.tries = 0 if attempt.advanced else attempt.tries + 1
        attempt.strays += problem.code == "E_UPLOAD_OFFSET"
        if problem.code in ("E_NET_CUT", "E_NET_SLOW", "E_RECEIVER_BUSY"):
            with self._lock:
                self._lanes = 1
        # A first failure says little: what was on its way may have arrived, and only the next request will tell.
        enough = attempt.tries >= 2 and self._over()
        astray = attempt.strays >= _MOST_STRAYS
        asked = min(float(problem.facts.get("seconds", 0)), LONGEST_ASKED)
        if self._tries is not None and asked and problem.code in ("E_RECEIVER_BUSY", "E_RECEIVER_FULL"):
            # Another receiver may have time, or room, now.
            self.later, enough = time.monotonic() + asked, True
        if astray or enough or (self._tries is not None and attempt.tries >= self._tries):
            self._meter.state(place, "waiting", problem=problem)
            self._end(problem, hopeless=astray)
            return False
        wait = max(_backoff(attempt.tries), asked)
        self._meter.state(place, "retrying", wait=wait, problem=problem)
        if wait and not self._gate.rest(wait):
            self._meter.state(place, "waiting", problem=problem)
            return False
        return True


@dataclass(slots=True)
class _Attempt:
    """What one volume has been through in this run."""

    location: str | None
    begun: bool
    token: bytes | None = None
    upload: Upload | None = None
    advanced: bool = False
    tries: int = 0
    strays: int = 0


class _NoToken(Problem):
    """A receiver that will not have any token of a bundle: what it said of the last one."""

    def __init__(self, cause: Problem) -> None:
        super().__init__(cause.code, **cause.facts)


def _backoff(tries: int) -> float:
    """Seconds to wait after so many failures in a row without progress; at random around a doubling wait."""
    if not tries:
        return 0.0
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * _SOME.uniform(0.5, 1.5)
