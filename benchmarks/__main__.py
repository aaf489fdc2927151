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

NAMES = (
    "attachments",
    "importing",
    "searching",
    "startup",
    "panic",
    "keystroke",
    "interviewing",
    "forms",
    "upload",
    "cuts",
    "flood",
    "workers",
    "line",
)
_TITLE = """# Benchmarks

`make bench` writes this page; `python -m benchmarks --write docs/benchmarks.md NAME…` writes some sections anew and
leaves the others. What is compared was measured side by side, in turns, by medians, in one run; the line below a name
says when and on what. Only ratios travel to other machines. What each row does stands in the module of `benchmarks/`
that has the section's name.
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
    rows: list[Row] = []
    for name in options.names or NAMES:
        begun, on = time.monotonic(), machine.line(Path(tempfile.gettempdir()))
        say(name)
        found = import_module(f"benchmarks.{name}").rows(quick=options.quick, full=options.full)
        minutes = (time.monotonic() - begun) / 60
        line = f"{time.strftime('%Y-%m-%d')}, {on}; {'quick run, ' if options.quick else ''}{minutes:.1f} minutes."
        print(f"\n{name}: {line}\n\n{rendered(found)}\n", flush=True)
        if options.write:
            _write(options.write, name, f"{line}\n\n{markdown(found)}")
        rows += found
    print(rendered(rows))


def _write(page: Path, name: str, text: str) -> None:
    """Put one section into the page, in the order of the names."""
    parts = page.read_text(encoding="utf-8").split("\n## ")[1:] if page.exists() else []
    sections = {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") for part in parts}
    sections[name] = text.strip("\n")
    body = "".join(f"\n## {each}\n\n{sections[each]}\n" for each in NAMES if each in sections)
    page.write_text(_TITLE + body, encoding="utf-8")


if __name__ == "__main__":
    main()
