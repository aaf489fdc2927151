"""The look for words without room sees what a person would miss."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widgets import Button, Label

from tests.tui.pictures import cut_off
from tui.widgets.titlebar import TitleBar

LONG = "Words that need far more room than this small screen of forty columns has for them"


class Sample(App[None]):
    """One widget of each kind, with these words."""

    sign = reactive("")
    CSS = "Button { width: 12; } .short { height: 1; } .wide { width: auto; }"

    def __init__(self, words: str, kind: str) -> None:
        super().__init__()
        self.words, self.kind = words, kind

    def get_css_variables(self) -> dict[str, str]:
        return {**super().get_css_variables(), "muted": "gray"}

    def compose(self) -> ComposeResult:
        with Vertical():
            if self.kind == "button":
                yield Button(self.words)
            elif self.kind == "title":
                yield TitleBar(self.words, "note")
            else:
                yield Label(self.words, classes=self.kind)


@pytest.mark.parametrize("kind", ["button", "title", "short", "wide"])
async def test_words_that_are_cut_are_found(kind: str) -> None:
    async with Sample(LONG, kind).run_test(size=(40, 10)) as pilot:
        (found,) = cut_off(pilot.app.screen)
        assert LONG in found
    async with Sample("Short", kind).run_test(size=(40, 10)) as pilot:
        assert list(cut_off(pilot.app.screen)) == []
