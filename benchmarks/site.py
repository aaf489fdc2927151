"""A receiver as its own processes, founded and started by the commands that an operator types, and an office beside it.

Everything listens on loopback, or where the caller says, and ends with the `with`.
"""

from __future__ import annotations

import dataclasses
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from collector import crypto, packs
from collector.crypto import Secret
from schemas.records.mission import ReceiverCard, Role, Roles, Root
from schemas.records.network import TokenList
from sync import cards, network, tokenfile

SVIDOK = (sys.executable, "-c", "import sys; sys.argv[0] = 'svidok'; from tui.cli import main; main()")
QUOTA = 4 << 30
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Site:
    """A receiver's home and card, upload tokens that it accepts, and the office's bearer."""

    home: Path
    card: ReceiverCard
    listen: str
    tokens: list[bytes]
    bearer: bytes


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def svidok(*words: str, under: Sequence[str] = ()) -> None:
    """One command, to its end. Raises CalledProcessError with what it said."""
    done = subprocess.run([*under, *SVIDOK, *words], capture_output=True, text=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)


def token_list(tokens: Sequence[bytes], bearer: bytes, r1_key: bytes) -> tuple[bytes, str]:
    """The file of an office that is founded for it, for the receiver of this key, and the fingerprint of its root."""
    publics, secrets = {}, {}
    for name in ("root", "mission", "receipt"):
        with Secret.random() as seed:
            publics[name], secrets[name] = crypto.sign_keypair(seed)
    roles = Roles(**{name: Role(kids=(crypto.kid(public),), threshold=1) for name, public in publics.items()})
    pairs = tuple(sorted((crypto.kid(public), public) for public in publics.values()))
    root = Root(org="Benchmark", keys=pairs, roles=roles)
    now = int(time.time())
    listing = TokenList(
        issued=now,
        desks=((crypto.kid(r1_key), network.token_hash(bearer)),),
        tokens=tuple(sorted(network.token_hash(token) for token in tokens)),
        quota=QUOTA,
        expires=now + _DAY,
    )
    data = tokenfile.write(packs.sign_root(root, [secrets["root"]]), listing, [secrets["mission"]])
    return data, tokenfile.root_fingerprint(root)


def made(folder: Path, listen: str) -> Site:
    """A receiver's home in `folder`/receiver, its card in `folder`/receiver.card; it accepts nothing yet."""
    home, card = folder / "receiver", folder / "receiver.card"
    svidok("receiver", "init", "--home", str(home), "--url", f"https://{listen}", "--out", str(card))
    return Site(home, cards.read_card(card.read_bytes()), listen, [], b"")


def founded(folder: Path, tokens: int, *, backend: Sequence[str] = ()) -> Site:
    """A receiver that accepts so many tokens. `backend`: `--store … --index …`."""
    site, listing = made(folder, f"127.0.0.1:{free_port()}"), folder / "tokens"
    given, bearer = [crypto.random_bytes(32) for _ in range(tokens)], crypto.random_bytes(32)
    data, fingerprint = token_list(given, bearer, site.card.r1_key)
    listing.write_bytes(data)
    svidok("receiver", "accept", str(listing), "--home", str(site.home), "--fingerprint", fingerprint, *backend)
    return dataclasses.replace(site, tokens=given, bearer=bearer)


@contextmanager
def serving(
    site: Site,
    *words: str,
    under: Sequence[str] = (),
    patience: float = 60.0,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[int]:
    """The receiver runs; its process id. `under`: words before the command; then nobody asks whether it is ready.
    `environment`: what it finds there besides.
    """
    command = [*under, *SVIDOK, "receiver", "serve", "--home", str(site.home), "--listen", site.listen, *words]
    with site.home.with_name("receiver.log").open("ab") as log:
        env = {**os.environ, **environment}
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=env)
    try:
        if not under:
            wait_until(lambda: healthy(site.listen), patience, process)
        yield process.pid
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks a process and those that it started to end, and after a while makes them."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(25)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(ready: object, patience: float, process: subprocess.Popen[bytes] | None = None) -> None:
    """Asks again and again. Raises TimeoutError, or RuntimeError when the process has ended."""
    if not callable(ready):
        raise TypeError("something to ask")
    until, pause = time.monotonic() + patience, threading.Event()
    while not ready():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before it was ready")
        if time.monotonic() > until:
            raise TimeoutError("not ready in time")
        pause.wait(0.05)


def unpinned() -> ssl.SSLContext:
    """TLS 1.3 to whoever answers: for load, never for trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def healthy(listen: str) -> bool:
    """Whether a receiver answers there."""
    connection = http.client.HTTPSConnection(listen, timeout=5, context=unpinned())
    try:
        connection.request("GET", network.HEALTH)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def tree(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            found += [int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text().split()]
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its present children have used."""
    ticks = 0
    for each in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mebibytes(pid: int) -> float:
    """What a process and its children have resident; what they share is counted once."""
    total = 0
    for each in tree(pid):
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total / 1024
