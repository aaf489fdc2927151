"""nginx with WebDAV over TLS 1.3 on loopback: what an upload is compared with."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.site import free_port, stop, wait_until
from collector import certificates

NEEDED = ("nginx", "curl")
_CONFIGURATION = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate {folder}/site.pem;
        ssl_certificate_key {folder}/site.pem;
        root {folder}/files;
        dav_methods PUT;
    }}
}}
"""


def lacking() -> str:
    """What is not on this machine, as a sentence; empty when everything is."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not on this machine (Debian: apt-get install nginx-core curl)"


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Path, int]]:
    """An address to put files to, the folder where they then lie, the process."""
    port, files = free_port(), folder / "files"
    files.mkdir(parents=True)
    (folder / "site.pem").write_bytes(certificates.make("127.0.0.1", int(time.time()), 86_400))
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
    process = subprocess.Popen(
        ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)], start_new_session=True
    )
    try:
        wait_until(lambda: _answers(port), 20, process)
        yield f"https://127.0.0.1:{port}", files, process.pid
    finally:
        stop(process)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def put(address: str, source: Path, certificate: Path) -> None:
    """`curl -T` of a file, over TLS 1.3 to a certificate that it knows."""
    command = ["curl", "--silent", "--show-error", "--fail", "--tlsv1.3", "--cacert", str(certificate)]
    subprocess.run([*command, "-T", str(source), f"{address}/{source.name}"], check=True, stdout=subprocess.DEVNULL)
