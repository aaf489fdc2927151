"""The decoded cells of one bundle: a work file until something in it is worth keeping, then a file of the archive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from collector import files
from sync.desk.intake import DecodedBundle

if TYPE_CHECKING:
    from sync.desk.importer import Verified


class Payload:
    """One payload. `area` is where below the archive it lies, `store` the row of it that the vault has committed.

    `unsigned` collects the entries that no device vouches for; what becomes of them is decided when all are known.
    """

    def __init__(self, bundle: DecodedBundle, folder: Path) -> None:
        self.bundle = bundle
        self.folder = folder
        self.name = files.random_name()
        self.area: str | None = None
        self.store: int | None = None
        self.unsigned: list[Verified] = []
        with files.mapped_os_errors():
            self.fd = os.open(bundle.payload, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def bytes(self) -> int:
        """Length of the payload."""
        return os.fstat(self.fd).st_size

    def keep(self, area: str) -> None:
        """Make the cells durable below `area`, once; what is kept already stays where it is.

        As long as the vault has no row for the file, the next tidying removes it again.
        """
        if self.area is not None:
            return
        target = self.folder / area / self.name
        with files.mapped_os_errors():
            files.sync(self.fd)
        files.checkpoint("import: cells durable")
        files.rename(self.bundle.payload, target)
        self.area = area
        files.checkpoint("import: cells in place")

    def close(self) -> None:
        """Close the file; what was not kept is removed."""
        os.close(self.fd)
        if self.area is None:
            files.remove(self.bundle.payload)
