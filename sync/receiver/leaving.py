"""The end of a process that has spoken to an object store.

Rule: what it did is closed and said before, so the process ends at once. The store's library has threads of its own
that may still want the interpreter; while that is taken down around them they abort the process, and a command that had
done everything would end with a signal.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def spoke_to_store() -> bool:
    """Whether the library is in this process."""
    return "obstore" in sys.modules


def leave(code: int) -> NoReturn:
    """Ends the process with an exit code; what was printed is out."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
