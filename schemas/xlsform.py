"""XLSForm to XForm: the only module that imports pyxform, and only when a spreadsheet is converted.

The field never converts: forms travel as XForms in mission packs. pyxform writes parts of the sheet into its messages;
forms hold no testimony, so these messages may be shown.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from schemas.problems import Problem

MAX_BYTES = 16 * 1024 * 1024
SUFFIXES = (".xlsx", ".xls", ".md", ".csv")


@dataclass(frozen=True, slots=True)
class XformResult:
    """The XForm as UTF-8 XML, and what pyxform warned of."""

    xml: bytes
    warnings: tuple[str, ...]


def to_xform(source: Path | bytes, suffix: str | None = None) -> XformResult:
    """Converts a sheet, from a file or from its bytes; `suffix` is .xlsx, .xls, .md or .csv, by default the file's own.

    Raises E_FORM_XLSFORM when the sheet has a mistake, E_FORM_PYXFORM when the converter is not installed.
    """
    kind = (suffix or (source.suffix if isinstance(source, Path) else "")).lower()
    if kind not in SUFFIXES:
        raise Problem("E_FORM_XLSFORM", detail="not a .xlsx, .xls, .md or .csv file")
    try:
        from pyxform.errors import PyXFormError
        from pyxform.xls2xform import convert
    except ImportError:
        raise Problem("E_FORM_PYXFORM") from None
    data = _bytes(source)
    try:
        found = convert(io.BytesIO(data), file_type=kind, warnings=[])
    except PyXFormError as error:
        raise Problem("E_FORM_XLSFORM", detail=_one_line(str(error))) from None
    except Exception as error:
        # whatever openpyxl, xlrd, csv or pyxform raise on a damaged sheet: it is the sheet that is at fault
        raise Problem("E_FORM_XLSFORM", detail=f"the sheet cannot be read ({type(error).__name__})") from None
    return XformResult(found.xform.encode(), tuple(_one_line(each) for each in found.warnings))


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
