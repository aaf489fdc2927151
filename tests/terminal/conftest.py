"""Homes of the field as the screens' tests make them, and one with a draft that lacks only its free account."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collector import filling
from collector.field import Field
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.tui.conftest import enrolled, home
from tui.demo_interviews import interviews

__all__ = ["enrolled", "home"]
ACCOUNT = ("d_account", "narrative_text")
BEGUN = "It began in the spring."


@pytest.fixture(scope="session")
def begun_home(enrolled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One draft in English: answered, its account begun, the cursor at its end."""
    base = tmp_path_factory.mktemp("begun")
    home = Path(shutil.copytree(enrolled, base / "home"))
    told = next(each for each in interviews(8) if each.language == "en")
    for attachment in told.attachments:
        attachment.write(base)
    with Field.open(home, PASSPHRASE, clock=SetClock()) as field:
        draft = field.open_interview(filling.begin_filled(field, told.answers_in(base), folder=base))
        draft.answer(ACCOUNT, BEGUN)
        draft.keep(ACCOUNT)
        draft.close()
    return home


@pytest.fixture
def begun(begun_home: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(begun_home, tmp_path / "home"))
