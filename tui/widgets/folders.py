"""What lies in a folder, for choosing a file: names, sizes, nothing else.

The rule: only names and sizes are read, of one folder at a time, at most `MOST` of them; hidden names are left out,
links that lead nowhere too. Nothing is remembered. Names are data: they are shown without signs that steer a terminal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path as FilePath

from collector.files import problem_of, shown_name

MOST = 2000
"""Names of one folder that are looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or a file; `size` in bytes of a file. `name` is safe to be shown."""

    path: FilePath
    name: str
    folder: bool
    size: int = 0


def entries_of(folder: FilePath) -> tuple[list[Entry], bool]:
    """What lies in a folder, folders first, by name; and whether there is more. Raises E_NO_ACCESS, E_MEDIA_IO."""
    found: list[Entry] = []
    try:
        with os.scandir(folder) as names:
            seen = list(islice((name for name in names if not name.name.startswith(".")), MOST + 1))
    except ValueError:
        return [], False
    except OSError as error:
        raise problem_of(error) from None
    for each in seen[:MOST]:
        try:
            if each.is_dir():
                found.append(Entry(FilePath(each.path), shown_name(each.name), True))
            elif each.is_file():
                found.append(Entry(FilePath(each.path), shown_name(each.name), False, each.stat().st_size))
        except OSError:
            continue
    found.sort(key=lambda entry: (not entry.folder, entry.name.casefold()))
    return found, len(seen) > MOST
