"""Commands of a receiver. None asks for a passphrase: a receiver has nothing that one could protect."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from schemas.problems import Problem
from tui.commands import common
from tui.commands.receiver_reports import accepted_lines, fsck_lines, status_lines

if TYPE_CHECKING:
    from sync.receiver.home import ReceiverHome
    from sync.receiver.ports import Index, Store

R = TypeVar("R")
_PATH = click.Path(path_type=Path)

home_options = common.options(common.home_option, common.json_option)
backend_options = common.options(
    click.option("--store", "store_url", help="An object store instead of the home: s3://bucket/prefix."),
    click.option("--index", "index_url", help="PostgreSQL instead of the home: postgresql://…"),
)


def opened(home: Path | None) -> ReceiverHome:
    """The receiver's home that this command works in."""
    from sync.receiver.home import open_home

    return open_home(common.home_of(home))


def need_extra(extra: str, *modules: str) -> None:
    """Raises E_EXTRA_MISSING unless what an extra brings is installed."""
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise Problem("E_EXTRA_MISSING", extra=extra)


def check_backend(store_url: str | None, index_url: str | None) -> bool:
    """Whether store and index are elsewhere than in the home. Raises UsageError for one alone, E_EXTRA_MISSING."""
    if (store_url is None) != (index_url is None):
        raise click.UsageError("--store and --index belong together.")
    if store_url is not None:
        need_extra("cloud", "obstore", "psycopg", "psycopg_pool")
    return store_url is not None


def with_backend(
    found: ReceiverHome,
    store_url: str | None,
    index_url: str | None,
    work: Callable[[Index, Store], Awaitable[R]],
) -> R:
    """Opens the back end, works with it, and closes it again. Raises E_EXTRA_MISSING, E_RECEIVER_BACKEND."""
    from sync.receiver.backend import open_backend

    check_backend(store_url, index_url)

    async def run() -> R:
        index, store = await open_backend(found.folder, store_url, index_url)
        try:
            return await work(index, store)
        finally:
            await index.close()
            await store.close()

    return asyncio.run(run())


@click.command()
@home_options
@click.option("--url", required=True, help="How devices reach it: https://host or https://host:port.")
@click.option("--onion", help="Its onion name, where it has one: name.onion or name.onion:port.")
@click.option("--out", required=True, type=_PATH, help="Where to write the card for the office.")
def init(home: Path | None, as_json: bool, url: str, onion: str | None, out: Path) -> None:
    """Make a receiver: its certificates, its receipt key, and the card for the office."""
    from sync.receiver import home as homes

    common.place_for(out)
    place = common.home_of(home)
    found = homes.init(place, url, onion, int(time.time()))
    _write_card(found, out, as_json, [f"A new receiver stands in {place}."])


@click.command()
@home_options
@click.option("--out", required=True, type=_PATH, help="Where to write the card.")
def card(home: Path | None, as_json: bool, out: Path) -> None:
    """Write the card for the office once more."""
    common.place_for(out)
    _write_card(opened(home), out, as_json, [])


@click.command()
@home_options
@click.option("--out", required=True, type=_PATH, help="Where to write the new card for the office.")
@click.option("--force", is_flag=True, help="All devices have a mission pack with the card of the last rotation.")
def rotate(home: Path | None, as_json: bool, out: Path, force: bool) -> None:
    """Take the next certificate into use, and make another next one."""
    from sync.receiver import home as homes

    common.place_for(out)
    found = homes.rotate(common.home_of(home), int(time.time()), force=force)
    lines = [
        "The next certificate is in use as soon as the receiver is started again; devices whose mission pack was made",
        "with the last card know it already. Before another rotation every device needs a pack made with this card.",
    ]
    _write_card(found, out, as_json, lines)


def _write_card(found: ReceiverHome, out: Path, as_json: bool, lines: list[str]) -> None:
    from collector import files
    from sync import cards

    data = found.card_file()
    files.write_durably(out, data)
    result = {
        "home": str(found.path),
        "url": found.card.url,
        "card": str(out),
        "fingerprint": cards.fingerprint(data),
        "certificates": list(found.ends()),
    }
    shown = [f"Its card is {out}. Fingerprint, to read aloud to the office:", "", f"    {result['fingerprint']}", ""]
    common.emit(result, [*lines, *shown], as_json=as_json)


@click.command()
@home_options
@backend_options
@click.argument("tokens", type=_PATH)
@click.option("--fingerprint", help="The office's root fingerprint, as you heard it from the office.")
def accept(
    home: Path | None, as_json: bool, store_url: str | None, index_url: str | None, tokens: Path,
    fingerprint: str | None,
) -> None:  # fmt: skip
    """Accept the list of tokens that an office wrote (TOKENS)."""
    from dataclasses import asdict

    from collector import files
    from sync import tokenfile
    from sync.receiver import offices

    found = opened(home)
    data = files.read_limited(common.existing(tokens), tokenfile.MAX_FILE)
    offered = offices.look(data)
    known = with_backend(found, store_url, index_url, lambda index, _: offices.known(index, data))
    if fingerprint is None and not known and sys.stdin.isatty() and not as_json:
        click.echo(f"Root fingerprint of the office {offered.organisation}:\n\n    {offered.fingerprint}\n")
        if not click.confirm("Did the office read exactly these digits to you?", default=False):
            raise click.Abort
        fingerprint = offered.fingerprint
    own = found.card.r1_key
    done = with_backend(found, store_url, index_url, lambda index, _: offices.accept(index, data, fingerprint, own))
    note = None if done.compared else "Nobody compared the root's fingerprint: anybody could have written this list."
    common.emit({**asdict(done), "note": note}, accepted_lines(done, note), as_json=as_json)


@click.command()
@home_options
@backend_options
def status(home: Path | None, as_json: bool, store_url: str | None, index_url: str | None) -> None:
    """Show what is stored, what waits, and how the receiver fares."""
    show_status(opened(home), store_url, index_url, as_json=as_json)


def show_status(found: ReceiverHome, store_url: str | None, index_url: str | None, *, as_json: bool) -> None:
    """Counts and warnings, for people or for scripts."""
    from sync.receiver import status as states

    now = int(time.time())
    state = with_backend(found, store_url, index_url, lambda index, store: states.status(found, index, store, now))
    common.emit(state.as_dict(), status_lines(state, now), as_json=as_json)


@click.command()
@home_options
@backend_options
@click.option("--repair", is_flag=True, help="Mend what can be mended; the receiver must be stopped.")
@click.option("--deep", is_flag=True, help="Verify every stored volume as a courier does.")
def fsck(
    home: Path | None, as_json: bool, store_url: str | None, index_url: str | None, repair: bool, deep: bool
) -> int:
    """Compare index and store. Ends with 1 when something is wrong and not mended."""
    from collector.home import Lock
    from sync.receiver import fsck as check
    from sync.receiver.receipt import signer_of

    found = opened(home)
    now = int(time.time())
    lock = Lock(found.path) if repair else None
    try:
        with signer_of(found.seed(), now) as sign, common.progress("Checking", as_json=as_json) as progress:
            receipt = sign if repair else None
            report = with_backend(
                found, store_url, index_url,
                lambda index, store: check.fsck(index, store, now, repair=receipt, deep=deep, progress=progress),
            )  # fmt: skip
    finally:
        if lock is not None:
            lock.release()
    common.emit(check.as_dict(report), fsck_lines(report), as_json=as_json)
    return 0 if report.sound else 1
