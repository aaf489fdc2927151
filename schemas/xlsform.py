"""XLSForm to XForm: the only module that imports pyxform, and only when a spreadsheet is converted.

The field never converts: forms travel as XForms in mission packs. pyxform writes parts of the sheet into its messages;
forms hold no testimony, so these messages may be shown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from schemas.problems import Problem

MAX_BYTES = 16 * 1024 * 1024
SUFFIXES = (".xlsx", ".xls", ".md", ".csv")
_COLUMN = re.compile(r"[^\W\d][\w.\-]*")


@dataclass(frozen=True, slots=True)
class XformResult:
    """The XForm as UTF-8 XML, and what pyxform warned of."""

    xml: bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where questions stand in the sheet `survey`: rows (from 1, the header is row 1) by path and by name."""

    by_path: Mapping[str, int]
    by_name: Mapping[str, int]

    def row(self, question: str, ref: str = "") -> int | None:
        """The row of a question by its XForm path, else by its name."""
        return self.by_path.get("/".join(ref.split("/")[2:])) or self.by_name.get(question)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A sheet that was read, as pyxform takes it: `content` has the rows of each sheet."""

    content: Mapping[str, Any] = field(repr=False)

    def xform(self) -> XformResult:
        """The XForm. Raises E_FORM_XLSFORM when the sheet has a mistake."""
        from pyxform.xls2xform import convert

        with _mistakes_of_the_sheet():
            found = convert(dict(self.content), warnings=[])
        lists = _external_lists(found.itemsets or "")
        xform = found.xform.replace("</model>", f"{lists}</model>", 1) if lists else found.xform
        return XformResult(xform.encode(), tuple(_one_line(each) for each in found.warnings))

    def places(self) -> Places:
        """The rows of questions, groups and repeats."""
        with _mistakes_of_the_sheet():
            return _places(self.content["survey"] or ())


def read_workbook(source: Path | bytes, suffix: str | None = None) -> Workbook:
    """Reads a sheet, from a file or from its bytes; `suffix` is .xlsx, .xls, .md or .csv, by default the file's own.

    Raises E_FORM_XLSFORM when it cannot be read, E_FORM_PYXFORM when the converter is not installed.
    """
    kind = (suffix or (source.suffix if isinstance(source, Path) else "")).lower()
    if kind not in SUFFIXES:
        raise Problem("E_FORM_XLSFORM", detail="not a .xlsx, .xls, .md or .csv file")
    try:
        from pyxform.xls2json_backends import get_xlsform
    except ImportError:
        raise Problem("E_FORM_PYXFORM") from None
    data = _bytes(source)
    with _mistakes_of_the_sheet():
        found = get_xlsform(io.BytesIO(data), file_type=kind)
        return Workbook({each.name: getattr(found, each.name) for each in fields(found)})


def to_xform(source: Path | bytes, suffix: str | None = None) -> XformResult:
    """Converts a sheet. Takes and raises what `read_workbook` does, and E_FORM_XLSFORM when it has a mistake."""
    return read_workbook(source, suffix).xform()


def _external_lists(table: str) -> str:
    """The sheet external_choices as instances in the form itself, so that the form needs no file itemsets.csv."""
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(table)):
        cells = "".join(
            f"<{name}>{escape(value or '')}</{name}>"
            for name, value in row.items()
            if name and name != "list_name" and _COLUMN.fullmatch(name)
        )
        found.setdefault(row.get("list_name") or "", []).append(f"<item>{cells}</item>")
    return "".join(
        f"<instance id={quoteattr(name)}><root>{''.join(each)}</root></instance>" for name, each in found.items()
    )


@contextmanager
def _mistakes_of_the_sheet() -> Iterator[None]:
    """What pyxform, openpyxl, xlrd or csv raise on a damaged sheet: it is the sheet that is at fault."""
    from pyxform.errors import PyXFormError

    try:
        yield
    except PyXFormError as error:
        raise Problem("E_FORM_XLSFORM", detail=_one_line(str(error))) from None
    except Exception as error:
        raise Problem("E_FORM_XLSFORM", detail=f"the sheet cannot be read ({type(error).__name__})") from None


def _places(survey: Sequence[Mapping[str, object]]) -> Places:
    paths: dict[str, int] = {}
    names: dict[str, int] = {}
    around: list[str] = []
    for row, cells in enumerate(survey, start=2):
        found = {str(key).strip().lower(): str(value).strip() for key, value in cells.items()}
        kind, name = found.get("type", "").replace("_", " ").lower(), found.get("name", "")
        if kind.startswith("end ") and around:
            around.pop()
        elif name:
            paths.setdefault("/".join((*around, name)), row)
            names.setdefault(name, row)
            if kind.startswith("begin "):
                around.append(name)
    return Places(paths, names)


def _bytes(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            raise Problem("E_FORM_XLSFORM", detail="the file cannot be read") from None
    if len(data) > MAX_BYTES:
        raise Problem("E_FORM_XLSFORM", detail="the file is larger than 16 MiB")
    return data


def _one_line(message: str) -> str:
    return " ".join(message.split())[:500]
