"""`svidok receiver serve`: the one command that stays."""

from __future__ import annotations

import ipaddress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.problems import Problem
from tui.commands import common
from tui.commands.receiver import backend_options, check_backend, need_extra, opened

if TYPE_CHECKING:
    from sync.receiver.serve import Listen


@click.command()
@common.home_option
@click.option("--listen", "listen_text", help="HOST:PORT; without it the port of the URL on all addresses.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve.")
@backend_options
@click.option("--plain", is_flag=True, help="Without TLS, for a TLS proxy or an onion service on this machine.")
def serve(
    home: Path | None, listen_text: str | None, workers: int, store_url: str | None, index_url: str | None, plain: bool
) -> None:
    """Take in volumes until it is stopped (Ctrl-C, SIGTERM); what was acknowledged is never lost."""
    from collector.home import Lock

    need_extra("receiver", "starlette", "uvicorn")
    elsewhere = check_backend(store_url, index_url)
    if workers > 1 and not elsewhere:
        raise click.UsageError("Several workers need --store and --index.")
    found = opened(home)
    from sync.receiver import running
    from sync.receiver.serve import Listen, Tls
    from sync.receiver.serve import serve as run

    listen = Listen.parse(listen_text) if listen_text else default_listen(found.card.url, plain=plain)
    if plain and not _loopback(listen.host):
        raise Problem("E_RECEIVER_LISTEN", address=f"{listen.host}:{listen.port}", why="--plain is for loopback only")
    tls = None if plain else Tls(found.certificate, found.certificate)

    def announce(host: str, port: int) -> None:
        kind = "plain HTTP" if plain else "TLS 1.3"
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"The receiver {found.card.url} listens on {shown}:{port} ({kind}).")

    lock = Lock(found.path)
    try:
        factory = partial(running.application, found.path, store_url, index_url)
        run(factory, listen, tls, workers, announce=announce)
    finally:
        lock.release()


def default_listen(url: str, *, plain: bool) -> Listen:
    """All addresses, at the port that devices are told. Raises UsageError with `plain`: there a proxy has that port."""
    from sync.address import Address
    from sync.receiver.serve import Listen

    if plain:
        raise click.UsageError("--plain needs --listen.")
    return Listen("0.0.0.0", Address.parse(url).port)  # noqa: S104  a server is there to be reached


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
