"""`python -m benchmarks [--quick | --full] [--write FILE] [names…]`: one table of everything that is measured.

Without names all rows, in the order below. `--quick` measures small things a few times, to see that everything works;
`--full` adds the memory of 5 GiB files and the whole way of an entry over the worst line (ten minutes). Figures are
worth something as ratios within one run.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks import machine
from benchmarks.measure import say
from benchmarks.table import Row, markdown, rendered

NAMES = ("attachments", "importing", "searching", "startup", "keystroke", "upload", "cuts", "flood", "workers", "line")
_TITLE = """# Benchmarks

`make bench` writes this page. Every figure is from one run on one machine, and what is compared was measured side by
side in it, in turns, by medians: only ratios travel to other machines. What each row does stands in the module of
`benchmarks/` that measures it.
"""


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    # Asked to end, what was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begun = time.monotonic()
    on = machine.line(Path(tempfile.gettempdir()))
    rows: list[Row] = []
    for name in options.names or NAMES:
        say(name)
        rows += import_module(f"benchmarks.{name}").rows(quick=options.quick, full=options.full)
    minutes = (time.monotonic() - begun) / 60
    line = f"{on}; {'quick run, ' if options.quick else ''}{minutes:.1f} minutes."
    print(f"\n{line}\n\n{rendered(rows)}")
    if options.write:
        options.write.write_text(f"{_TITLE}\n{line}\n\n{markdown(rows)}", encoding="utf-8")


if __name__ == "__main__":
    main()
