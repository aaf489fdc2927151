"""Where a receiver and a proxy are, read from what people write (docs/spec/protocol.md §10.1).

Rule: an address is taken apart once, here, and whatever is not plainly one is refused before anything connects.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from schemas.problems import Problem

HTTPS_PORT: Final = 443
ENVIRONMENT: Final = "environment"
"""Instead of an address: the proxy that the variables of the environment name."""
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+", re.ASCII)
_PROXY_PORTS: Final = {"socks5h": 1080, "http": 8080}
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port of a receiver, and the path that stands before all of its own."""

    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address in an https URL. Raises E_RECEIVER_URL."""
        parts = _split(url)
        prefix = "" if parts is None else parts.path.rstrip("/")
        plain = parts is not None and not (parts.query or parts.fragment or parts.username or parts.password)
        if parts is None or parts.scheme != "https" or not plain or not _PREFIX.fullmatch(prefix):
            raise Problem("E_RECEIVER_URL", url=url)
        return cls(str(parts.hostname), parts.port or HTTPS_PORT, prefix)

    @classmethod
    def onion(cls, name: str) -> Address:
        """The address in an onion name, with `:port` where it is not 443. Raises E_RECEIVER_URL."""
        found = cls.parse(name if "//" in name else f"https://{name}")
        if not found.host.endswith(".onion"):
            raise Problem("E_RECEIVER_URL", url=name)
        return found

    @property
    def shown(self) -> str:
        """The host as people name it, with its port where it is not 443."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"

    def path_of(self, location: str) -> str:
        """The path of a `Location`, as `Link.request` takes it: whoever wrote it, the host stays ours.

        Raises E_NET_ANSWER.
        """
        try:
            parts = urlsplit(location)
        except ValueError:
            raise Problem("E_NET_ANSWER", status="location") from None
        path = parts.path.removeprefix(self.prefix)
        if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", path, re.ASCII) or len(path) > 1024:
            raise Problem("E_NET_ANSWER", status="location")
        return path


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: SOCKS 5 that resolves names itself, as Tor does, or HTTP with CONNECT."""

    socks: bool
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """The proxy in `socks5h://[user:password@]host[:port]` or `http://…`. Raises E_PROXY_URL.

        Other kinds of SOCKS would ask the local network for the name of the receiver, so they are refused.
        """
        parts = _split(url)
        if parts is None or parts.scheme not in _PROXY_PORTS or parts.path.strip("/") or parts.query or parts.fragment:
            raise Problem("E_PROXY_URL")
        user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        port = parts.port or _PROXY_PORTS[parts.scheme]
        return cls(parts.scheme == "socks5h", str(parts.hostname), port, user, password)


def _split(url: str) -> SplitResult | None:
    # urlsplit drops line ends and tabs without a word.
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        named = parts.hostname is not None and parts.port != 0 and _HOST.fullmatch(parts.hostname) is not None
    except ValueError:
        return None
    return parts if named else None


def shown_proxy(proxy: str | None) -> str | None:
    """A chosen proxy as it may be shown: without its password."""
    parts = _split(proxy) if proxy else None
    if proxy is None or parts is None or parts.password is None:
        return proxy
    return proxy.replace(f":{parts.password}@", ":…@", 1)


def chosen_proxy(proxy: str | None) -> str | None:
    """What a person chose, with `environment` looked up: `all_proxy`, then `https_proxy`. Raises E_PROXY_URL."""
    if proxy != ENVIRONMENT:
        if proxy:
            Proxy.parse(proxy)
        return proxy or None
    for name in ("all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"):
        if os.environ.get(name):
            return chosen_proxy(os.environ[name])
    return None
