"""What the commands of `svidok form` say to people: plain lines, the same facts as their JSON."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from schemas.form_check import compartments, statistics

if TYPE_CHECKING:
    from schemas.form_check import Finding, Report
    from schemas.xform import Form

_MARGIN = "    "


def _head(text: str) -> str:
    return click.style(text, bold=True)


def _wrapped(text: str, first: str = _MARGIN, then: str = _MARGIN + "  ") -> Iterator[str]:
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))
    yield from textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    ) or [first.rstrip()]


# --- check


def check_lines(report: Report) -> Iterator[str]:
    """Mistakes and warnings with their places, then what is in the form."""
    if report.problems:
        yield click.style(f"{_many(len(report.problems), 'mistake')}: the form is refused.", fg="red", bold=True)
        for finding in report.problems:
            yield from _finding(finding)
    if report.warnings:
        yield _head(_many(len(report.warnings), "warning"))
        for finding in report.warnings:
            yield from _finding(finding)
    if report.form is not None:
        if not report.warnings:
            yield click.style("No mistakes, no warnings.", fg="green", bold=True)
        yield from _statistics(report.form)
        yield from _compartments(report.form)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _finding(finding: Finding) -> Iterator[str]:
    place = ", ".join(
        part
        for part in (
            f"sheet {finding.sheet}" if finding.sheet else "",
            f"row {finding.row}" if finding.row else "",
            finding.question,
        )
        if part
    )
    code = f" [{finding.problem.code}]" if finding.problem is not None else ""
    message = finding.message.removeprefix(f"{finding.question}: ") if finding.question else finding.message
    yield from _wrapped(f"{place or 'the form'}: {message}{code}", "  ", _MARGIN)
    if finding.problem is not None:
        yield from _wrapped(finding.problem.remedy, _MARGIN, _MARGIN)


def _statistics(form: Form) -> Iterator[str]:
    found = statistics(form)
    yield _head(f"{found['title'] or found['id']} ({found['id']}, version {found['version'] or '-'})")
    counts = [_many(found[each], each[:-1]) for each in ("questions", "groups", "repeats", "expressions")]
    yield from _wrapped(f"{', '.join(counts)}; {found['required']} required")
    yield from _wrapped("types: " + ", ".join(f"{name} {count}" for name, count in found["types"].items()))
    own = found["default_language"]
    languages = [f"{each} (default)" if each == own else each for each in found["languages"]]
    yield from _wrapped("languages: " + (", ".join(languages) or "one, without a name"))


def _compartments(form: Form) -> Iterator[str]:
    """The names of what goes into each compartment, by section."""
    for name, paths in compartments(form).items():
        yield _head(f"{name} receives {len(paths)}")
        split = [path.strip("/").rpartition("/") for path in paths]
        for section, parts in groupby(split, key=lambda each: each[0]):
            start = f"{section}: " if section else ""
            yield from _wrapped(start + ", ".join(each[2] for each in parts))


# --- run


def run_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What a run came to: of a script what failed, else every answer; then what stands against them."""
    if "steps" in result:
        yield from _refused(result["problems"])
        yield from _script_lines(result)
        return
    yield _head(f"{result['form']}, version {result['version'] or '-'}, {result['language'] or 'one language'}")
    yield from _answers(result["nodes"], result["files"])
    yield from _refused(result["problems"])
    issues = result["issues"]
    if issues:
        yield _head(f"{_many(len(issues), 'answer')} to look at")
        for issue in issues:
            yield from _wrapped(f"{issue['path']}: {issue['message']}", "  ", _MARGIN)
    for gate in result["gates"]:
        yield from _wrapped(f"gate {gate['gate']} ({gate['effect']}): {gate['text']}", "  ", _MARGIN)
    if not issues and not result["problems"]:
        yield click.style("Nothing stands against these answers.", fg="green", bold=True)


def _answers(nodes: Mapping[str, Mapping[str, Any]], named: Mapping[str, str]) -> Iterator[str]:
    shown = {path: row for path, row in nodes.items() if row.get("value") not in (None, "", []) and row["relevant"]}
    width = min(max(map(len, shown), default=0), 50)
    for path, row in shown.items():
        value = row["value"]
        if isinstance(value, Mapping) and "attachment" in value:
            value = {"file": named.get(value["attachment"], value["attachment"])}
        yield from _wrapped(f"{path:<{width}}  {_text(value)}", "  ", " " * (width + 4))


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _script_lines(result: Mapping[str, Any]) -> Iterator[str]:
    failures: Sequence[Mapping[str, Any]] = result["failures"]
    for each in failures:
        yield from _wrapped(f"step {each['step']}, {each['path']}: {_failure(each)}", "  ", _MARGIN)
    count = _many(result["steps"], "step")
    if failures:
        wrong = len({each["step"] for each in failures})
        yield click.style(f"{count}, {wrong} of them not as written.", fg="red", bold=True)
    else:
        yield click.style(f"{count}, all as written.", fg="green", bold=True)


def _failure(failure: Mapping[str, Any]) -> str:
    wanted, found = failure["wanted"], failure["found"]
    if failure["what"] == "problem":
        if wanted is None:
            return f"it was refused with {found}"
        return f"it should be refused with {wanted}, but " + ("was taken" if found is None else f"was with {found}")
    return f"{failure['what']} should be {_text(wanted) or 'empty'}, and is {_text(found) or 'empty'}"


def _refused(problems: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if problems:
        yield click.style(f"{_many(len(problems), 'answer')} refused", fg="red", bold=True)
    for each in problems:
        yield from _wrapped(f"{each['what']} {each['do']} [{each['code']}]", "  ", _MARGIN)


# --- eval, export


def value_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each expression and what it gives, or why it gives nothing."""
    for each in found:
        yield _head(str(each["expr"]))
        if "problem" in each:
            yield from _wrapped(click.style(f"! {each.get('what', '')} [{each['problem']}]", fg="red"))
        elif each["type"] == "nodeset":
            yield f"{_MARGIN}{_many(len(each['value']), 'node')}"
            for number, text in enumerate(each["value"], start=1):
                yield from _wrapped(f"{number}. {text}", _MARGIN + "  ", _MARGIN + "    ")
        else:
            yield from _wrapped(f"{each['type']} {_text(each['value'])}")


def export_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What was written, and what belongs beside it."""
    yield f"The submission of {result['form']}, version {result['version'] or '-'}, is {result['odk']}."
    if not result["valid"]:
        yield "Not everything in it fits the form: svidok form run shows what."
    if result["files"]:
        yield "These files belong to it:"
        yield from (f"  {name}  ({place})" for name, place in result["files"].items())
