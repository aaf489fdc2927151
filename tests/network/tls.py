"""Certificates of every kind, and small servers behind them: what a receiver, a portal or a listener would show."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collector import crypto
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard


def refused(code: str, call: Callable[..., object], *args: object, **more: object) -> Problem:
    """The problem in which a call ends; it must have this code."""
    with pytest.raises(Problem) as caught:
        call(*args, **more)
    assert caught.value.code == code, f"{caught.value} instead of {code}"
    return caught.value


R1_SEED = b"\x51" * 32
R1_PUBLIC, R1_SECRET = crypto.sign_keypair(crypto.Secret(R1_SEED))


@dataclass(frozen=True)
class Identity:
    """A certificate and its key: DER, and a PEM file with both."""

    der: bytes
    pem: Path
    key: ec.EllipticCurvePrivateKey


def identity(
    folder: Path, name: str = "receiver.test", *, days: tuple[int, int] = (-1, 365), issuer: Identity | None = None
) -> Identity:
    """A self-signed leaf (or one signed by `issuer`), valid from day to day, counted from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else x509.load_der_x509_certificate(issuer.der).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None and name == "ca", path_length=None), critical=True)
    )
    cert = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    pem = folder / f"{crypto.random_bytes(6).hex()}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + cert.public_bytes(serialization.Encoding.PEM))
    return Identity(cert.public_bytes(serialization.Encoding.DER), pem, key)


def card_for(port: int, *identities: Identity, onion: str | None = None, r1: bytes = R1_PUBLIC) -> ReceiverCard:
    """The card of a receiver on this machine."""
    certs = tuple(each.der for each in identities)
    return ReceiverCard(url=f"https://127.0.0.1:{port}", onion=onion, certs=certs, r1_key=r1)


def server_context(shown: Identity, *, only_old: bool = False) -> ssl.SSLContext:
    """What a server needs to show an identity."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.pem)
    if only_old:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


class Server:
    """Accepts connections on loopback and gives each to `serve` in a thread of its own; closes all at the end."""

    def __init__(self, serve: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._serve, self._context = serve, context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.connections = 0
        self.handshakes = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listening.accept()
                self.connections += 1
                thread = threading.Thread(target=self._one, args=(accepted,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _one(self, accepted: socket.socket) -> None:
        held = accepted
        self._open.append(held)
        try:
            if self._context is not None:
                accepted.settimeout(20)
                held = self._context.wrap_socket(accepted, server_side=True)
                self._open.append(held)
                self.handshakes += 1
            held.settimeout(20)
            self._serve(held)
        except (OSError, ValueError):
            pass
        finally:
            held.close()

    def close(self) -> None:
        """Stops listening and hangs up everywhere."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for held in list(self._open):
            with contextlib.suppress(OSError, ValueError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        for held in list(self._open):
            held.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_request(held: socket.socket) -> tuple[bytes, bytes] | None:
    """One request: head and body by its Content-Length; None when the other end is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = held.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        part = held.recv(65536)
        if not part:
            return None
        body += part
    return head, body


def answering(*answers: bytes, seen: list[tuple[bytes, bytes]] | None = None) -> Callable[[socket.socket], None]:
    """Serves each request of a connection with the next answer, the last one for good."""

    def serve(held: socket.socket) -> None:
        place = 0
        while (request := read_request(held)) is not None:
            if seen is not None:
                seen.append(request)
            held.sendall(answers[min(place, len(answers) - 1)])
            place += 1

    return serve


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an HTTP answer."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
