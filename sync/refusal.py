"""What a failure of sockets, TLS or HTTP means to a person (docs/spec/protocol.md §10.1).

Rule: reasons are words of the closed list in `schemas.problems.reasons`. What stands beside them are the names in a
stranger's certificate, which are shown as names, shortened, without anything that cannot be seen.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from typing import Final, Literal

from collector import certificates, crypto, files
from schemas.problems import Problem

Phase = Literal["reach", "proxy", "tls", "send", "answer"]

_NO_WAY: Final = {
    errno.ECONNREFUSED: "not-listening",
    errno.ENETUNREACH: "no-network",
    errno.ENETDOWN: "no-network",
    errno.EADDRNOTAVAIL: "no-network",
    errno.EHOSTUNREACH: "no-way",
    errno.ETIMEDOUT: "no-answer",
    errno.ECONNRESET: "refused",
}
_CUT: Final = {
    errno.ECONNRESET: "hung-up",
    errno.EPIPE: "hung-up",
    errno.ETIMEDOUT: "line-dead",
    errno.EHOSTUNREACH: "line-dead",
    errno.ENETUNREACH: "line-dead",
    errno.ENETDOWN: "line-dead",
}
_PLAIN: Final = frozenset(
    (
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
        "UNKNOWN_PROTOCOL",
        "RECORD_TOO_SMALL",
    )
)
"""What OpenSSL says when the first bytes of an answer are no TLS at all."""
_OLD: Final = frozenset(
    ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE")
)
_NOT_YET, _EXPIRED = 9, 10
_UNTIMELY: Final = {
    _NOT_YET: "not-valid-yet",
    _EXPIRED: "expired",
}
OTHER: Final = "certificate"
_LONGEST: Final = 60
_SOCKS_NO_WAY: Final = ("0x01", "0x03", "0x04", "0x05", "0x06")
"""Answers of a SOCKS proxy that works and cannot get to the receiver."""


def other_certificate(shown: bytes | None) -> dict[str, str]:
    """The facts that name a certificate that is not the receiver's, without believing it."""
    if not shown:
        return {"why": OTHER}
    try:
        subject, issuer = (files.shown_name(name)[:_LONGEST] if name else "?" for name in certificates.names(shown))
    except Problem:
        subject = issuer = "?"
    sha256 = crypto.sha256(shown).hex()[:32]
    return {"why": "other-certificate", "subject": subject, "issuer": issuer, "sha256": sha256}


def problem_of(error: BaseException, phase: Phase) -> Problem:
    """The problem that a foreign error is. The library wraps errors in its own; the innermost one is what happened."""
    causes = _causes(error)
    if phase == "tls":
        return _of_handshake(causes)
    if phase == "proxy":
        return Problem("E_NET_PROXY", why=_proxy_reason(causes))
    if phase == "reach":
        return _of_reaching(causes)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Problem("E_NET_SLOW")
    garbled = (http.client.BadStatusLine, http.client.LineTooLong, http.client.UnknownProtocol)
    if any(isinstance(c, garbled) and not isinstance(c, http.client.RemoteDisconnected) for c in causes):
        return Problem("E_NET_ANSWER", status="no-http")
    number = next((c.errno for c in reversed(causes) if isinstance(c, OSError) and c.errno in _CUT), None)
    return Problem("E_NET_CUT", why=_CUT[number] if number is not None else _CUT[errno.ECONNRESET])


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything beneath it, the outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [getattr(item, "socket_err", None), item.__cause__, item.__context__]
            waiting += [part for part in item.args if isinstance(part, BaseException)]
    return found


def _of_handshake(causes: list[BaseException]) -> Problem:
    refused = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if refused is not None:
        return Problem("E_PIN", why=_UNTIMELY.get(refused.verify_code, OTHER))
    reason = next((c.reason for c in causes if isinstance(c, ssl.SSLError) and c.reason), "")
    if reason in _PLAIN:
        return Problem("E_NET_PORTAL")
    if reason in _OLD:
        return Problem("E_PIN", why="old-tls")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Problem("E_NET_SLOW")
    if reason and not any(isinstance(c, ssl.SSLEOFError | ConnectionError) for c in causes):
        return Problem("E_PIN", why="no-tls")
    return Problem("E_NET_CUT", why="not-secure-yet")


def _of_reaching(causes: list[BaseException]) -> Problem:
    kinds = {type(cause).__name__ for cause in causes}
    if kinds & {"SOCKS5Error", "SOCKS5AuthError", "GeneralProxyError", "ProxyConnectionError"}:
        said = " ".join(str(cause) for cause in causes if type(cause).__name__ == "SOCKS5Error")
        if said[:4] in _SOCKS_NO_WAY:
            return Problem("E_NET_UNREACHABLE", why="proxy-no-way")
        return Problem("E_NET_PROXY", why=_proxy_reason(causes))
    if any(isinstance(cause, socket.gaierror | UnicodeError) for cause in causes):
        return Problem("E_NET_UNREACHABLE", why="no-such-name")
    number = next((c.errno for c in reversed(causes) if isinstance(c, OSError) and c.errno in _NO_WAY), None)
    return Problem("E_NET_UNREACHABLE", why=_NO_WAY[errno.ETIMEDOUT if number is None else number])


def _proxy_reason(causes: list[BaseException]) -> str:
    if any(type(cause).__name__ == "SOCKS5AuthError" or " 407 " in f"{cause} " for cause in causes):
        return "proxy-password"
    number = next((c.errno for c in reversed(causes) if isinstance(c, OSError) and c.errno in _NO_WAY), None)
    return _NO_WAY[number] if number is not None else "proxy-nonsense"
