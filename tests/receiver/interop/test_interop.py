"""Clients that others wrote upload a volume: tuspy and tus-js-client, in one piece and in many, cut in the middle.

Both are installed by the ordinary package clients at the first run, into pytest's cache folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import network
from sync.volume import read_header
from tests.receiver.serving import Running, r1_of, running, token
from tests.receiver.volumes import make_volume

pytestmark = pytest.mark.xdist_group("interop")
"""In one process: each client is installed once, and by nobody else at the same time."""

TUSPY = "tuspy==1.1.0"
TUS_JS = "tus-js-client@4.3.1"
HERE = Path(__file__).parent


def missing(reason: str) -> None:
    """Says loudly that a client cannot be had; in CI that is a failure."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"MISSING CLIENT: {reason}")
    pytest.skip(f"MISSING CLIENT: {reason}")


def run(*command: object, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1", **more}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, timeout=240)


@pytest.fixture(scope="session")
def tuspy(pytestconfig: pytest.Config) -> list[object]:
    """The command that uploads by tuspy."""
    folder = pytestconfig.cache.mkdir("interop") / TUSPY.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        made = run(sys.executable, "-m", "venv", folder)
        done = run(python, "-m", "pip", "install", "--quiet", TUSPY) if made.returncode == 0 else made
        if done.returncode != 0:
            missing(f"{TUSPY} cannot be installed: {done.stderr.strip()[-200:]}")
        (folder / "ready").touch()
    return [python, HERE / "upload_by_tuspy.py"]


@pytest.fixture(scope="session")
def tus_js(pytestconfig: pytest.Config) -> list[object]:
    """The command that uploads by tus-js-client."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing("node and npm are not installed (Debian: nodejs, npm)")
    folder = pytestconfig.cache.mkdir("interop") / TUS_JS.replace("@", "-")
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = run("npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", TUS_JS)
        if done.returncode != 0:
            missing(f"{TUS_JS} cannot be installed: {done.stderr.strip()[-200:]}")
        (folder / "ready").touch()
    return ["node", HERE / "upload.mjs", folder]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), tokens=16) as started:
        yield started


class Line:
    """A line to the receiver whose first large transfers are reset after so many bytes."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._port, self._cuts = port, cuts
        self.made = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(16_384):
                target.sendall(data)
                passed += len(data)
                if outward and self._cuts and passed > self._cuts[0]:
                    self._cuts.pop(0)
                    self.made += 1
                    source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if outward:
            source.close()
            target.close()


numbers = iter(range(16))


@pytest.mark.parametrize("chunk", [0, 262_144])
@pytest.mark.parametrize("client", ["tuspy", "tus_js"])
@pytest.mark.parametrize("cuts", [[], [100_000, 400_000]], ids=["whole", "cut twice"])
def test_another_client_uploads_a_volume(
    receiver: Running, tmp_path: Path, request: pytest.FixtureRequest, client: str, chunk: int, cuts: list[int]
) -> None:
    command = request.getfixturevalue(client)
    number = next(numbers)
    volume = make_volume(5000 + number)
    file = tmp_path / "a.vol"
    file.write_bytes(volume)
    # In pieces of 256 KiB, no single connection of a client that opens a new one each time carries 400,000 bytes.
    line = Line(receiver.port, [min(cut, 200_000) for cut in cuts] if chunk else list(cuts))
    try:
        endpoint = f"https://127.0.0.1:{line.port}{network.UPLOADS}"
        done = run(*command, file, endpoint, network.bearer(token(number)), chunk)
    finally:
        line.close()
    assert done.returncode == 0, done.stderr
    assert line.made == len(cuts)
    assert r1_of(done.stdout.strip()).bid == read_header(volume).bid
