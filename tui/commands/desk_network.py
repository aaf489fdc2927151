"""Commands of the desk for the network way: receivers, tokens, fetching, receipts back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas.problems import Problem
from tui.commands import common
from tui.commands.desk import opened
from tui.commands.reports import problem_line

if TYPE_CHECKING:
    from sync.desk.fetch_report import FetchReport, ReceiverReport
    from sync.desk.receivers import Receiver
    from sync.desk.returning import ReturnReport

_PATH = click.Path(path_type=Path)
_which = common.options(
    click.option("--only", help="One receiver: its address, or the first digits of its fingerprint."),
    click.option("--url", help="Reach it at another address than its card names."),
    click.option("--proxy", help="socks5h://host:port (Tor) or http://host:port; '' for none, whatever is kept."),
)


def read_cards(paths: Iterable[Path]) -> list[bytes]:
    """The card files that a person named. Raises E_FILE_MISSING, E_RECEIVER_CARD."""
    from collector import files
    from sync.cards import MAX_FILE

    found = []
    for path in paths:
        try:
            found.append(files.read_limited(common.existing(path), MAX_FILE))
        except Problem as problem:
            raise Problem("E_RECEIVER_CARD") if problem.code == "E_FORMAT" else problem from None
    return found


def receiver_lines(found: Iterable[Receiver]) -> Iterator[str]:
    """Receivers with what two people compare."""
    for receiver in found:
        yield f"Receiver {receiver.card.url} for {', '.join(receiver.missions) or 'no mission any more'}"
        if receiver.left:
            yield f"  Fetched from, though no new pack names it: {', '.join(receiver.left)}"
        yield f"  Fingerprint of its card: {receiver.fingerprint}"


@click.command("add")
@common.vault_options
@click.argument("card", type=_PATH)
@click.option("--mission", "mission_name", help="Which mission, when there are several.")
def receiver_add(
    home: Path | None, passphrase_file: Path | None, as_json: bool, card: Path, mission_name: str | None
) -> None:
    """Let the packs of a mission name the receiver of CARD."""
    (data,) = read_cards([card])
    with opened(home, passphrase_file) as desk:
        added = desk.receiver_add(data, mission_name)
    lines = [
        *receiver_lines([added]),
        "Compare the digits with those that the receiver shows (svidok receiver init).",
        "Next: svidok desk mission tokens --out T, for the receiver; and enrol the devices again, for their new packs.",
    ]
    if added.replaced:
        lines.insert(0, "An older card of this receiver was replaced.")
    common.emit({**added.as_dict(), "replaced": added.replaced}, lines, as_json=as_json)


@click.command("remove")
@common.vault_options
@click.argument("which")
@click.option("--mission", "mission_name", help="Which mission, when there are several.")
def receiver_remove(
    home: Path | None, passphrase_file: Path | None, as_json: bool, which: str, mission_name: str | None
) -> None:
    """Take a receiver (WHICH: its address, or the first digits of its fingerprint) out of a mission's packs.

    What lies there, and what devices send there by the packs that they have, is fetched until it is forgotten.
    """
    with opened(home, passphrase_file) as desk:
        removed = desk.receiver_remove(which, mission_name)
        holding = desk.receiver_holding(removed, mission_name)
    warning = None if holding is None else holding.as_dict()
    lines = [f"{removed.card.url} stands in no new pack. Next: enrol the devices again, for their new packs."]
    if holding is not None:
        lines.append(f"! {problem_line(holding)}")
    common.emit({**removed.as_dict(), "warning": warning}, lines, as_json=as_json)


@click.command("forget")
@common.vault_options
@click.argument("which")
@click.option("--mission", "mission_name", help="Which mission, when there are several.")
@click.option("--force", is_flag=True, help="Also when something may still lie there: it is given up.")
def receiver_forget(
    home: Path | None, passphrase_file: Path | None, as_json: bool, which: str, mission_name: str | None, force: bool
) -> None:
    """Ask a receiver that was taken out no more (WHICH: its address, or the first digits of its fingerprint)."""
    with opened(home, passphrase_file) as desk:
        forgotten = desk.receiver_forget(which, mission_name, force=force)
    common.emit(forgotten.as_dict(), [f"{forgotten.card.url} is forgotten for this mission."], as_json=as_json)


@click.command("list")
@common.vault_options
@click.option("--mission", "mission_name", help="Only those of one mission.")
def receiver_list(home: Path | None, passphrase_file: Path | None, as_json: bool, mission_name: str | None) -> None:
    """Name the receivers, with the fingerprints of their cards."""
    with opened(home, passphrase_file) as desk:
        found = desk.receivers(mission_name)
    lines = list(receiver_lines(found)) or ["No receiver yet."]
    common.emit({"receivers": [receiver.as_dict() for receiver in found]}, lines, as_json=as_json)


@click.command()
@common.vault_options
@click.option("--out", required=True, type=_PATH, help="Where to write the list.")
def tokens(home: Path | None, passphrase_file: Path | None, as_json: bool, out: Path) -> None:
    """Write the list of tokens that receivers take in (svidok receiver accept)."""
    from collector import files

    common.place_for(out)
    with opened(home, passphrase_file) as desk:
        written = desk.tokens_write()
        files.write_durably(out, written.data)
        fingerprint = desk.fingerprint
    common.emit(
        {
            "out": str(out),
            "tokens": written.tokens,
            "new": written.new,
            "expires": written.expires,
            "fingerprint": fingerprint,
        },
        [
            f"Wrote {common.counted(written.tokens, 'token')} to {out}; new since the last list: {written.new}.",
            "Every receiver of this desk takes it in with: svidok receiver accept T",
            f"Root fingerprint, to read aloud there: {fingerprint}",
        ],
        as_json=as_json,
    )


@click.command()
@common.vault_options
@click.option("--receiver", is_flag=True, help="From the receivers (there is no other way yet; may be left out).")
@click.option("--again", is_flag=True, help="Read the receivers' lists from the start, and fetch what is imported too.")
@click.option("--keep", is_flag=True, help="Keep what --proxy says, for every run from now on.")
@_which
def fetch(
    home: Path | None, passphrase_file: Path | None, as_json: bool, receiver: bool, again: bool, keep: bool,
    only: str | None, url: str | None, proxy: str | None,
) -> None:  # fmt: skip
    """Fetch every new volume from the receivers, and prove it."""
    from sync.desk import proxy as proxies

    if keep and proxy is None:
        raise click.UsageError("--keep goes with --proxy.")
    with opened(home, passphrase_file) as desk, common.progress("Fetching", as_json=as_json) as step:
        if keep:
            proxies.keep(desk.vault, proxy)
        report = desk.fetch(only=only, url=url, proxy=proxy, again=again, progress=step)
    common.emit(report.as_dict(), _fetch_lines(report), as_json=as_json)
    if not report.ok:
        click.get_current_context().exit(1)


def _receiver_lines(part: ReceiverReport) -> Iterator[str]:
    yield f"{part.url}: fetched {common.counted(part.fetched, 'volume')}, {common.size_text(part.bytes)}."
    if part.known:
        yield f"  Not needed, since they are here or imported: {common.counted(part.known, 'volume')}."
    if part.foreign:
        yield f"  Not for this desk, and not fetched: {common.counted(part.foreign, 'volume')}."
    if part.cuts:
        yield f"  The line was cut {common.counted(part.cuts, 'time')}; fetching went on where it stopped."
    for item in part.refused:
        yield f"  {item['item']}  {item['what']} {item['do']} [{item['code']}]"
    if part.problem is not None:
        yield f"  {problem_line(part.problem)}"
    if part.waiting:
        yield f"  Still to be fetched: {common.counted(part.waiting, 'volume')}."


def _fetch_lines(report: FetchReport) -> Iterator[str]:
    for part in report.receivers:
        yield from _receiver_lines(part)
    if report.problem is not None:
        yield problem_line(report.problem)
    if report.more:
        yield "There is more than may wait here: import, and fetch again."
    elif report.fetched:
        yield "Next: svidok desk import"


@click.command()
@common.vault_options
@click.option("--out", type=_PATH, help="A folder (stick) for the return files.")
@click.option("--receiver", is_flag=True, help="Send them to the receivers, and acknowledge what is imported.")
@_which
def receipts(
    home: Path | None, passphrase_file: Path | None, as_json: bool, out: Path | None, receiver: bool,
    only: str | None, url: str | None, proxy: str | None,
) -> None:  # fmt: skip
    """Give the field its receipts: as return files, over the receivers, or both."""
    if out is None and not receiver:
        raise click.UsageError("Say --out FOLDER, --receiver, or both.")
    result: dict[str, Any] = {}
    lines: list[str] = []
    with opened(home, passphrase_file) as desk, common.progress("Sending", as_json=as_json) as step:
        if out is not None:
            written = desk.receipts(out)
            total = sum(item.receipts for item in written)
            result |= {"files": [asdict(item) for item in written], "receipts": total}
            lines.append(f"Wrote {_answers(len(written), total)} to {out}.")
        report = desk.send_receipts(only=only, url=url, proxy=proxy, progress=step) if receiver else None
    if report is not None:
        result |= {"network": report.as_dict()}
        lines += _return_lines(report)
    common.emit(result, lines, as_json=as_json)
    if report is not None and not report.ok:
        click.get_current_context().exit(1)


def _answers(files: int, receipts: int) -> str:
    return f"{common.counted(files, 'return file')} with {common.counted(receipts, 'receipt')}"


def _return_lines(report: ReturnReport) -> Iterator[str]:
    for part in report.receivers:
        yield f"{part.url}: sent {_answers(part.files, part.receipts)}; there already: {part.unchanged}."
        if part.refused:
            yield f"  Refused, and sent again the next time: {common.counted(part.refused, 'return file')}."
        if part.acknowledged:
            yield f"  Imported, so that they may expire there: {common.counted(part.acknowledged, 'volume')}."
        if part.problem is not None:
            yield f"  {problem_line(part.problem)}"


def network_lines(network: dict[str, Any]) -> Iterator[str]:
    """The network way in `svidok desk status`."""
    if not network["receivers"]:
        return
    fetched, standing = network["fetched"], network["tokens"]
    yield f"Receivers: {', '.join(receiver['url'] for receiver in network['receivers'])}."
    if network["proxy"]:
        yield f"Reached by the proxy {network['proxy']}."
    here = common.counted(fetched["here"], "volume")
    yield f"Fetched and not imported: {here}, {common.size_text(fetched['here_bytes'])}."
    if fetched["listed"]:
        yield f"Still to fetch: {common.counted(fetched['listed'], 'volume')}."
    if network["receipts_waiting"] or fetched["to_acknowledge"]:
        waiting = common.counted(network["receipts_waiting"], "return file")
        yield f"To send: {waiting}; to acknowledge: {common.counted(fetched['to_acknowledge'], 'volume')}."
    if standing["list_needed"]:
        yield "! Receivers need the newest list of tokens: svidok desk mission tokens --out T"
