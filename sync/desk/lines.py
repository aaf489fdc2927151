"""A desk's way to one receiver: the pinned link, and the bearer that is for it alone (§10.4).

Rule: the bearer goes nowhere but into requests over a link that has proven the receiver's certificate.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from collector.crypto import Secret
from schemas.problems import Problem
from sync import network
from sync.address import chosen_proxy
from sync.desk.receivers import Receiver
from sync.link import Answer, Link, Stream

if TYPE_CHECKING:
    from sync.course import Gate


class Line:
    """For one thread. `url`: another address of this receiver, whose certificates must be the same. `gate`: stopping it
    from another thread ends whatever the line does.

    Raises E_RECEIVER_URL, E_RECEIVER_CARD, E_PROXY_URL.
    """

    def __init__(
        self, receiver: Receiver, bearer: Secret, *, url: str | None, proxy: str | None, gate: Gate | None = None
    ) -> None:
        card = receiver.card if url is None else replace(receiver.card, url=url, onion=None)
        self.url = card.url
        self.receiver = receiver
        self._bearer = bearer
        self._link = Link(card, proxy=chosen_proxy(proxy))
        self._gate = gate

    @property
    def stopped(self) -> bool:
        """Whether somebody ended the run."""
        return self._gate is not None and self._gate.stopped

    def open(self) -> bool:
        """Waits while the gate is paused; whether to go on."""
        return self._gate is None or self._gate.open(self._link)

    def rest(self, seconds: float) -> None:
        """Waits, unless the run is ended."""
        if self._gate is None:
            threading.Event().wait(seconds)
        else:
            self._gate.rest(seconds)

    def ask(
        self,
        method: str,
        path: str,
        *statuses: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request and its whole answer, which must have one of these statuses.

        Raises what a link raises, the problem that the answer is, and E_DESK_UNKNOWN.
        """
        answer = self._link.request(method, path, headers={**(headers or {}), **self._authorised()}, body=body)
        return answer if answer.status in statuses else refuse(answer)

    def read(self, path: str, headers: Mapping[str, str]) -> AbstractContextManager[Stream]:
        """The answer to a GET, whose body is read inside the `with`. Raises what a link raises."""
        return self._link.stream("GET", path, headers={**headers, **self._authorised()})

    def _authorised(self) -> dict[str, str]:
        return {"Authorization": network.bearer(bytes(self._bearer))}

    def close(self) -> None:
        """Hang up."""
        if self._gate is not None:
            self._gate.leave(self._link)
        self._link.close()


def refuse(answer: Answer) -> Answer:
    """Raises the problem that an answer is; E_DESK_UNKNOWN where the receiver does not know the bearer."""
    if answer.status == network.STATUS["E_TOKEN_UNKNOWN"]:
        raise Problem("E_DESK_UNKNOWN")
    raise answer.problem
