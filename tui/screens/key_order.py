"""Keys and clicks are handled one after the other, however fast they come.

The rule: what a key or a click does has been done before the next one is looked at. By itself Textual hands a key to
what has the focus, runs its binding when it has come back up from there, and lets a key whose binding has priority
overtake it on the way. On a slow machine an answer would then stand under the question that the later key led to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.widgets import Input

LOOK_SECONDS = 0.005
LOOKS = 200
"""So often is looked whether a widget has come to the end of its messages; then the keys go on without it."""


ORDERED = events.Key | events.Paste | events.MouseDown | events.MouseUp


class KeyOrder:
    """Hands `ORDERED` events to `deliver`, each when everything that the one before it set off has passed."""

    def __init__(self, app: App[Any], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app, self._deliver = app, deliver
        self._waiting: deque[events.Event] = deque()
        self._typing: DOMNode | None = None
        self._last: DOMNode | None = None
        self._passing: asyncio.Task[None] | None = None
        self.under_way = False

    async def take(self, event: events.Event) -> None:
        """Handle it now, or after those that came before."""
        if self.under_way and (self._waiting or not self._goes_on(event)):
            self._waiting.append(event)
        else:
            await self._handle(event)

    async def _handle(self, event: events.Event) -> None:
        self.under_way, self._typing = True, self._editor(event)
        target = self._target(event)
        try:
            await self._deliver(event)
        finally:
            self._last = target
            if self._passing is None or self._passing.done():
                self._passing = asyncio.create_task(self._pass())

    async def _next(self) -> None:
        await self._handle(self._waiting.popleft())
        while self._waiting and self._goes_on(self._waiting[0]):
            await self._handle(self._waiting.popleft())

    def _goes_on(self, event: events.Event) -> bool:
        """Whether it is text behind text, for the same editor: that keeps its order by itself."""
        return self._typing is not None and self._typing is self._editor(event)

    def _editor(self, event: events.Event) -> DOMNode | None:
        """What takes it as text."""
        focus = self._focus()
        text = isinstance(event, events.Key) and event.is_printable
        return focus if text and (isinstance(focus, Input) or getattr(focus, "TAKES_TEXT", False)) else None

    def _target(self, event: events.Event) -> DOMNode:
        """Where it goes first."""
        if isinstance(event, events.MouseEvent):
            with contextlib.suppress(NoWidget, ScreenStackError):
                return self._app.get_widget_at(event.x, event.y)[0]
        return self._focus()

    def _focus(self) -> DOMNode:
        try:
            return self._app.focused or self._app.screen
        except ScreenStackError:
            return self._app

    async def _pass(self) -> None:
        """Twice from the focus up to the application: the key itself, and what its binding told those above."""
        while self._last is not None:
            target, self._last = self._last, None
            await self._through(target)
            await self._through(self._focus())
        if not (self._waiting and self._app.call_later(self._next)):
            self.under_way = False

    async def _through(self, node: DOMNode) -> None:
        for pump in node.ancestors_with_self:
            passed = asyncio.Event()
            if pump.call_later(passed.set):
                await self._look(pump, passed)

    async def _look(self, pump: DOMNode, passed: asyncio.Event) -> None:
        for _look in range(LOOKS):
            if passed.is_set() or pump._closing or pump._closed:
                return
            try:
                await asyncio.wait_for(passed.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
