"""Commands of the field machine that use a network: sending, its settings, receipts from a receiver."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from schemas.problems import Problem
from tui.commands import common, reports
from tui.commands.field import opened

if TYPE_CHECKING:
    from sync.send_report import SendProgress, SendReport
    from sync.settings import Policy, SendSettings

_PATH = click.Path(path_type=Path)
_proxy_option = click.option(
    "--proxy", help="socks5h://host:port (Tor), http://host:port, environment, or none for the straight way."
)
_limit_option = click.option("--limit", type=click.IntRange(min=1), help="At most so many KiB in a second.")


def _needs_network() -> None:
    """Raises E_EXTRA_MISSING where the client was not installed."""
    try:
        import sync.link  # noqa: F401  (whether it can be imported is the question)
    except ImportError:
        raise Problem("E_EXTRA_MISSING", extra="receiver") from None


def _changed(settings: SendSettings, proxy: str | None, limit: int | None) -> SendSettings:
    """Settings with what was given on the command line."""
    if proxy is not None:
        settings = replace(settings, proxy=None if proxy in ("", "none") else proxy)
    return settings if limit is None else replace(settings, limit=limit)


@click.command()
@common.vault_options
@click.option("--again", is_flag=True, help="Also send what a receiver stored and the office has not confirmed.")
@click.option("--receiver", "only", multiple=True, metavar="HOST", help="Only to this receiver; may be repeated.")
@_proxy_option
@_limit_option
@click.option(
    "--patience",
    type=click.IntRange(min=1),
    default=120,
    show_default=True,
    help="Seconds without progress to the end.",
)
def send(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    again: bool,
    only: tuple[str, ...],
    proxy: str | None,
    limit: int | None,
    patience: int,
) -> None:
    """Send sealed interviews to the receiver. What was sent stays sent; the rest goes next time."""
    _needs_network()
    from sync import settings as kept
    from sync.sending import Sender

    with opened(home, passphrase_file) as field, common.progress("Sending", as_json=as_json) as step:
        chosen = _changed(kept.load(field.vault.db), proxy, limit)
        sender = Sender(field, again=again, only=only, settings=chosen, progress=_shown(step), patience=patience)
        with interruptible(sender.stop):
            report = sender.run()
    common.emit(report.as_dict(), send_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)


@contextlib.contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C ends the run, which then says how far it came; a second one is as everywhere."""

    def asked(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, asked)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _shown(step: Callable[[int, int], None] | None) -> Callable[[SendProgress], None] | None:
    """A progress bar for what goes on; bars never go back."""
    if step is None:
        return None
    highest = 0

    def show(progress: SendProgress) -> None:
        nonlocal highest
        highest = max(highest, progress.sent)
        step(highest, progress.total)

    return show


def send_lines(report: SendReport) -> Iterator[str]:
    """What a run of sending did."""
    from sync import permits

    for bundle in report.bundles:
        volumes = f"{bundle.stored} of {common.counted(bundle.volumes, 'volume')} stored"
        yield f"Bundle {bundle.label}: {common.counted(len(bundle.codes), 'interview')}, {volumes}."
    if report.sent:
        yield f"Sent {common.size_text(report.sent)} in {report.seconds:.0f} s."
    told: set[str] = set()
    for code, problem in report.left:
        if problem.code in told:
            yield f"{code} stays here as well. [{problem.code}]"
        else:
            yield f"{code} stays here: {reports.problem_line(problem)}"
        told.add(problem.code)
    if report.problem is not None and report.problem.code not in told:
        yield reports.problem_line(report.problem)
    if report.permits is not None and report.permits <= permits.FEW:
        left = common.counted(report.permits, "permission") if report.permits else "No permission"
        yield f"! {left} for sending left; each bundle needs one. Ask the office for a new pack; sticks need none."
    if report.stopped:
        yield "Stopped. What has arrived stays there; the rest goes the next time, from where it stopped."
    if report.stored:
        yield "Stored at the receiver. The interviews stay here until the office confirms them."
    elif not report.bundles and not report.left and report.problem is None and not report.stopped:
        yield "Nothing is waiting to be sent."


@click.command()
@common.vault_options
@click.option(
    "--policy",
    type=click.Choice(["asked", "connected", "never"]),
    help="Send when asked, whenever there is a connection, or never.",
)
@_proxy_option
@_limit_option
@click.option("--no-limit", is_flag=True, help="As fast as the line goes.")
def sending(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    policy: Policy | None,
    proxy: str | None,
    limit: int | None,
    no_limit: bool,
) -> None:
    """Show or change when and how this machine sends."""
    from sync import settings as kept
    from sync.address import shown_proxy

    if limit is not None and no_limit:
        raise click.UsageError("Give --limit or --no-limit.")
    with opened(home, passphrase_file) as field:
        before = kept.load(field.vault.db)
        after = _changed(before, proxy, limit)
        if policy is not None:
            after = replace(after, policy=policy)
        if no_limit:
            after = replace(after, limit=None)
        if after != before:
            kept.save(field.vault.db, after)
    words = {"asked": "when you ask", "connected": "whenever there is a connection", "never": "never"}
    lines = [
        f"This machine sends {words[after.policy]}.",
        f"Proxy: {shown_proxy(after.proxy) or 'none'}.",
        f"Limit: {'none' if after.limit is None else f'{after.limit} KiB in a second'}.",
    ]
    common.emit(after.as_dict(), lines, as_json=as_json)


@click.command()
@common.vault_options
@click.argument("folder", required=False, type=_PATH)
@click.option("--receiver", is_flag=True, help="Ask the mission's receivers.")
@_proxy_option
def receipts(
    home: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
    folder: Path | None,
    receiver: bool,
    proxy: str | None,
) -> None:
    """Take the office's receipts from FOLDER, or from the receiver."""
    from sync import receipts as returned

    if folder is None and not receiver:
        raise click.UsageError("Name a folder, or give --receiver.")
    with opened(home, passphrase_file) as field:
        report = returned.ReceiptReport() if folder is None else returned.apply(field, folder)
        if receiver:
            _needs_network()
            from sync import fetching
            from sync import settings as kept

            fetched = fetching.fetch(field, settings=_changed(kept.load(field.vault.db), proxy, None))
            report.taken += fetched.taken
            report.problem = fetched.problem
    common.emit(report.as_dict(), reports.receipt_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)
