"""A real PostgreSQL and a real Ceph for tests, started once, and stopped whatever becomes of the tests.

PostgreSQL runs as an ordinary user on a Unix socket in a private folder, with fsync on; Ceph on loopback through the
tool beside the project. A second process of bash holds the end of a pipe: when the tests end, also by SIGKILL, it stops
both. Ports are fixed, so one run at a time has them; others wait.
"""

from __future__ import annotations

import fcntl
import glob
import itertools
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.conftest import shared_path

ENDPOINT = "http://127.0.0.1:17480"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "testsecret",
    "AWS_ENDPOINT_URL": ENDPOINT,
    "AWS_REGION": "us-east-1",
}
BUCKET = "svidok-tests"
_CEPH = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "uuidgen", "curl")


def needed(program: str) -> str:
    """The path of a program; without it the test is skipped, loudly, and under CI=true failed."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is not None:
        return path
    reason = f"MISSING PROGRAM: {program} (tools/system-packages brings it on Debian as root)"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Postgres:
    """One server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bin = _postgres_folder()
        self._user = _ordinary_user()
        self._numbers = itertools.count(1)

    def command(self, *arguments: str) -> list[str]:
        """A command of PostgreSQL as the ordinary user."""
        program = [str(self._bin / arguments[0]), *arguments[1:]]
        return ["runuser", "-u", self._user, "--", *program] if self._user else program

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(self.command(*arguments), cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def make(self) -> None:
        """A new, empty server."""
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run(
            "initdb", "-D", f"{self.folder}/data", "-U", "svidok", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=on -c max_connections=80"
            " -c shared_buffers=16MB -c log_min_messages=fatal"
        )
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-s", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops it; `immediate` is a crash."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-s", "-m", mode, "stop")

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://svidok@/{database}?host={self.folder}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"t{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


class Cloud:
    """PostgreSQL and Ceph."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self._numbers = itertools.count(1)

    def urls(self) -> tuple[str, str]:
        """Addresses of a store and an index that nobody has used."""
        return f"s3://{BUCKET}/t{next(self._numbers)}", self.postgres.database()


def _postgres_folder() -> Path:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    here = shutil.which("initdb") or (found[-1] if found else None)
    return Path(here or needed("initdb")).parent


def _ordinary_user() -> str:
    """Whom to run PostgreSQL as: it refuses root."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _make_bucket() -> None:
    import obstore
    from obstore.store import S3Store

    # With the bucket taken for a part of the host's name, the only part of the path is the name of a new bucket.
    maker = S3Store(
        "none",
        endpoint=ENDPOINT,
        access_key_id="test",
        secret_access_key="testsecret",
        region="us-east-1",
        virtual_hosted_style_request=True,
        client_options={"allow_http": True},
    )
    with suppress(obstore.exceptions.GenericError):  # it is made; the client misses a header of objects in the answer
        obstore.put(maker, BUCKET, b"", use_multipart=False)


@contextmanager
def started() -> Iterator[Cloud]:
    """PostgreSQL and Ceph, and the credentials in the environment, as long as the `with` lasts."""
    tool = shared_path("tools", "ceph-s3.sh")
    for program in _CEPH:
        needed(program)
    _postgres_folder()
    folder = Path(tempfile.mkdtemp(prefix="svidok-cloud-", dir="/tmp"))
    folder.chmod(0o711)
    (folder / "postgres").mkdir(mode=0o700)
    postgres = Postgres(folder / "postgres")
    with open("/tmp/svidok-cloud-tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ceph = shlex.join(["bash", str(tool), "down", str(folder / "ceph")])
        stop = shlex.join(
            postgres.command("pg_ctl", "-D", str(folder / "postgres" / "data"), "-m", "immediate", "stop")
        )
        # It has the lock too, and gives it back after everything has stopped.
        ends = f"cat >/dev/null; cd /; {stop}; pids=$(cat {folder}/ceph/run/*.pid); {ceph}; "
        # Nothing in it is worth a slow goodbye.
        ends += f"kill -9 $pids; for p in $pids; do tail -s 0.1 --pid=$p -f /dev/null; done; rm -rf {folder}"
        watcher = subprocess.Popen(
            ["bash", "-c", ends],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )
    assert watcher.stdin is not None
    try:
        postgres.make()
        done = subprocess.run(
            ["bash", str(tool), "up", str(folder / "ceph")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        _make_bucket()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in CREDENTIALS.items():
                patch.setenv(name, value)
            yield Cloud(postgres)
    finally:
        watcher.stdin.close()
        watcher.wait()


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """Both for all tests of this process; they belong into the group "cloud" of xdist."""
    with started() as both:
        yield both
