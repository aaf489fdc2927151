"""A real enrolled home with the shipped form, opened by a real shell with a standing clock and known record codes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from collector import codes
from collector.field import Field
from collector.packs import FormSource
from schemas.xform import parse_form
from tests.helpers import mission
from tests.helpers.mission import PASSPHRASE, Office, SetClock
from tests.tui.pictures import plain_pictures as plain_pictures
from tui import locale
from tui.screens.interview.screen import InterviewScreen
from tui.screens.profiles import FieldProfile
from tui.screens.shell import Shell
from tui.theme import DARK
from tui.widgets.account import Account

Run = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, UTC, record codes that count, and a terminal that shows everything."""
    numbers = iter(range(1, 10_000))
    monkeypatch.setattr(codes, "draw", lambda: f"{next(numbers):012d}".replace("0", "K")[-12:])
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tui.screens.transfer.READING_SECONDS", 0.0)  # a test knows what stands there
    for held in ("READING_SECONDS", "FIRST_REPEAT_SECONDS", "NEXT_REPEAT_SECONDS"):
        monkeypatch.setattr(f"tui.screens.interview.reading.{held}", 0.0)
    monkeypatch.setattr(Button, "_start_active_affect", lambda _button: None)  # for 0.2 s it takes no second press
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    time.tzset()
    locale.set_language("en")
    yield
    locale.set_language("en")


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that the office has enrolled, with the shipped form; tests get a copy."""
    home = tmp_path_factory.mktemp("tui") / "home"
    xml = resources.files("schemas.forms").joinpath("forced-conscription.xml").read_bytes()
    form = parse_form(xml)
    office = Office(forms=[FormSource(form.id, form.version, xml)], seed=b"tui")
    field = mission.new_field(home)
    request, _fingerprint = field.request()
    field.accept_pack(office.pack_for(request), office.fingerprint)
    field.close()
    return home


@pytest.fixture
def home(enrolled: Path, tmp_path: Path) -> Path:
    """A copy of the enrolled home."""
    place = tmp_path / "home"
    shutil.copytree(enrolled, place)
    return place


def shell_of(home: Path, clock: Callable[[], float] | None = None) -> Shell:
    """A shell in the dark colours, its vault's clock standing."""
    shell = Shell(home, "field", **({} if clock is None else {"clock": clock}))
    shell.profile = FieldProfile(SetClock())
    shell.theme = DARK.name
    return shell


async def until(pilot: Pilot[Any], reached: Callable[[], bool]) -> None:
    """Let the program go on until something is so; fail if it never is."""
    for _turn in range(2_000):
        if reached():
            await pilot.pause()
            return
        await pilot.pause(0.005)
    raise AssertionError(f"never reached; there stands:\n{seen(pilot.app)}")


async def unlock(pilot: Pilot[Any], passphrase: str = PASSPHRASE) -> None:
    """Give the passphrase and wait for the list."""
    await pilot.pause()
    pilot.app.screen.query_one("#passphrase", Input).value = passphrase
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.opened is not None)  # type: ignore[attr-defined]


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type text, character by character."""
    names = {" ": "space", "-": "minus", ".": "full_stop", "~": "tilde", "/": "slash", ":": "colon", "_": "underscore"}
    await pilot.press(*(names.get(char, char) for char in text))


async def begin(pilot: Pilot[Any]) -> InterviewScreen:
    """Unlock and begin an interview."""
    await unlock(pilot)
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(pilot.app.screen, InterviewScreen) and pilot.app.screen.card.node is not None)
    screen = pilot.app.screen
    assert isinstance(screen, InterviewScreen)
    return screen


CONSENTED = (
    ("a_setting", "account_depth", "full_account"),
    ("a_setting", "depth_reason", "S-02"),
    ("a_setting", "interview_mode", "in_person"),
    ("b_safety", "privacy_ok", "yes"),
    ("b_safety", "age_gate", "adult"),
    ("b_safety", "capacity_ok", "yes"),
    ("b_safety", "risk_level", "low"),
    ("b_safety", "selfincrim_status", "explained_proceed"),
    ("b_safety", "proceed_decision", "proceed_full"),
    ("c_consent", "consent_interview", "yes"),
    ("c_consent", "consent_audio", "yes"),
    ("c_consent", "consent_store", "yes"),
    ("c_consent", "consent_withdrawal_explained", "yes"),
)


def consent(screen: InterviewScreen) -> None:
    """Give the answers that open all sections."""
    for section, name, value in CONSENTED:
        screen.changed(screen.interview.answer((section, name), value))
    method = screen.interview.session.node(("c_consent", "consent_method")).choices[0].value
    screen.changed(screen.interview.answer(("c_consent", "consent_method"), method))
    screen.changed(screen.interview.answer(("d_account", "narrative_text"), "They came in the evening."))


async def account_of(pilot: Pilot[Any], screen: InterviewScreen) -> Account:
    """The free account, where one types now; all sections are open."""
    consent(screen)
    screen.go(("d_account", "narrative_text"))
    await pilot.pause()
    return screen.query_one(Account)


def seen(shell: Shell) -> str:
    """The words on the screen."""
    strips = shell.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def reopened(home: Path) -> Field:
    """The home as another process would find it."""
    return Field.open(home, PASSPHRASE, clock=SetClock())
