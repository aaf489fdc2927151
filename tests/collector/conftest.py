"""A field machine that an office has enrolled, and the clock that both go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.field import Field
from tests.helpers.mission import Office, SetClock, enrolled_field


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def field(tmp_path: Path, office: Office, clock: SetClock) -> Iterator[Field]:
    opened = enrolled_field(tmp_path / "home", office, clock=clock)
    yield opened
    opened.close()
