"""Each test of the contract runs over each back end, in an event loop of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.receiver.contract.backends import BACKENDS, Place


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A back end that nobody has used."""
    return request.param(request, tmp_path)
