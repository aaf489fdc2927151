"""Makes the workbook and the XForm of a shipped form from its text source: `python -m schemas.forms.build`.

The text is the form. Nobody edits the other two files by hand, and the same text always gives the same bytes. For
whoever maintains the forms: needs the desk's packages (pyxform), which a field machine does not have.
"""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.forms.workbook import Table, workbook

__all__ = ["HERE", "SHEETS", "main", "read_source", "workbook_bytes", "xform_bytes"]

HERE = Path(__file__).parent
SHEETS = ("survey", "choices", "settings")


def read_source(folder: Path = HERE / "source") -> dict[str, Table]:
    """The three sheets of the XLSForm as rows of text, the first row of each its header."""
    sheets: dict[str, Table] = {}
    for sheet in SHEETS:
        with (folder / f"{sheet}.csv").open(encoding="utf-8", newline="") as file:
            sheets[sheet] = list(csv.reader(file, strict=True))
    return sheets


def workbook_bytes() -> bytes:
    """The XLSForm workbook of the source."""
    return workbook(read_source())


def xform_bytes(xlsx: bytes) -> bytes:
    """The XForm of an XLSForm workbook. Raises E_FORM_XLSFORM."""
    from schemas.xlsform import to_xform  # pyxform loads slowly and only the builder needs it

    return to_xform(xlsx, ".xlsx").xml


def main() -> None:
    """Writes both files beside this one."""
    xlsx = workbook_bytes()
    (HERE / "forced-conscription.xlsx").write_bytes(xlsx)
    (HERE / "forced-conscription.xml").write_bytes(xform_bytes(xlsx))


if __name__ == "__main__":
    main()
