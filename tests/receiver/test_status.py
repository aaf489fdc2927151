"""What `status` says, and what it remarks on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sync.receiver import home as homes
from sync.receiver.local import open_local
from sync.receiver.status import LOW, SOON, STALE, Status, status
from tests.helpers.faults import nearly_full
from tests.receiver.contract.given import LATER, NOW, OFFICE, accepted, claim, finished
from tui.commands.receiver_reports import status_lines

URL = "https://receiver.example:8443"


@pytest.fixture
def home(tmp_path: Path) -> homes.ReceiverHome:
    """A receiver of this moment."""
    return homes.init(tmp_path / "r", URL, None, NOW)


def asked(home: homes.ReceiverHome, now: int = NOW, *, tokens: int = 4, volumes: int = 0) -> Status:
    async def run() -> Status:
        index, store = await open_local(home.folder)
        try:
            if tokens:
                await accepted(index, range(1, tokens + 1), expires=LATER)
            for number in range(1, volumes + 1):
                await finished(index, store, f"u{number}", claim(number), token_number=number)
            return await status(home, index, store, now)
        finally:
            await index.close()
            await store.close()

    return asyncio.run(run())


def test_all_is_well(home: homes.ReceiverHome) -> None:
    state = asked(home, volumes=2)
    assert (state.url, state.offices, state.tokens, state.volumes, state.oldest) == (URL, 1, 2, 2, NOW)
    assert state.warnings == ()
    assert state.as_dict()["health"] == "ok"
    assert len(state.certificates) == 2


@pytest.mark.parametrize(
    ("tokens", "volumes", "later", "word"),
    [(0, 0, 0, "accept"), (1, 1, 0, "newer list"), (4, 0, 5 * 365 * 86_400 - SOON + 1, "ends soon"),
     (4, 0, 5 * 365 * 86_400 + 1, "has ended"), (4, 1, STALE + 1, "waited")],
)  # fmt: skip
def test_what_a_person_should_look_at(
    home: homes.ReceiverHome, tokens: int, volumes: int, later: int, word: str
) -> None:
    state = asked(home, NOW + later, tokens=tokens, volumes=volumes)
    assert len(state.warnings) == 1
    assert word in state.warnings[0]
    assert state.as_dict()["health"] == "warning"
    assert any(line.startswith("! ") and word in line for line in status_lines(state, NOW + later))


def test_little_room_is_said(home: homes.ReceiverHome) -> None:
    with nearly_full(LOW - 1):
        assert asked(home).warnings == ("Little room is left.",)


def test_it_names_no_token_and_no_bundle(home: homes.ReceiverHome) -> None:
    shown = str(asked(home, volumes=1).as_dict())
    for secret in (claim(1).place.bid, OFFICE.root, OFFICE.desk):
        assert secret.hex() not in shown
