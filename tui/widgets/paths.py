"""Completing paths while they are typed.

The rule: it only reads the names in the folder that is being typed, never follows into others, and shows no hidden
ones.
"""

from __future__ import annotations

from pathlib import Path as FilePath

from textual.suggester import Suggester


class PathSuggester(Suggester):
    """Offers the first file or folder whose name continues what was typed (→ takes it)."""

    def __init__(self, *, folders_only: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folders_only = folders_only

    async def get_suggestion(self, value: str) -> str | None:
        """The path with its last name completed; None if nothing fits."""
        if not value:
            return None
        path = FilePath(value).expanduser()
        folder, start = (path, "") if value.endswith("/") else (path.parent, path.name)
        try:
            found = sorted(
                item for item in folder.iterdir() if item.name.startswith(start) and not item.name.startswith(".")
            )
        except OSError:
            return None
        found = [item for item in found if item.is_dir() or not self._folders_only]
        if not found:
            return None
        whole = str(found[0]) + ("/" if found[0].is_dir() else "")
        return value + whole[len(str(folder / start)) :] if start else value + found[0].name


STICK_PARENTS = ("/run/media/*", "/media/*", "/media", "/mnt", "/Volumes")


def mounted_sticks() -> list[FilePath]:
    """Folders at which sticks are usually found, those that are there now and lie on another disk than the root."""
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
