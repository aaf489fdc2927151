"""What pictures of screens share: sizes, languages, colourless fonts, and a look for words that have no room."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partialmethod
from typing import Any

import pytest
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from tui import locale
from tui.widgets.keybar import KeyBar
from tui.widgets.titlebar import TitleBar

Step = Callable[[Pilot[Any]], Awaitable[None]]
SIZES = [(80, 24), (120, 40)]
both_sizes = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
every_language = pytest.mark.parametrize("language", locale.languages())


def picture_of(steps: list[Step]) -> Any:
    """Each of these steps, by its name."""
    return pytest.mark.parametrize("step", steps, ids=lambda step: step.__name__)


@pytest.fixture
def plain_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich's pictures name fonts on a host, ours use what the machine has; its sticks belong in no picture."""
    plain = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    monkeypatch.setattr(Console, "export_svg", partialmethod(Console.export_svg, code_format=plain))
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.receipts.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.desk.inbox.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.interview.files.mounted_sticks", list)


def still(step: Step, *, whole: bool = True) -> Step:
    """The step, then a moment for what it began; no cursor blinks. `whole`: then every word must have had its room."""

    async def run(pilot: Pilot[Any]) -> None:
        await step(pilot)
        await pilot.pause()
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause()
        cut = list(cut_off(pilot.app.screen))
        assert not (whole and cut), cut

    return run


def cut_off(screen: Screen[Any]) -> Iterator[str]:
    """The words of our own widgets that are cut by the edge of the screen or of the widget around them."""
    for widget in screen.query("*").results(Widget):
        if widget.is_on_screen and widget.display and (said := _cut(widget)):
            yield f"{type(widget).__name__}#{widget.id}: {said}"


def _cut(widget: Widget) -> str:
    if isinstance(widget, Button):
        label = str(widget.label)
        return label if cell_len(label) > widget.content_size.width else ""
    if isinstance(widget, TitleBar):
        texts = [str(label.content) for label in widget.query(Static) if label.display]
        return "".join(texts) if sum(map(cell_len, texts)) > widget.content_size.width else ""
    if isinstance(widget, KeyBar):
        rows = str(widget.render()).split("\n")
        return next((row for row in rows if cell_len(row) > widget.content_size.width), "")
    if isinstance(widget, Static) and widget.content_size.area:
        return _cut_text(widget)
    return ""


def _cut_text(widget: Static) -> str:
    """Text that needs more rows than it has, or stands beyond what the widget around it shows and can scroll to."""
    text = str(widget.visual) if not isinstance(widget.content, str) else widget.content
    needed = widget.get_content_height(widget.container_size, widget.app.size, widget.content_size.width)
    if needed > widget.content_size.height:
        return text
    around = widget.parent
    if not isinstance(around, Widget) or isinstance(around, TitleBar):
        return ""
    inner, region, styles = around.content_region, widget.region, around.styles
    beside = styles.overflow_x == "hidden" and (region.x < inner.x or region.right > inner.right)
    beneath = styles.overflow_y == "hidden" and (region.y < inner.y or region.bottom > inner.bottom)
    return text if beside or beneath else ""
