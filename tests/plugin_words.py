"""Before the tests, catalogues that changed are compiled, so that nobody tests the words of yesterday."""

from __future__ import annotations

import pytest

import hatch_build


def pytest_configure(config: pytest.Config) -> None:
    """Once for a run: not in each of its workers."""
    if not hasattr(config, "workerinput") and hatch_build.stale():
        hatch_build.compile_all()
