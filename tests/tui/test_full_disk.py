"""A disk that is full while somebody types: a line that takes no key; nothing is lost, and it is saved at last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from schemas.problems import Problem
from tests.tui.conftest import begin, consent, reopened, seen, shell_of, type_text, until
from tui.screens.interview import answering
from tui.screens.problem import ProblemDialog
from tui.widgets.account import Account

ACCOUNT = ("d_account", "narrative_text")


class Disk:
    """Refuses every transaction while it is full."""

    def __init__(self, field: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        free = field.vault.db.transaction

        @contextmanager
        def transaction() -> Iterator[None]:
            if self.full:
                raise Problem("E_DISK_FULL", error="SQLITE_FULL")
            with free():
                yield

        monkeypatch.setattr(field.vault.db, "transaction", transaction)


async def test_typing_on_a_full_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SAVE_SECONDS", 0.05)
    monkeypatch.setattr(answering, "LONGEST_SECONDS", 0.1)
    shell = shell_of(home)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        consent(screen)
        screen.go(ACCOUNT)
        await pilot.pause()
        disk = Disk(shell.field, monkeypatch)
        disk.full = True
        await type_text(pilot, "first")
        await until(pilot, lambda: "Not saved yet" in seen(shell))
        await type_text(pilot, "second")
        await pilot.pause(0.4)
        assert shell.screen is screen
        assert screen.query_one(Account).text.endswith("firstsecond")
        assert "Not saved yet" in seen(shell)
        assert "E_DISK_FULL" in seen(shell)
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(shell.screen, ProblemDialog))
        await pilot.press("escape")
        await until(pilot, lambda: shell.screen is screen)
        disk.full = False
        await until(pilot, lambda: "Not saved yet" not in seen(shell))
        code = screen.interview.code
        shell.exit()
    with reopened(home) as field:
        draft = field.open_interview(code)
        assert str(draft.session.node(ACCOUNT).value).endswith("firstsecond")
