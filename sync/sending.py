"""Everything that is to leave, to a receiver, over whatever line there is (docs/spec/protocol.md §10.3, §13).

Rule: what a run needs to go on stands in the vault before it is needed, so that a run may end at any moment, by a key,
a cut or a dead battery, and the next one goes on from the byte where the receiver stands. Sending deletes nothing that
was not made by sending: entries wait for the office's word.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from collector import files, mission
from collector.field import Field
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import outbox, permits, staged
from sync import settings as kept
from sync.address import Address, chosen_proxy
from sync.course import DAMAGED, Course, Gate, Given, receiver_id
from sync.decode import label
from sync.pace import Limit, Times
from sync.send_report import BundleSent, Meter, SendProgress, SendReport
from sync.settings import SendSettings

PATIENCE = 120.0
"""Seconds without a byte more at the receiver after which a run ends."""
_PAUSE = 3.0
"""Seconds before a receiver that could not be reached is tried again, when there are others."""


class Sender:
    """One run of sending. `run` blocks until everything is stored or nothing more can be; the other methods are for
    other threads.

    `again`: what a receiver said it stored and the office has not confirmed goes once more, in new bundles. `only`:
    names of receivers (host, or host:port), if not all of the mission's are to be asked.
    `patience`: seconds without progress (None: never give up); `lasts`: seconds for the whole run.
    """

    def __init__(
        self,
        home: Field,
        *,
        again: bool = False,
        only: Collection[str] = (),
        settings: SendSettings | None = None,
        progress: Callable[[SendProgress], None] | None = None,
        patience: float | None = PATIENCE,
        lasts: float | None = None,
        parallel: int = 4,
        times: Times | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._home, self._again, self._only, self._given_settings = home, again, only, settings
        self._parallel, self._times, self._clock = parallel, times or Times(), clock
        self._patience, self._lasts = patience, lasts
        self._meter = Meter(progress)
        self._gate = Gate()
        self._limit = Limit()
        self._failed: dict[bytes, Problem] = {}

    # ---- for other threads ----

    def pause(self) -> None:
        """Ends what is on the line; nothing goes until `resume`. What had arrived counts."""
        self._gate.pause()
        self._meter.phase("paused")

    def resume(self) -> None:
        """Goes on after `pause`."""
        self._meter.phase("sending")
        self._gate.resume()

    def stop(self) -> None:
        """Ends the run soon; `run` returns its report."""
        self._gate.stop()

    def limit(self, kib: int | None) -> None:
        """Another limit for this run, in KiB in a second, or none."""
        self._limit.rate = None if kib is None else kib * 1024

    def now(self) -> SendProgress:
        """How things stand."""
        return self._meter.now()

    # ---- the run ----

    def run(self) -> SendReport:
        """Makes bundles of what is new and brings them to a receiver.

        Raises E_NOT_ENROLLED, E_RECEIVER_NONE, E_RECEIVER_NAME, E_SEND_NEVER, E_PROXY_URL; everything else stands in
        the report.
        """
        vault = self._home.vault
        chosen = self._given_settings or kept.load(vault.db)
        receivers = mission.required_pack(vault.db).body.receivers
        if not receivers:
            raise Problem("E_RECEIVER_NONE")
        if chosen.policy == "never":
            raise Problem("E_SEND_NEVER")
        receivers = chosen_receivers(receivers, self._only)
        self.limit(chosen.limit)
        proxy = chosen_proxy(chosen.proxy)
        report, began = SendReport(), time.monotonic()
        staged.tidy(vault)
        only_new = not self._again
        while not self._gate.stopped:
            left = self._stage(only_new=only_new)
            bundles = staged.load(vault)
            only_new = True
            problem = self._send(bundles, receivers, proxy, began) if bundles else None
            self._note(report, bundles, problem)
            # A full disk lets only some bundles be made at a time; those that went have made room for others.
            if problem is not None or not left or not bundles:
                report.left.extend(left)
                break
        report.stopped = self._gate.stopped
        report.permits = permits.left(vault.db)
        report.sent, report.seconds = self._meter.gained, time.monotonic() - began
        self._meter.phase("ended", report.problem)
        return report

    def _stage(self, *, only_new: bool) -> list[tuple[str, Problem]]:
        """Makes bundles; what cannot be made into one, and why."""
        self._meter.phase("staging")

        def step(_name: str, done: int, total: int) -> None:
            self._gate.open(None)
            if self._gate.stopped:
                raise _Stopped
            self._meter.making(done, total)

        try:
            made = outbox.stage(self._home, only_new=only_new, progress=step, clock=self._clock)
        except _Stopped:
            return []
        return [(code, _here(problem)) for code, problem in made.left]

    def _send(
        self, bundles: list[staged.StagedBundle], receivers: tuple[ReceiverCard, ...], proxy: str | None, began: float
    ) -> Problem | None:
        """Tries the receivers in order until every volume is stored; what ended it if that did not come about."""
        for bundle in bundles:
            for item in bundle.volumes:
                volume = item.volume
                place = (volume.bid, volume.stripe, volume.index)
                new = item.receiver is None
                self._meter.add(place, label(volume.bid), volume.length, stored=item.stored, new=new)
        self._meter.moved_at = time.monotonic()
        self._meter.phase("sending")
        refused: dict[bytes, dict[bytes, Problem]] = {receiver_id(card): {} for card in receivers}
        hopeless: set[bytes] = set()
        later: dict[bytes, float] = {}
        problem: Problem | None = None
        while True:
            for card in receivers:
                who = receiver_id(card)
                if who in hopeless or time.monotonic() < later.get(who, 0.0):
                    continue
                given = Given(self._home.vault, card, proxy, self._limit, self._times, self._clock)
                several = len(receivers) - len(hopeless) > 1
                course = Course(given, self._gate, self._meter, lambda: self._over(began), tries=3 if several else None)
                waiting = [bundle for bundle in staged.load(self._home.vault) if bundle.bid not in self._failed]
                course.run(waiting, refused[who], self._parallel)
                problem, later[who] = course.problem or problem, course.later
                if course.hopeless:
                    hopeless.add(who)
                if not self._settle(refused, hopeless):
                    return None
                if self._gate.stopped or self._over(began):
                    return problem
            alone = all(receiver_id(card) in hopeless for card in receivers)
            if alone or not self._gate.rest(_PAUSE) or self._over(began):
                return problem

    def _settle(self, refused: dict[bytes, dict[bytes, Problem]], hopeless: set[bytes]) -> bool:
        """Whether something may still go to somebody. One receiver's word ends nothing: a bundle has failed when every
        receiver that answers has refused it. It is made anew when all of them find its bytes damaged and they are so:
        each bundle needs a token of its own, and nobody's word is to use these up.
        """
        vault = self._home.vault
        ready = {bundle.bid for bundle in staged.load(vault)}
        for bid in {bid for at in refused.values() for bid in at} - self._failed.keys():
            said = [at[bid] for at in refused.values() if bid in at]
            others = any(who not in hopeless and bid not in at for who, at in refused.items())
            if staged.outcome(vault, bid)[0] == "done" or (bid in ready and others):
                continue
            self._failed[bid] = said[-1]
            if all(problem.code in DAMAGED for problem in said) and staged.damaged(vault, bid):
                staged.give_up(vault, bid)
        return any(staged.wanted(vault, bid) for bid in ready - self._failed.keys())

    def _over(self, began: float) -> bool:
        """Whether there is no more time, or no more patience."""
        now = time.monotonic()
        if self._lasts is not None and now - began >= self._lasts:
            return True
        return self._patience is not None and now - self._meter.moved_at >= self._patience

    def _note(self, report: SendReport, bundles: list[staged.StagedBundle], problem: Problem | None) -> None:
        """What became of some bundles."""
        for bundle in bundles:
            state, stored = staged.outcome(self._home.vault, bundle.bid)
            why = self._failed.get(bundle.bid) or (problem if state == "ready" else None)
            volumes = len(bundle.volumes)
            report.bundles.append(BundleSent(label(bundle.bid), bundle.bid.hex(), bundle.codes, volumes, stored, why))
            if why is not None:
                report.left.extend((code, why) for code in bundle.codes)
        report.problem = problem


def chosen_receivers(cards: tuple[ReceiverCard, ...], names: Collection[str]) -> tuple[ReceiverCard, ...]:
    """Those of a mission's receivers that are named, in the mission's order; all of them when none is.

    Raises E_RECEIVER_NAME.
    """
    known = [(card, Address.parse(card.url)) for card in cards]
    for name in names:
        if not any(name in (address.shown, address.host) for _card, address in known):
            shown = ", ".join(address.shown for _card, address in known)
            raise Problem("E_RECEIVER_NAME", name=files.shown_name(name), known=shown)
    return tuple(card for card, address in known if not names or {address.shown, address.host} & set(names))


class _Stopped(Exception):
    """A person ended the run while a bundle was being made."""


def _here(problem: Problem) -> Problem:
    """What the staging folder has to say is about this machine's disk, and not about a stick."""
    if problem.code.startswith("E_STICK"):
        return Problem("E_DISK_FULL", error="ENOSPC")
    return problem
