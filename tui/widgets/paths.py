"""Completing paths while they are typed.

The rule: it only reads the names in the folder that is being typed, never follows into others, and shows no hidden
ones. Whatever is typed leads somewhere or nowhere: neither the "~" of nobody nor a folder that is closed is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath

from textual.suggester import Suggester

from sync import mounts


def typed_path(text: str) -> FilePath:
    """What was typed, as a path; "~" is the home folder, the "~" of nobody a part of a name."""
    path = FilePath(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_folder(path: FilePath) -> bool:
    """Whether a folder of that name is there; what cannot be looked at is not."""
    return _is_there(path.is_dir)


def is_file(path: FilePath) -> bool:
    """Whether a file of that name is there; what cannot be looked at is not."""
    return _is_there(path.is_file)


def _is_there(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except (OSError, ValueError):
        return False


class PathSuggester(Suggester):
    """Offers the first file or folder whose name continues what was typed (→ takes it)."""

    def __init__(self, *, folders_only: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folders_only = folders_only

    async def get_suggestion(self, value: str) -> str | None:
        """The path with its last name completed; None if nothing fits."""
        if not value:
            return None
        path = typed_path(value)
        folder, start = (path, "") if value.endswith("/") else (path.parent, path.name)
        try:
            found = sorted(
                item for item in folder.iterdir() if item.name.startswith(start) and not item.name.startswith(".")
            )
        except (OSError, ValueError):
            return None
        found = [item for item in found if not self._folders_only or is_folder(item)]
        if not found:
            return None
        whole = str(found[0]) + ("/" if is_folder(found[0]) else "")
        return value + whole[len(str(folder / start)) :] if start else value + found[0].name


STICK_PARENTS = ("/run/media/*", "/media/*", "/media", "/mnt", "/Volumes")


def mounted_sticks() -> list[FilePath]:
    """Where sticks are mounted now: what the system says is removable, or lies where such things are usually found."""
    table = mounts.table()
    if table:
        return [mount.folder for mount in mounts.sticks(mounts.parse(table))]
    root = FilePath("/")
    found: dict[int, FilePath] = {}
    for pattern in STICK_PARENTS:
        for folder in sorted(root.glob(f"{pattern[1:]}/*")):
            try:
                if folder.is_dir() and folder.is_mount():
                    found.setdefault(folder.stat().st_dev, folder)
            except OSError:
                continue
    return list(found.values())
