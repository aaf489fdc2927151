"""One text entry over a line of 20 kbit/s that loses 5 % of its packets and delays each by 800 ms, both ways.

A real field machine (`svidok field send`) and a real receiver (`svidok receiver serve`) in two network namespaces, the
bad line between them (`benchmarks.badline`). The volume of one text entry has 1 MiB, which such a line needs at least
seven minutes for: the whole of it belongs to `--full`. Otherwise the row shows what a part of it costs, and the entry
arrives over a line of the same delay and loss with eight times the rate.

Overhead is what TCP carried from the field beside the volume: TLS, heads of requests, and repeats by TCP of what was
lost, which on this line are some 5 % that no program above it can avoid. The goal is for the stream without repeats.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import badline, site, world
from benchmarks.badline import FAR, Badness
from benchmarks.measure import say
from benchmarks.table import Row, missing
from sync.volume import file_length

GOAL = 0.03
SLOW = Badness(20_000, 0.8, 0.05)
FASTER = Badness(160_000, 0.8, 0.05)
VOLUME = file_length(16)
_WORK = "one text entry over {rate:.0f} kbit/s, 5 % loss, 800 ms delay"


def rows(*, quick: bool = False, full: bool = False) -> list[Row]:
    """The entry over the bad line: all of it, or a part of it and all of it over a faster one."""
    name = _WORK.format(rate=SLOW.rate / 1000)
    if what := badline.lacking():
        return [missing(name, f"overhead ≤ {GOAL:.0%}, arrives", what)]
    if full:
        return [_row(SLOW, None)]
    return [_row(SLOW, 20 if quick else 100), *([] if quick else [_row(FASTER, None)])]


def _row(badness: Badness, seconds: float | None) -> Row:
    work = _WORK.format(rate=badness.rate / 1000)
    part = "" if seconds is None else f", the first {seconds:.0f} s"
    say(f"{work}{part}")
    with world.temporary("line") as folder:
        sent = over(folder, badness, seconds)
    share = sent.stream / sent.body - 1
    least = VOLUME * 8 / badness.rate
    how = "netem" if sent.by_kernel else "the line is made by the benchmark, because this kernel has no netem"
    note = (
        f"{how}; IP carried {sent.wire / 1024:.0f} KiB away and {sent.back / 1024:.0f} KiB back, repeats and"
        f" {sent.lost} lost packets included; TCP carried {sent.repeated / 1024:.0f} KiB twice"
    )
    goal, other = f"≤ {GOAL:.0%} more", f"{VOLUME / 1024:.0f} KiB (its volume)"
    if seconds is not None:
        took = f"{sent.body / 1024:.0f} KiB in {sent.seconds:.0f} s"
        note += f". Only a part, at {sent.body * 8 / sent.seconds / 1000:.1f} kbit/s: all of it is in --full"
        return Row(f"{work}{part}", took, other, "–", goal, None, note)
    took = f"{'arrived' if sent.arrived else 'DID NOT ARRIVE'} in {sent.seconds:.0f} s"
    note += f". The volume alone fills the line for {least:.0f} s"
    reached = sent.arrived and share <= GOAL
    return Row(work, f"{took}, {share:.2%} more", other, f"{1 + share:.3f}", goal, reached, note)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was seen: `body` bytes of the volume at the receiver, `stream` bytes that TCP carried from the field, each
    once, `repeated` what it carried again; IP `wire` bytes away and `back`; packets `lost` on the line.
    """

    arrived: bool
    seconds: float
    body: int
    stream: int
    repeated: int
    wire: int
    back: int
    lost: int
    by_kernel: bool


def over(folder: Path, badness: Badness, seconds: float | None) -> Sent:
    """Seals an entry and sends it, to its end or for so many seconds."""
    receiver = site.made(folder, f"{FAR}:7443")
    field = world.found(folder, receiver=(folder / "receiver.card").read_bytes())[0]
    site.svidok("receiver", "accept", str(folder / "tokens"), "--home", str(receiver.home))
    world.apart(world.text_entries, field, 0, 1)
    (folder / "passphrase").write_text(world.PASSPHRASE)
    with ExitStack() as stack:
        line = stack.enter_context(badline.between(badness))
        stack.enter_context(site.serving(receiver, under=line.under(line.far)))
        _wait_for_port(line.under(line.far))
        begun = time.monotonic()
        command = [*line.under(line.near), *site.SVIDOK, "field", "send", "--home", str(field), "--json"]
        words = ["--passphrase-file", str(folder / "passphrase"), "--patience", "900"]
        process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
        try:
            said, _ = process.communicate(timeout=seconds if seconds is not None else 3600)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        # What is on the line when sending was ended still arrives, and takes its time.
        took = time.monotonic() - begun
        if seconds is not None:
            line.drain()
            took = time.monotonic() - begun
        repeated, out, back = line.out.repeated, line.out, line.back
        stack.close()
    stored, unfinished = _state(receiver.home)
    return Sent(
        arrived=process.returncode == 0 and stored == VOLUME and bool(json.loads(said or "{}")),
        seconds=took,
        body=stored or unfinished or 1,
        stream=out.stream - repeated,
        repeated=repeated,
        wire=out.wire,
        back=back.wire,
        lost=out.lost + back.lost,
        by_kernel=line.by_kernel,
    )


def _wait_for_port(under: tuple[str, ...]) -> None:
    """Until the receiver in its namespace answers there."""
    probe = ["curl", "--silent", "--insecure", "--max-time", "2", f"https://{FAR}:7443/healthz"]
    site.wait_until(lambda: subprocess.run([*under, *probe], capture_output=True).returncode == 0, 60)


def _state(home: Path) -> tuple[int, int]:
    """Bytes of whole volumes and of unfinished uploads that a receiver has."""
    command = [*site.SVIDOK, "receiver", "status", "--home", str(home), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return int(said["bytes"]), int(said["unfinished_bytes"])
