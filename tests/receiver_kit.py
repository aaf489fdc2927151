"""A real receiver for tests: its own home, its own process (`svidok receiver serve`), TLS on a free port of loopback.

with running_receiver(tmp_path) as receiver:
    tokens = receiver.give(8)             upload tokens that it accepts; receiver.desk_bearer is the desk's
    receiver.url, receiver.card, receiver.card_path, receiver.home
    receiver.kill(); receiver.restart(); receiver.stop()
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collector import crypto
from schemas.records.mission import ReceiverCard
from schemas.records.network import TokenList
from sync import cards, network, tokenfile
from tests.helpers.mission import Office

PATIENCE = 60.0
YEAR = 365 * 86_400
QUOTA = 1 << 30
SVIDOK = (sys.executable, "-c", "from tui.cli import main; main()")


def svidok(*arguments: object, check: bool = True, patience: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end."""
    command = [*SVIDOK, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, stdin=subprocess.DEVNULL)
    if check:
        assert done.returncode == 0, f"svidok {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
    return done


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """One receiver: made by `init`, started by `start`. `options`: more arguments of `serve`."""

    def __init__(
        self, folder: Path, options: Sequence[object] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.home = folder / "receiver"
        self.card_path = folder / "receiver.card"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"https://{self.address}"
        self.office = Office()
        self.desk_bearer = crypto.random_bytes(32)
        self._options = [str(option) for option in options]
        self._backend = _only(self._options, "--store", "--index")
        self._environment = {**os.environ, **(environment or {})}
        self._tokens: list[bytes] = []
        self._issued = int(time.time())
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = folder / "receiver.log"
        svidok("receiver", "init", "--home", self.home, "--url", self.url, "--out", self.card_path)

    @property
    def card(self) -> ReceiverCard:
        """What the office would put into a pack."""
        return cards.read_card(self.card_path.read_bytes())

    @property
    def log(self) -> str:
        """What it has written to standard error so far."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        """The process that was started (with several workers: their parent)."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    # ---- tokens ----

    def give(self, count: int, *, quota: int = QUOTA, expires: int | None = None) -> list[bytes]:
        """So many new upload tokens, which the receiver accepts from now on, beside those given before."""
        made = [crypto.random_bytes(32) for _ in range(count)]
        self._tokens += made
        self.accept(self.token_file(self._tokens, quota=quota, expires=expires))
        return made

    def token_file(
        self, tokens: Sequence[bytes], *, quota: int = QUOTA, expires: int | None = None, r1_key: bytes | None = None
    ) -> Path:
        """A list of exactly these tokens, signed by `office`, for this receiver or the one with this key."""
        self._issued += 1
        listing = TokenList(
            issued=self._issued,
            desks=((crypto.kid(r1_key or self.card.r1_key), network.token_hash(self.desk_bearer)),),
            tokens=tuple(sorted(network.token_hash(token) for token in tokens)),
            quota=quota,
            expires=int(time.time()) + YEAR if expires is None else expires,
        )
        path = self.folder / "tokens"
        path.write_bytes(tokenfile.write(self.office.signed_root, listing, self.office.mission_keys))
        return path

    def accept(self, path: Path) -> None:
        """Hands a list of tokens to the receiver, as its operator would; also while it runs."""
        svidok("receiver", "accept", path, "--home", self.home, *self._backend)

    # ---- the process ----

    def start(self) -> None:
        """Starts it, and waits until it says where it listens."""
        assert not self.running
        command = [*SVIDOK, "receiver", "serve", "--home", str(self.home), "--listen", self.address, *self._options]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=self._environment
            )
        line = self._first_line(self._process)
        if self.address not in line:
            self.kill()
            raise AssertionError(f"the receiver did not start: {line!r}\n{self.log}")

    def _first_line(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        return process.stdout.readline().decode() if ready else "nothing"

    def kill(self) -> None:
        """Ends it with SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Asks it to stop (SIGTERM) and waits; gives its exit code. Harmless when it does not run."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        with process:
            if process.poll() is None:
                process.send_signal(how)
            try:
                return process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"the receiver did not stop\n{self.log}") from None

    def serve_with(self, *options: object) -> None:
        """Stops it when it runs, and starts it with other arguments of `serve`."""
        self._options = [str(option) for option in options]
        self._backend = _only(self._options, "--store", "--index")
        self.restart()

    def restart(self) -> None:
        """Stops it when it runs, and starts it again at the same address."""
        self.stop()
        self.start()


def _only(options: Sequence[str], *names: str) -> list[str]:
    """Those options with their values."""
    pairs = itertools.pairwise(options)
    return [word for name, value in pairs if name in names for word in (name, value)]


@contextlib.contextmanager
def running_receiver(
    folder: Path, *options: object, start: bool = True, environment: Mapping[str, str] | None = None
) -> Iterator[Receiver]:
    """A receiver in a folder of its own below `folder`, stopped at the end."""
    place = folder / "kit"
    place.mkdir()
    receiver = Receiver(place, options, environment)
    try:
        if start:
            receiver.start()
        yield receiver
    finally:
        receiver.stop()
