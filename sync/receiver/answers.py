"""Answers: a problem becomes a status, its code in a header and one plain sentence (docs/spec/protocol.md §10.3).

Rule: an answer that is a problem names its code and nothing of the peer, the store or the machine; a log line has a
code and at most the name of an upload or volume, never an address, a token or a header.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import Problem
from sync import network

LOG: Final = logging.getLogger("svidok.receiver")
_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_SAID_AS: Final = {
    "E_DISK_FULL": "E_RECEIVER_FULL",
    "E_RECEIVER_BACKEND": "E_RECEIVER_BUSY",
}
"""What the receiver calls its own trouble, as the sender should see it."""
_RETRY_AFTER: Final = {503: "5", 423: "1", 507: "600"}


class Refused(Exception):
    """A problem with a status of its own, or with headers that belong to the answer."""

    def __init__(self, problem: Problem, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(problem.code)


def bad_request(where: str, status: int = 400) -> Refused:
    """E_HTTP_REQUEST: this part of the request is not as it must be."""
    return Refused(Problem("E_HTTP_REQUEST", where=where), status)


def at_offset(problem: Problem, offset: int) -> Refused:
    """A problem that tells the sender where to go on."""
    return Refused(problem, headers={"Upload-Offset": str(offset)})


def answer(
    status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", kind: str | None = None
) -> Response:
    """Any answer: never cached."""
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, kind)


def refusal(problem: Problem, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a problem; one that is the receiver's own affair becomes E_RECEIVER_…"""
    code = _SAID_AS.get(problem.code, problem.code)
    if code not in network.STATUS:
        shown = Problem("E_RECEIVER_FAULT", where=problem.code)
    else:
        shown = problem if code == problem.code else Problem(code)
    number = status or network.STATUS[shown.code]
    extra = {network.CODE_HEADER: shown.code, "Tus-Resumable": network.TUS, **(headers or {})}
    if number in _RETRY_AFTER:
        extra["Retry-After"] = _RETRY_AFTER[number]
    if number == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if number == 412:
        extra["Tus-Version"] = network.TUS
    return answer(number, extra, (shown.what + "\n").encode(), "text/plain; charset=utf-8")


def note(problem: Problem, name: str = "-") -> None:
    """One line of the log: code, which upload or volume, and for a fault what failed."""
    known = problem.code in network.STATUS or problem.code.startswith("E_NET_")
    serious = not known or problem.code in ("E_RECEIVER_FULL", "E_RECEIVER_FAULT")
    where = problem.facts.get("where", "-") if problem.code == "E_RECEIVER_FAULT" else "-"
    LOG.log(logging.ERROR if serious else logging.INFO, "%s %s %s", problem.code, name, where)


def number(request: Request, name: str) -> int:
    """A header that is a whole number. Raises Refused (400)."""
    text = request.headers.get(name, "")
    if not _DIGITS.fullmatch(text):
        raise bad_request(name)
    return int(text)


def encoded_r1(r1: bytes) -> str:
    """A receipt as the header `Svidok-R1` carries it."""
    return base64.b64encode(r1).decode()


def http_date(seconds: int) -> str:
    """A moment as headers write it (RFC 9110 §5.6.7)."""
    return formatdate(seconds, usegmt=True)
