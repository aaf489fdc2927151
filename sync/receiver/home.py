"""The home of a receiver: its certificates, the key that signs R1, its address, and what `local` keeps.

Rule: the home appears whole or not at all, and whatever a crash interrupts, no key is lost that a card names. The keys
are not encrypted: a server must start again without a person. They open nothing; whoever steals them can pretend to be
this receiver until the office replaces its card (docs/spec/protocol.md §10.1).

home/profile  home/lock                      receiver; held while it serves
home/receiver/current.pem  next.pem          key and certificate each, 0600
home/receiver/r1.key                         32-byte seed of the key that signs R1
home/receiver/url  onion                     how devices reach it
home/receiver/index.db  uploads/  volumes/   see `local`
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector import certificates, crypto, files, home
from collector.crypto import Secret
from schemas.problems import Problem
from schemas.records.mission import ReceiverCard
from sync import cards
from sync.address import Address

PROFILE: Final = "receiver"
_YEAR: Final = 365 * 86_400
_FIRST: Final = 5 * _YEAR
_NEXT: Final = 10 * _YEAR
_MAX_PEM: Final = 65_536
_MAX_URL: Final = 1024


@dataclass(frozen=True)
class ReceiverHome:
    """A home that was opened: where it is, the card that it gives out."""

    path: Path
    card: ReceiverCard

    @property
    def folder(self) -> Path:
        """Where keys, index and store lie."""
        return self.path / PROFILE

    @property
    def certificate(self) -> Path:
        """The PEM file (key and certificate) that is in use."""
        return self.folder / "current.pem"

    def card_file(self) -> bytes:
        """The bytes of the card for the office."""
        with self.seed() as seed:
            _, key = crypto.sign_keypair(seed)
        with key:
            return cards.write_card(self.card, key)

    def seed(self) -> Secret:
        """The 32 bytes that the key of R1 grows from. Raises E_FORMAT, E_NO_ACCESS, E_MEDIA_IO."""
        return _seed(self.folder)

    def ends(self) -> tuple[int, ...]:
        """When the current and the next certificate end, in seconds since 1970."""
        return tuple(certificates.validity(item)[1] for item in self.card.certs)

    def next_since(self) -> int | None:
        """Since when (seconds since 1970) the next certificate stands in the card, or None when it always did.

        The first card has both. Only a certificate that was a next one once lives for so long as the second.
        """
        begins, ends = certificates.validity(self.card.certs[0])
        if len(self.card.certs) < 2 or ends - begins < _NEXT:
            return None
        return certificates.made(self.card.certs[1])


def init(path: Path, url: str, onion: str | None, now: int) -> ReceiverHome:
    """Makes a home. Raises E_RECEIVER_URL, E_HOME_EXISTS, E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS; then there is none."""
    host = Address.parse(url).host
    if onion is not None:
        Address.onion(onion)
    current, following = (certificates.make(host, now, lives) for lives in (_FIRST, _NEXT))
    with home.building(path, PROFILE) as (place, lock):
        folder = place / PROFILE
        files.make_private_dir(folder)
        files.write_durably(folder / "current.pem", current)
        files.write_durably(folder / "next.pem", following)
        with Secret.random() as seed:
            files.write_durably(folder / "r1.key", seed)
        files.write_durably(folder / "url", f"{url}\n".encode())
        if onion is not None:
            files.write_durably(folder / "onion", f"{onion}\n".encode())
    lock.release()
    return open_home(path)


def open_home(path: Path) -> ReceiverHome:
    """Reads a home. Raises E_HOME_MISSING, E_HOME_PROFILE, E_FORMAT (something in it is damaged), E_NO_ACCESS."""
    home.require_profile(path, PROFILE)
    folder = path / PROFILE
    found = [certificates.der(files.read_limited(folder / name, _MAX_PEM)) for name in ("current.pem", "next.pem")]
    url = _text(folder / "url")
    onion = _text(folder / "onion") if (folder / "onion").exists() else None
    # Both are the same when a rotation was interrupted.
    certs = tuple(dict.fromkeys(found))
    with _seed(folder) as seed:
        public, secret = crypto.sign_keypair(seed)
    secret.wipe()
    return ReceiverHome(path, ReceiverCard(url=url, onion=onion, certs=certs, r1_key=public))


def _seed(folder: Path) -> Secret:
    seed = Secret(files.read_limited(folder / "r1.key", 32))
    if len(seed) != 32:
        raise Problem("E_FORMAT", where="r1.key")
    return seed


def _text(path: Path) -> str:
    try:
        return files.read_limited(path, _MAX_URL).decode().strip()
    except UnicodeDecodeError:
        raise Problem("E_FORMAT", where=path.name) from None


def rotate(path: Path, now: int, *, force: bool = False) -> ReceiverHome:
    """Takes the next certificate into use and makes another next one; an interrupted rotation is finished.

    A receiver that runs uses it after its next start. A receiver cannot know which devices have a pack with its newer
    card, so after the first rotation a person has to say that all of them do: `force`. Raises as `open_home`, and
    E_ROTATED, E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS.
    """
    standing = open_home(path)
    since = standing.next_since()
    if since is not None and not force:
        raise Problem("E_ROTATED", since=time.strftime("%Y-%m-%d", time.gmtime(since)))
    host = Address.parse(standing.card.url).host
    if len(standing.card.certs) == 2:
        files.write_durably(standing.certificate, files.read_limited(standing.folder / "next.pem", _MAX_PEM))
        files.checkpoint("rotate: current")
    files.write_durably(standing.folder / "next.pem", certificates.make(host, now, _NEXT))
    files.checkpoint("rotate: next")
    return open_home(path)
