"""Makes the workbook and the XForm of a shipped form from its text source: `python -m schemas.forms.build`.

The text is the form. Nobody edits the other two files by hand, and the same text always gives the same bytes. For
whoever maintains the forms: needs the desk's packages (pyxform), which a field machine does not have.
"""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.forms.rules import with_rules
from schemas.forms.workbook import Table, workbook

__all__ = ["HERE", "SHEETS", "main", "read_source", "sheets", "workbook_bytes", "xform_bytes"]

HERE = Path(__file__).parent
SHEETS = ("survey", "choices", "settings")


def read_source(folder: Path = HERE / "source") -> dict[str, Table]:
    """The three sheets of the source as rows of text, the first row of each its header."""
    tables: dict[str, Table] = {}
    for sheet in SHEETS:
        with (folder / f"{sheet}.csv").open(encoding="utf-8", newline="") as file:
            tables[sheet] = list(csv.reader(file, strict=True))
    return tables


def sheets() -> dict[str, Table]:
    """The three sheets of the XLSForm: those of the source, every condition made whole (`schemas.forms.rules`)."""
    tables = read_source()
    header, *rows = tables["survey"]
    whole = with_rules([dict(zip(header, row, strict=True)) for row in rows])
    return {**tables, "survey": [list(header), *([row[column] for column in header] for row in whole)]}


def workbook_bytes() -> bytes:
    """The XLSForm workbook of the source."""
    return workbook(sheets())


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
