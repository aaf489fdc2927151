"""A skipped test is said loudly, and under CI=true it fails the run: what was not run has not passed."""

from __future__ import annotations

import os

import pytest

_skipped: list[str] = []


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _skipped.append(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    worker = hasattr(session.config, "workerinput")
    strict = os.environ.get("CI", "").lower() == "true"
    if _skipped and strict and not worker and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _skipped:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for line in sorted(set(_skipped)):
        terminalreporter.line(line)
    if os.environ.get("CI", "").lower() == "true":
        terminalreporter.line("CI=true: a skipped test fails the run.", red=True, bold=True)
