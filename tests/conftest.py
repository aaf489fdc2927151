"""What every test shares: where the data beside the project lies, and a loud word when it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.plugin_skips", "tests.plugin_coroutines", "tests.plugin_words"]
REPO = Path(__file__).resolve().parent.parent


def shared_path(*parts: str) -> Path:
    """The path of data that lies beside the project (folder from SVIDOK_SHARED, else `shared` next to the project).

    Skips the test with a reason that names what is missing; fails it instead when CI=true.
    """
    path = Path(os.environ.get("SVIDOK_SHARED", REPO.parent / "shared")).joinpath(*parts)
    if path.exists():
        return path
    reason = f"MISSING TEST DATA: {path} (set SVIDOK_SHARED to the folder that holds {'/'.join(parts) or 'it'})"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder beside the project that holds designs, forms and samples."""
    return shared_path()
