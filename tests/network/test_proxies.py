"""The way through proxies: names are looked up at the far end; what a proxy says is not taken for the receiver."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sync.address import chosen_proxy
from sync.link import Link
from tests.network.devices import QUICK
from tests.network.proxies import Connect, Socks
from tests.network.scripted import Scripted
from tests.network.tls import refused


@pytest.fixture
def receiver(tmp_path: Path) -> Scripted:
    with Scripted(tmp_path) as running:
        yield running


def ask(receiver: Scripted, proxy: str, *, onion: str | None = None, url: str | None = None) -> int:
    card = dataclasses.replace(receiver.card, onion=onion, **({} if url is None else {"url": url}))
    with Link(card, proxy=proxy, timeout=QUICK) as link:
        return link.request("GET", "/v1/up/none").status


def test_a_socks_proxy_looks_the_name_up(receiver: Scripted) -> None:
    with Socks({"receiver.test:8443": receiver.port}) as proxy:
        assert ask(receiver, proxy.url, url="https://receiver.test:8443") == 404
        assert proxy.asked == [(3, "receiver.test:8443")]


def test_over_socks_the_onion_name_is_taken(receiver: Scripted) -> None:
    with Socks({"abcdef.onion:443": receiver.port}) as proxy:
        assert ask(receiver, proxy.url, onion="abcdef.onion") == 404
        assert proxy.asked == [(3, "abcdef.onion:443")]


def test_a_socks_proxy_with_a_password(receiver: Scripted) -> None:
    with Socks({"r.test:443": receiver.port}, (b"name", b"p:w")) as proxy:
        known = proxy.url.replace("//", "//name:p%3Aw@")
        assert ask(receiver, known, url="https://r.test") == 404
        for wrong in (proxy.url, known.replace("p%3Aw", "other")):
            problem = refused("E_NET_PROXY", ask, receiver, wrong, url="https://r.test")
            assert "other" not in problem.what


def test_a_socks_proxy_that_finds_no_way(receiver: Scripted) -> None:
    with Socks() as proxy:
        refused("E_NET_UNREACHABLE", ask, receiver, proxy.url)


def test_through_an_http_proxy(receiver: Scripted) -> None:
    with Connect() as proxy:
        assert ask(receiver, proxy.url.replace("//", "//u:p@"), onion="abcdef.onion") == 404
        head = proxy.asked[0].lower()
        assert head.startswith(f"connect 127.0.0.1:{receiver.port} ".encode())
        assert b"proxy-authorization: basic" in head
        assert b"user-agent" not in head


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"HTTP/1.1 407 no\r\n\r\n", "E_NET_PROXY"),
        (b"<html>\r\n", "E_NET_PROXY"),
        (b"\r\n", "E_NET_PROXY"),
        (b"HTTP/1.1 200 go\r\n\r\n", "E_NET_CUT"),
    ],
)
def test_an_http_proxy_that_does_not_let_us_through(receiver: Scripted, said: bytes, code: str) -> None:
    with Connect(said) as proxy:
        refused(code, ask, receiver, proxy.url)
    assert not receiver.asked


def test_no_proxy_at_the_address(receiver: Scripted) -> None:
    with Socks() as proxy:
        gone = proxy.url
    refused("E_NET_PROXY", ask, receiver, gone)
    refused("E_NET_PROXY", ask, receiver, gone.replace("socks5h", "http"))


def test_a_proxy_of_the_environment_is_used_only_when_asked_for(
    receiver: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Link(receiver.card, timeout=QUICK) as link:
        assert link.request("GET", "/v1/up/none").status == 404
    assert chosen_proxy(None) is None
    assert chosen_proxy("environment") == "http://127.0.0.1:1"
    monkeypatch.setenv("all_proxy", "ftp://x")
    refused("E_PROXY_URL", chosen_proxy, "environment")
