"""What a person who makes forms wants to know of one: every mistake and warning with its place, and what is in it.

A mistake means that the form is refused whole; with warnings alone it works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.problems import Problem
from schemas.xform import Examined, examine
from schemas.xform_model import Definition, Form, Group, Question, Repeat, Text
from schemas.xlsform import Places, read_workbook

_ROW = re.compile(r"\[?row\s*:?\s*(\d+)\]?", re.IGNORECASE)
_COMPARTMENTS = ("identity", "narrative", "process")


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake (with its problem) or warning: what it says, the question, and where it stands in the workbook.

    `sheet` and `row` are None where nobody knows: for forms that are XForms, and for the form as a whole.
    """

    message: str
    question: str
    sheet: str | None
    row: int | None
    problem: Problem | None = None

    def as_dict(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        found: dict[str, Any] = {
            "message": self.message, "question": self.question, "sheet": self.sheet, "row": self.row,
        }  # fmt: skip
        if self.problem is not None:
            found |= {"code": self.problem.code, "do": self.problem.remedy}
        return found


@dataclass(frozen=True, slots=True)
class Report:
    """What checking a form came to. `form` and `xml` are None when there is a mistake."""

    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    form: Form | None = field(repr=False)
    xml: bytes | None = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The object that `--json` prints: ok, problems, warnings, and of a form that works its statistics."""
        found: dict[str, Any] = {
            "ok": self.form is not None,
            "problems": [each.as_dict() for each in self.problems],
            "warnings": [each.as_dict() for each in self.warnings],
        }
        if self.form is not None:
            found |= {"statistics": statistics(self.form), "compartments": compartments(self.form)}
        return found


def check_form(source: bytes, suffix: str, files: Mapping[str, bytes] | None = None) -> Report:
    """Checks a form: an XLSForm (.xlsx, .xls, .md, .csv) or an XForm (.xml). `files` are tables beside it by name."""
    if suffix.lower() in (".xml", ".xhtml"):
        return _report(examine(source, files), Places({}, {}), (), source)
    try:
        workbook = read_workbook(source, suffix)
        places, made = workbook.places(), workbook.xform()
    except Problem as problem:
        return Report((_of_sheet(problem),), (), None, None)
    return _report(examine(made.xml, files), places, made.warnings, made.xml)


def check_file(path: Path, files: Mapping[str, bytes] | None = None) -> Report:
    """As `check_form`, for a file. Raises E_FORM_XLSFORM when it cannot be read."""
    try:
        source = path.read_bytes()
    except OSError:
        raise Problem("E_FORM_XLSFORM", detail="the file cannot be read") from None
    return check_form(source, path.suffix, files)


def _report(found: Examined, places: Places, converted: tuple[str, ...], xml: bytes) -> Report:
    problems = tuple(_placed(each, places) for each in found.problems)
    warnings = [_of_message(each) for each in converted]
    for notice in found.notices:
        row = places.row(notice.question) if notice.question else None
        warnings.append(Finding(str(notice), notice.question, "survey" if row else None, row))
    if found.form is not None:
        warnings.extend(_untranslated(found.form))
    return Report(problems, tuple(warnings), found.form, xml if found.form is not None else None)


def _placed(problem: Problem, places: Places) -> Finding:
    question = str(problem.facts.get("question", "")) or str(problem.facts.get("questions", "")).partition(" ")[0]
    row = places.row(question, str(problem.facts.get("ref", "")))
    return Finding(problem.what, question, "survey" if row else None, row, problem)


def _of_sheet(problem: Problem) -> Finding:
    found = _of_message(problem.what)
    return Finding(problem.what, found.question, found.sheet, found.row, problem)


def _of_message(message: str) -> Finding:
    """The sheet and row that a message of the converter names in words."""
    match = _ROW.search(message)
    named = next((each for each in ("choices", "settings", "survey") if f"{each}'" in message.lower()), None)
    row = int(match[1]) if match else None
    return Finding(message, "", named or ("survey" if row else None), row)


def _untranslated(form: Form) -> Iterator[Finding]:
    """How many questions have no label in a language that others have."""
    if len(form.languages) < 2:
        return
    missing = Counter(
        language for each in form.nodes.values() for language in form.languages if _lacks(each.label, language)
    )
    for language in form.languages:
        if missing[language]:
            yield Finding(f"{missing[language]} labels are missing in {language}", "", None, None)


def _lacks(label: Text | None, language: str) -> bool:
    return label is not None and "" not in label.by_language and language not in label.by_language


def statistics(form: Form) -> dict[str, Any]:
    """What is in a form: its name, languages, numbers of questions by type, groups, repeats, choices, expressions."""
    nodes = list(form.root.walk())
    questions = [each for each in nodes if isinstance(each, Question)]
    return {
        "id": form.id,
        "version": form.version,
        "title": form.title,
        "languages": list(form.languages),
        "default_language": form.default_language,
        "questions": sum(each.fillable for each in questions),
        "types": dict(sorted(Counter(each.type for each in questions).items())),
        "groups": sum(isinstance(each, Group) and not isinstance(each, Repeat) for each in nodes),
        "repeats": sum(isinstance(each, Repeat) for each in nodes),
        "required": sum(each.required is not None for each in questions),
        "expressions": len(form.program.cells) - sum(not each.expressions for each in form.program.cells),
        "entities": [each.dataset for each in form.entities],
    }


def compartments(form: Form) -> dict[str, list[str]]:
    """The paths of the questions and calculations that each compartment receives."""
    found: dict[str, list[str]] = {each: [] for each in _COMPARTMENTS}
    for each in form.root.walk():
        if isinstance(each, Question) and each.type != "note":
            found[each.compartment].append(_path(each))
    return found


def _path(definition: Definition) -> str:
    return "/" + "/".join(definition.path)
