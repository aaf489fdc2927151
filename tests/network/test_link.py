"""The link: whom it believes, what it sends before it does, and what it calls everything that goes wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.database import Database
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import network
from sync.address import Address, Proxy, shown_proxy
from sync.link import BAD_RECORD, Link
from sync.pace import Limit, Times
from sync.settings import SendSettings, load, save
from tests.network.tls import Identity, Server, answer, answering, card_for, identity, refused, server_context

QUICK = Times(connect=5, idle=5, answer=5)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("next"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("foreign"), "login.hotel.test")


LINKS: list[Link] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while LINKS:
        LINKS.pop().close()


def link_by(card: ReceiverCard, times: Times = QUICK) -> Link:
    LINKS.append(Link(card, timeout=times))
    return LINKS[-1]


def link_to(server: Server, *identities: Identity) -> Link:
    return link_by(card_for(server.port, *identities))


def test_a_request_and_its_answer_say_nothing_of_the_program(ours: Identity) -> None:
    seen: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200, b"held", Svidok_R1="x"), seen=seen), server_context(ours)) as server:
        link = link_to(server, ours)
        got = link.request("POST", "/v1/up", headers={"Tus-Resumable": "1.0.0"}, body=b"lead")
        again = link.request("HEAD", "/v1/up/1")
        link.close()
    assert (got.status, got.body, got.headers["svidok-r1"]) == (200, b"held", "x")
    assert again.status == 200
    assert server.connections == 1
    head, body = seen[0]
    assert body == b"lead"
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {b"host", b"content-length", b"tus-resumable"}


def test_the_next_certificate_serves_too(ours: Identity, following: Identity) -> None:
    with Server(answering(answer(204)), server_context(following)) as server:
        assert link_to(server, ours, following).request("GET", "/healthz").status == 204


def test_attack_42_another_certificate_is_refused_before_a_byte_is_sent(ours: Identity, foreign: Identity) -> None:
    seen: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=seen), server_context(foreign)) as server:
        problem = refused("E_PIN", link_to(server, ours).request, "POST", "/v1/up", body=b"secret")
    assert not seen
    assert "one of “login.hotel.test”, issued by “login.hotel.test”, with the SHA-256 " in problem.what
    assert (problem.facts["why"], problem.facts["subject"]) == ("other-certificate", "login.hotel.test")


def test_attack_42_a_certificate_signed_by_ours_is_not_ours(tmp_path: Path, ours: Identity) -> None:
    child = identity(tmp_path, issuer=ours)
    seen: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=seen), server_context(child)) as server:
        refused("E_PIN", link_to(server, ours).request, "GET", "/healthz")
    assert not seen


def test_attack_42_a_certificate_of_a_trusted_authority_is_not_ours(tmp_path: Path) -> None:
    authority = identity(tmp_path, "ca")
    child = identity(tmp_path, issuer=authority)
    seen: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=seen), server_context(child)) as server:
        # Even where the authority itself stands on the card, only the very certificate counts.
        refused("E_PIN", link_to(server, authority).request, "GET", "/healthz")
    assert not seen


@pytest.mark.parametrize(("days", "word"), [((-30, -1), "expired"), ((1, 30), "not valid yet")])
def test_attack_42_a_certificate_out_of_its_time_is_refused(tmp_path: Path, days: tuple[int, int], word: str) -> None:
    untimely = identity(tmp_path, days=days)
    with Server(answering(answer(200)), server_context(untimely)) as server:
        assert word in refused("E_PIN", link_to(server, untimely).request, "GET", "/healthz").what


def test_attack_42_tls_1_2_is_refused(ours: Identity) -> None:
    with Server(answering(answer(200)), server_context(ours, only_old=True)) as server:
        assert "old version" in refused("E_PIN", link_to(server, ours).request, "GET", "/healthz").what


def test_attack_42_a_redirection_is_not_followed(ours: Identity) -> None:
    plain: list[tuple[bytes, bytes]] = []
    with Server(answering(answer(200), seen=plain)) as other:
        away = answer(302, Location=f"http://127.0.0.1:{other.port}/v1/up")
        with Server(answering(away), server_context(ours)) as server:
            refused("E_NET_REDIRECT", link_to(server, ours).request, "POST", "/v1/up", body=b"x")
    assert not plain


@pytest.mark.parametrize(
    "page", [answer(200, b"<html>log in</html>"), answer(302, Location="http://login.hotel.test/"), b"<html>"]
)
def test_a_plain_page_on_the_port_is_a_portal(ours: Identity, page: bytes) -> None:
    got: list[bytes] = []

    def serve(held: socket.socket) -> None:
        got.append(held.recv(65536))
        held.sendall(page)
        while part := held.recv(65536):
            got.append(part)

    with Server(serve) as server:
        refused("E_NET_PORTAL", link_to(server, ours).request, "POST", "/v1/up", body=b"testimony")
    assert b"testimony" not in b"".join(got)
    assert b"/v1/up" not in b"".join(got)


def test_nobody_listening_and_an_unknown_name_cannot_be_reached(ours: Identity) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    problem = refused("E_NET_UNREACHABLE", link_by(card_for(port, ours)).request, "GET", "/healthz")
    assert "nobody listens" in problem.what
    nowhere = ReceiverCard(url="https://receiver.invalid", certs=(ours.der,), r1_key=bytes(32))
    refused("E_NET_UNREACHABLE", link_by(nowhere).request, "GET", "/healthz")


def test_a_hang_up_is_a_cut_wherever_it_comes(ours: Identity) -> None:
    def at_once(held: socket.socket) -> None:
        held.close()

    def in_the_answer(held: socket.socket) -> None:
        held.recv(65536)
        held.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nhalf")

    with Server(at_once) as server:
        refused("E_NET_CUT", link_to(server, ours).request, "GET", "/healthz")
    for serve in (at_once, in_the_answer):
        with Server(serve, server_context(ours)) as server:
            refused("E_NET_CUT", link_to(server, ours).request, "GET", "/healthz")


def test_silence_and_dribbling_end(ours: Identity) -> None:
    end = threading.Event()

    def silent(held: socket.socket) -> None:
        held.recv(65536)
        end.wait(20)

    def dribbling(held: socket.socket) -> None:
        held.recv(65536)
        held.sendall(b"HTTP/1.1 200 x\r\n")
        while not end.wait(0.05):
            held.sendall(b"X-A: b\r\n"[:1])

    times = Times(connect=5, idle=1, answer=1)
    for serve in (silent, dribbling):
        with Server(serve, server_context(ours)) as server:
            link = link_by(card_for(server.port, ours), times)
            refused("E_NET_SLOW", link.request, "GET", "/healthz")
            end.set()
        end.clear()


@pytest.mark.parametrize("said", [b"220 mail ready\r\n\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_nonsense_is_named_as_such(ours: Identity, said: bytes) -> None:
    with Server(answering(said), server_context(ours)) as server:
        refused("E_NET_ANSWER", link_to(server, ours).request, "GET", "/healthz")


def test_an_answer_without_end_is_cut_off(ours: Identity) -> None:
    with Server(answering(answer(200, bytes(300_000))), server_context(ours)) as server:
        refused("E_NET_ANSWER", link_to(server, ours).request, "GET", "/x", most=100_000)


def test_problems_of_the_receiver_come_by_their_code(ours: Identity) -> None:
    said = answer(403, b"used", **{"Svidok_Code": "E_TOKEN_USED"})
    with Server(
        answering(said, answer(404, b"<html>"), answer(500, Svidok_Code="E_INTERNAL")), server_context(ours)
    ) as s:
        link = link_to(s, ours)
        for code in ("E_TOKEN_USED", "E_NET_ANSWER", "E_NET_ANSWER"):
            refused(code, link.request("GET", "/x").expect, 200)
        link.close()
    assert network.CODE_HEADER == "Svidok-Code"


def test_a_body_goes_in_records_and_its_bytes_are_told(ours: Identity) -> None:
    seen: list[tuple[bytes, bytes]] = []
    told: list[int] = []
    body = bytes(range(256)) * 40
    with Server(answering(answer(204), seen=seen), server_context(ours)) as server:
        link = link_to(server, ours)
        parts: Iterator[bytes] = iter([body[:5000], body[5000:]])
        link.request("PATCH", "/x", body=parts, length=len(body), record=BAD_RECORD, sent=told.append)
        link.close()
    assert seen[0][1] == body
    assert told == [4096, 904, 4096, 1144]


def test_who_answers_before_the_body_is_in_is_heard(ours: Identity) -> None:
    def impatient(held: socket.socket) -> None:
        held.recv(65536)
        held.sendall(answer(409, Svidok_Code="E_UPLOAD_OFFSET", Connection="close"))
        while held.recv(65536):
            continue

    with Server(impatient, server_context(ours)) as server:
        got = link_to(server, ours).request("PATCH", "/x", body=iter([bytes(65536)] * 4), length=4 * 65536)
    assert got.status == 409


def test_an_idle_connection_that_was_closed_is_no_cut(ours: Identity) -> None:
    def once(held: socket.socket) -> None:
        held.recv(65536)
        held.sendall(answer(200))

    with Server(once, server_context(ours)) as server:
        link = link_to(server, ours)
        assert [link.request("GET", "/x").status for _ in range(3)] == [200] * 3
    assert server.connections == 3


def test_a_range_is_streamed(ours: Identity) -> None:
    data = bytes(range(256)) * 1000
    with Server(answering(answer(206, data[1000:])), server_context(ours)) as server:
        link = link_to(server, ours)
        with link.stream("GET", "/x", headers={"Range": "bytes=1000-"}) as stream:
            assert stream.status == 206
            assert b"".join(stream.chunks()) == data[1000:]


def test_stopping_reaches_a_handshake_that_is_never_answered(ours: Identity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        link = link_by(card_for(mute.getsockname()[1], ours), Times(connect=3600, idle=3600, answer=3600))
        codes: list[str] = []

        def ask() -> None:
            with pytest.raises(Problem) as caught:
                link.request("GET", "/healthz")
            codes.append(caught.value.code)

        thread = threading.Thread(target=ask)
        thread.start()
        held, _ = mute.accept()
        with held:
            assert held.recv(5)
            link.stop()
            thread.join(60)
    assert codes == ["E_NET_CUT"]


def test_stop_ends_what_waits(ours: Identity) -> None:
    arrived = threading.Event()

    def silent(held: socket.socket) -> None:
        held.recv(65536)
        arrived.set()
        held.recv(65536)

    with Server(silent, server_context(ours)) as server:
        link = link_to(server, ours)

        def stop() -> None:
            arrived.wait(10)
            link.stop()

        stopper = threading.Thread(target=stop)
        stopper.start()
        refused("E_NET_CUT", link.request, "GET", "/x")
        refused("E_NET_CUT", link.request, "GET", "/x")
        stopper.join()


def test_the_limit_books_its_bytes() -> None:
    now = [100.0]
    limit = Limit(1000, clock=lambda: now[0])
    waits = [limit._wait(500) for _ in range(3)]
    assert waits == pytest.approx([0.0, 0.25, 0.75], abs=0.26)
    now[0] = 200.0
    assert limit._wait(500) == 0.0
    stopped = threading.Event()
    stopped.set()
    assert not limit.take(10_000_000, stopped)


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.test",
        "https://",
        "receiver.test",
        "https://a b",
        "https://u:p@h.test",
        "https://h.test/?q",
        "https://h.test:0",
        "https://h.test:99999",
        "https://h.test/\r\nX: y",
    ],
)
def test_other_addresses_of_receivers_are_refused(url: str) -> None:
    refused("E_RECEIVER_URL", Address.parse, url)


def test_addresses_are_taken_apart() -> None:
    assert Address.parse("https://receiver.test") == Address("receiver.test", 443)
    assert Address.parse("https://[::1]:8443/svidok/") == Address("::1", 8443, "/svidok")
    assert Address.onion("abc.onion:8443") == Address("abc.onion", 8443)
    refused("E_RECEIVER_URL", Address.onion, "receiver.test")
    here = Address.parse("https://receiver.test/svidok")
    for location in ("/v1/up/7", "/svidok/v1/up/7", "http://elsewhere.test/v1/up/7"):
        assert here.path_of(location) == "/v1/up/7"
    for location in ("", "7", "/v1/up/7\r\nX: y", "//", "/v1/up/é"):
        refused("E_NET_ANSWER", here.path_of, location)


def test_proxies_that_would_ask_the_network_for_names_are_refused() -> None:
    assert Proxy.parse("socks5h://127.0.0.1") == Proxy(True, "127.0.0.1", 1080)
    assert Proxy.parse("http://u:p%40@proxy.test:3128") == Proxy(False, "proxy.test", 3128, "u", "p@")
    for url in ("socks5://127.0.0.1:9050", "socks4a://127.0.0.1", "https://proxy.test", "127.0.0.1:9050", "http://p/x"):
        refused("E_PROXY_URL", Proxy.parse, url)


def test_a_password_of_a_proxy_is_not_shown() -> None:
    assert shown_proxy("http://u:p%40@proxy.test:3128") == "http://u:…@proxy.test:3128"
    assert shown_proxy("socks5h://127.0.0.1:9050") == "socks5h://127.0.0.1:9050"
    assert shown_proxy(None) is None
    assert SendSettings(proxy="http://u:secret@h:1").as_dict()["proxy"] == "http://u:…@h:1"


def test_a_password_of_a_proxy_is_kept_all_the_same(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    db = Database.open(tmp_path / "a.db", bytes(48), tables, create=True)
    save(db, SendSettings(proxy="http://u:secret@h:1"))
    assert load(db).proxy == "http://u:secret@h:1"
