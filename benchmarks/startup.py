"""How long `svidok --help` takes, as a multiple of a bare interpreter: the budget is 8.

Run: `python benchmarks/startup.py [runs]`. Both are started in turn, and the medians of one run are compared.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

BUDGET = 8.0
BARE = [sys.executable, "-c", "pass"]
HELP = [sys.executable, "-c", "import sys; sys.argv = ['svidok', '--help']; from tui.cli import main; main()"]


def seconds(command: list[str]) -> float:
    """Wall time of one start."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    pairs = [(seconds(BARE), seconds(HELP)) for _ in range(runs)]
    bare, helped = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"python -c pass {bare * 1000:.0f} ms, svidok --help {helped * 1000:.0f} ms")
    print(f"{helped / bare:.1f} times, budget {BUDGET:.0f}")
    return 0 if helped <= BUDGET * bare else 1


if __name__ == "__main__":
    sys.exit(main())
