"""The guides against reality: their commands run, their examples serve, or the report says what was missing."""

from __future__ import annotations

import configparser
import contextlib
import dataclasses
import os
import re
import resource
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from benchmarks.site import healthy, wait_until
from schemas.problems import Problem
from sync import network
from sync.link import Link
from sync.receiver import offices
from sync.receiver.home import open_home
from sync.upload import Upload, Volume
from sync.volume import InMemory, read_only_header
from tests.conftest import REPO
from tests.receiver.volumes import make_volume
from tests.receiver_kit import SVIDOK, Receiver, free_port, running_receiver, svidok

GUIDE = REPO / "docs/guides/receiver.md"
TEXT = GUIDE.read_text("utf-8")
STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
HOME = "/var/lib/svidok/receiver"
FINGERPRINT = re.compile(r'--fingerprint "[\d ]+"')


def blocks(kind: str) -> list[str]:
    """The guide's code blocks that are marked as this."""
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, loudly, and under CI=true failed."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is not None:
        return path
    reason = f"MISSING PROGRAM: {name} (Debian: apt-get install {package})"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


# ---- commands ----


def test_the_commands_of_an_operator_run_in_the_order_of_the_guide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with running_receiver(tmp_path, start=False) as office:
        fingerprint = offices.look(office.token_file([]).read_bytes()).fingerprint
    monkeypatch.setenv("SVIDOK_HOME", str(tmp_path / "receiver"))
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        line = FINGERPRINT.sub(f'--fingerprint "{fingerprint}"', line)
        if " accept " in line:
            own = open_home(tmp_path / "receiver").card.r1_key
            shutil.copy(office.token_file([b"t" * 32], r1_key=own), tmp_path / "tokens")
        if " serve " in line:
            serves(line, free_port())
        else:
            done = svidok(*shlex.split(line)[1:])
            assert "Traceback" not in done.stderr


def serves(line: str, port: int, **limits: object) -> None:
    """The command line, on a port of ours, answers and ends well."""
    words = shlex.split(re.sub(r"--listen \S+", f"--listen 127.0.0.1:{port}", line))[1:]
    process = subprocess.Popen([*SVIDOK, *words], stdout=subprocess.PIPE, text=True, **limits)
    try:
        assert f"127.0.0.1:{port}" in process.stdout.readline()
        wait_until(lambda: healthy(f"127.0.0.1:{port}"), 60)
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


# ---- systemd ----


def unit() -> str:
    (found,) = [block for block in blocks("ini") if block.startswith("[Unit]")]
    return found


def command_of(text: str) -> str:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return parser["Service"]["ExecStart"]


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path):
    analyze = program("systemd-analyze", "systemd")
    path = tmp_path / "svidok-receiver.service"
    path.write_text(unit().replace("/opt/svidok/bin/svidok", shutil.which("true")))
    done = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if path.name in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_unit_leaves_little_open(tmp_path):
    analyze = program("systemd-analyze", "systemd")
    path = tmp_path / "svidok-receiver.service"
    path.write_text(unit())
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_the_command_of_the_unit_serves_under_its_limits(tmp_path):
    receiver = tmp_path / "receiver"
    svidok("receiver", "init", "--home", receiver, "--url", "https://127.0.0.1:7443", "--out", tmp_path / "card")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.umask(0o077)

    assert "LimitNOFILE=4096" in unit()
    serves(command_of(unit()).replace(HOME, str(receiver)), free_port(), preexec_fn=limit)


def test_the_unit_for_many_machines_names_options_that_exist():
    (drop_in,) = [block for block in blocks("ini") if block.startswith("[Service]")]
    words = shlex.split(command_of(drop_in))
    shown = svidok("receiver", "serve", "--help").stdout
    assert all(word in shown for word in words if word.startswith("--"))


# ---- nginx ----


@contextlib.contextmanager
def nginx(folder: Path, configuration: str, port: int):
    """nginx with this part of a configuration, until the end of the `with`."""
    found = program("nginx", "nginx-light")
    loaded = ""
    if "stream {" in configuration:
        if not STREAM.exists():
            program("ngx_stream_module", "libnginx-mod-stream")
        loaded = f"load_module {STREAM};\n"
    folder.mkdir()
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    if "stream {" not in configuration:
        configuration = f"http {{\n{temporary}{configuration}}}\n"
    path = folder / "nginx.conf"
    path.write_text(
        f"{loaded}daemon off;\nmaster_process off;\npid {folder}/pid;\nevents {{}}\n{configuration}", "utf-8"
    )
    command = [found, "-p", str(folder), "-e", str(folder / "log"), "-c", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: reachable(port), 30, process)
        yield
    finally:
        process.terminate()
        process.wait(30)


def reachable(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def arrives(receiver: Receiver, port: int, folder: Path) -> None:
    """A volume goes to the receiver through another port of loopback, and its receipt comes back."""
    data = make_volume(7)
    path = folder / "volume"
    path.write_bytes(data)
    header = read_only_header(InMemory(data))
    volume = Volume(header.bid, 0, 0, header.bundle_root, header.shard_root, path, len(data))
    (token,) = receiver.give(1)
    card = dataclasses.replace(receiver.card, url=f"https://127.0.0.1:{port}")
    with Link(card) as link:
        assert Upload(link, volume, token, card.r1_key).run()
        assert link.request("GET", network.HEALTH).body == b"ok\n"


def nginx_block(beginning: str) -> str:
    (found,) = [block for block in blocks("nginx") if block.startswith(beginning)]
    return found


def test_volumes_arrive_through_nginx_that_passes_tls_through(tmp_path):
    with running_receiver(tmp_path) as receiver:
        port = free_port()
        text = nginx_block("stream {").replace("listen 443", f"listen 127.0.0.1:{port}")
        text = text.replace("127.0.0.1:7443", receiver.address)
        with nginx(tmp_path / "nginx", text, port):
            arrives(receiver, port, tmp_path)


def test_volumes_arrive_through_nginx_that_ends_tls_with_the_receivers_certificate(tmp_path):
    with running_receiver(tmp_path, "--plain") as receiver:
        port = free_port()
        text = nginx_block("server {").replace("listen 443", f"listen 127.0.0.1:{port}")
        text = text.replace("127.0.0.1:7080", receiver.address).replace(HOME, str(receiver.home))
        with nginx(tmp_path / "nginx", text, port):
            arrives(receiver, port, tmp_path)


def test_another_certificate_at_nginx_is_refused(tmp_path):
    with running_receiver(tmp_path, "--plain") as receiver:
        port, other = free_port(), tmp_path / "other"
        svidok("receiver", "init", "--home", other, "--url", receiver.url, "--out", tmp_path / "other.card")
        text = nginx_block("server {").replace("listen 443", f"listen 127.0.0.1:{port}")
        text = text.replace("127.0.0.1:7080", receiver.address).replace(HOME, str(other))
        with nginx(tmp_path / "nginx", text, port), pytest.raises(Problem) as raised:
            arrives(receiver, port, tmp_path)
        assert raised.value.code == "E_PIN"


# ---- tor ----


def test_tor_takes_the_configuration(tmp_path):
    tor = program("tor", "tor")
    (text,) = blocks("torrc")
    (tmp_path / "data").mkdir(mode=0o700)
    path = tmp_path / "torrc"
    path.write_text(f"DataDirectory {tmp_path}/data\n" + text.replace("/var/lib/tor", f"{tmp_path}/data"))
    done = subprocess.run([tor, "--verify-config", "-f", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "Configuration was valid" in done.stdout
