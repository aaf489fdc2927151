"""What never leaves the process: no clipboard, no title, no log, no words in a crash report."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.conftest import begin, consent, shell_of
from tui.screens.problem import coded
from tui.screens.shell import Shell


def test_an_unforeseen_error_shows_nothing_of_its_words() -> None:
    try:
        raise ValueError("the witness said")
    except ValueError as error:
        problem = coded(error)
    assert problem.code == "E_INTERNAL"
    assert "witness" not in f"{problem.what}{problem.safe}{problem.remedy}{problem.facts}"
    assert "tests.tui.test_privacy" in problem.what


async def crash(shell: Shell, said: io.StringIO) -> None:
    """Run the shell into an error that nothing foresaw."""

    def fail() -> None:
        testimony = "the witness said"
        raise RuntimeError(testimony)

    async with shell.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shell.error_console.file = said
        shell.call_later(fail)
        await pilot.pause()


async def test_a_crash_prints_no_local_variables(home: Path) -> None:
    said = io.StringIO()
    with pytest.raises(RuntimeError):
        await crash(shell_of(home), said)
    assert "E_INTERNAL" in said.getvalue()
    assert "witness" not in said.getvalue()


async def test_nothing_is_written_to_the_clipboard_or_the_title_of_the_terminal(home: Path) -> None:
    shell = shell_of(home)
    written: list[str] = []
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await begin(pilot)
        driver = shell._driver
        assert driver is not None
        driver.write = written.append  # type: ignore[method-assign]  # listening to the real driver
        consent(screen)
        screen.go(("d_account", "narrative_text"))
        await pilot.press(*"таємне", "ctrl+a", "ctrl+c", "ctrl+x", "ctrl+v", "ctrl+t")
        screen.go(("a_setting", "documenter_code"))
        await pilot.press(*"код", "shift+home", "ctrl+c", "ctrl+x", "ctrl+v")
        await pilot.pause()
    sent = "".join(written)
    for forbidden in ("\x1b]52", "\x1b]0;", "\x1b]1;", "\x1b]2;"):
        assert forbidden not in sent


def test_switches_of_textual_in_the_environment_have_no_effect() -> None:
    script = (
        "import os, tui.app as app; app._forget_textual_switches();import textual.constants as c; print(c.LOG_FILE, "
        "c.SCREENSHOT_DELAY, [n for n in os.environ if 'TEXTUAL' in n])"
    )
    environment = {**os.environ, "TEXTUAL_LOG": "keys.log", "TEXTUAL_SCREENSHOT": "1", "TEXTUAL": "devtools"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None -1 []"


def test_the_first_screen_loads_no_engine_and_no_vault() -> None:
    script = "import sys, tui.app, tui.screens.shell; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {
        name for name in loaded if name.split(".")[0] in ("collector", "sync", "pyxform", "elementpath", "nacl")
    }
    assert "schemas.session" not in loaded
