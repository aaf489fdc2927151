"""The forms that ship with the program, read from its own package and from nowhere else.

Every form stands here three times: as text (`source/*.csv`, what people edit and review), as an XLSForm workbook
(what an organisation opens in a spreadsheet program and changes), and as the XForm that pyxform makes of it (what a
mission carries, so that a field machine needs no converter). The first makes the other two, see `build.py`; tests hold
them equal.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["ShippedForm", "Translation", "load", "shipped_forms", "translations"]


@dataclass(frozen=True, slots=True)
class ShippedForm:
    """One form of the package: `form_id`, title in its languages, files. Nothing is read until asked for."""

    id: str
    title: str
    stem: str

    @property
    def workbook(self) -> Traversable:
        """The XLSForm (.xlsx), to copy out and open in a spreadsheet program."""
        return resources.files(__name__) / f"{self.stem}.xlsx"

    @property
    def xform(self) -> bytes:
        """The XForm (UTF-8 XML) that a mission pack carries."""
        return (resources.files(__name__) / f"{self.stem}.xml").read_bytes()


_SHIPPED = (ShippedForm("testimony_conscription", "Forced conscription · Примусовий призов", "forced-conscription"),)


def shipped_forms() -> list[ShippedForm]:
    """All forms of this package, the one to offer first standing first."""
    return list(_SHIPPED)


def load(form_id: str) -> bytes:
    """The XForm of the shipped form `form_id`.

    Raises KeyError for an id that does not ship: ids are the program's own words, not somebody's input.
    """
    for form in _SHIPPED:
        if form.id == form_id:
            return form.xform
    raise KeyError(form_id)


@dataclass(frozen=True, slots=True)
class Translation:
    """One language of the shipped forms and gates: `English (en)`, and whether a native speaker has reviewed it."""

    language: str
    state: str
    reviewed_by: str
    reviewed_on: str
    remark: str

    @property
    def awaiting(self) -> bool:
        """Whether the words of this language still wait for a native reviewer."""
        return self.state != "original" and not self.reviewed_by


def translations() -> list[Translation]:
    """The languages as `source/translations.csv` has them: the one place that says what was reviewed."""
    table = (resources.files(__name__) / "source" / "translations.csv").read_text("utf-8")
    return [Translation(**row) for row in csv.DictReader(table.splitlines())]
