"""The tables that lie beside a form on disk: what a form looks into (CSV, XML, GeoJSON), by name.

The rule: a form may name any file, and only plain names in two folders are looked for: `NAME-media` beside the form
`NAME.xlsx`, then the folder of the form itself. Nothing is followed out of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from collector import files

MAX_TABLE = 64 << 20


class Beside(Mapping[str, bytes]):
    """The tables by name; each is read when it is asked for.

    One of more than 64 MiB gives one byte more: whoever reads it refuses it by its size. Raises what reading raises.
    """

    def __init__(self, form: Path) -> None:
        around = form.absolute().parent
        self._folders = (around / f"{form.stem}-media", around)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._place(name) is not None

    def __getitem__(self, name: str) -> bytes:
        place = self._place(name)
        if place is None:
            raise KeyError(name)
        with files.mapped_os_errors(), place.open("rb") as source:
            return source.read(MAX_TABLE + 1)

    def __iter__(self) -> Iterator[str]:
        with files.mapped_os_errors():
            names = {each.name for folder in self._folders if folder.is_dir() for each in folder.iterdir()}
        return (name for name in sorted(names) if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of(self, names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
        """Name and bytes of those that are there, by name."""
        return tuple((name, self[name]) for name in sorted(set(names)) if name in self)

    def _place(self, name: str) -> Path | None:
        if not name or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
            return None
        places = (folder / name for folder in self._folders)
        with files.mapped_os_errors():
            return next((place for place in places if place.is_file() and not place.is_symlink()), None)
