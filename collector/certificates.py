"""Certificates by which a device knows a receiver (docs/spec/protocol.md §10.1): self-signed, each with its own key.

Rule: such a certificate is worth what a card says of it; nobody's signature and no name in it is ever trusted. Beside
`collector.crypto` the only import of cryptography, and of its X.509 alone.
"""

from __future__ import annotations

import datetime
import ipaddress
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.problems import Problem

_COMMON_NAME: Final = 64
_SLACK: Final = datetime.timedelta(days=1)
"""A certificate begins a day before it is made: clocks of laptops are late."""


def make(host: str, made: int, lives: int) -> bytes:
    """A new key and its certificate for a host (name or address), as PEM: the key (PKCS #8, not encrypted) comes first.

    `made`: seconds since 1970; `lives`: seconds. Raises E_RECEIVER_URL for a host that no certificate can name.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    begins = datetime.datetime.fromtimestamp(made, datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]) if len(host) <= _COMMON_NAME else x509.Name([])
    try:
        alternative = x509.SubjectAlternativeName([_general_name(host)])
    except ValueError:
        raise Problem("E_RECEIVER_URL", url=host) from None
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - _SLACK)
        .not_valid_after(begins + datetime.timedelta(seconds=lives))
        .add_extension(alternative, critical=not list(name))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def der(pem: bytes) -> bytes:
    """The certificate of a PEM file in DER. Raises E_FORMAT."""
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    except ValueError:
        raise Problem("E_FORMAT", where="certificate") from None


def validity(certificate: bytes) -> tuple[int, int]:
    """First and last second since 1970 in which a certificate (DER) is valid. Raises E_FORMAT."""
    try:
        found = x509.load_der_x509_certificate(certificate)
    except ValueError:
        raise Problem("E_FORMAT", where="certificate") from None
    return int(found.not_valid_before_utc.timestamp()), int(found.not_valid_after_utc.timestamp())


def made(certificate: bytes) -> int:
    """When a certificate (DER) of `make` was made, in seconds since 1970. Raises E_FORMAT."""
    return validity(certificate)[0] + int(_SLACK.total_seconds())


def names(certificate: bytes) -> tuple[str, str]:
    """For whom a certificate (DER) says that it is, and who it says issued it. Nothing of it is believed; either may be
    empty. Raises E_FORMAT.
    """
    try:
        found = x509.load_der_x509_certificate(certificate)
        subject, issuer = (
            next((str(item.value) for item in name.get_attributes_for_oid(NameOID.COMMON_NAME)), "")
            for name in (found.subject, found.issuer)
        )
    except ValueError:
        raise Problem("E_FORMAT", where="certificate") from None
    return subject, issuer
