"""Keys and clicks are handled one after the other, however fast they come.

The rule: what a key or a click does on the screen has been done before the next one is looked at. By itself Textual
hands a key to what has the focus, runs its binding when it has come back up from there, and lets a key whose binding
has priority overtake it on the way. On a slow machine an answer would then stand under the question that the later key
led to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input

LOOK_SECONDS = 0.005
LOOKS = 200
"""So often is looked whether everything has come to the end of its messages; then the keys go on without it."""
ORDERED = events.Key | events.Paste | events.MouseDown | events.MouseUp


class Handled(NamedTuple):
    """Where an event went first and what is above that, and the screen that was shown."""

    way: list[DOMNode]
    screen: Screen[Any] | None


class KeyOrder:
    """Hands input to `deliver`: what is `ORDERED` when the one before it has passed, a moving pointer between them.

    Passed: it has come up from where it went to the application, so have the messages that its binding sent from the
    focus, and a screen that it brought has been drawn. Threads and timers that it began are not waited for.
    """

    def __init__(self, app: App[Any], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app, self._deliver = app, deliver
        self._waiting: deque[events.Event] = deque()
        self._typing: DOMNode | None = None
        self._handled: Handled | None = None
        self._passing: asyncio.Task[None] | None = None
        self._looks, self._hangs = LOOKS, False
        self.under_way = False

    async def take(self, event: events.Event) -> None:
        """Handle it now, or after those that came before."""
        if not self._waiting and self._free(event):
            await self._handle(event)
            return
        if isinstance(event, events.MouseMove) and self._waiting and isinstance(self._waiting[-1], events.MouseMove):
            self._waiting.pop()
        self._waiting.append(event)

    async def _handle(self, event: events.Event) -> None:
        if not isinstance(event, ORDERED):
            await self._deliver(event)
            return
        handled = Handled(list(self._target(event).ancestors_with_self), self._screen())
        self.under_way, self._typing = True, self._editor(event)
        try:
            await self._deliver(event)
        finally:
            self._handled = handled
            if self._passed:
                self._passing = asyncio.create_task(self._pass())

    async def _next(self) -> None:
        try:
            while self._waiting and self._free(self._waiting[0]):
                await self._handle(self._waiting.popleft())
        finally:
            if self._passed:
                self._go_on()

    def _go_on(self) -> None:
        """With those that wait, or rest."""
        if not (self._waiting and self._app.call_later(self._next)):
            self.under_way, self._hangs, self._typing = False, False, None

    @property
    def _passed(self) -> bool:
        return self._passing is None or self._passing.done()

    def _free(self, event: events.Event) -> bool:
        """Whether it need not wait. Text behind text for one editor keeps its order by itself."""
        if self._passed or not isinstance(event, ORDERED):
            return True
        return self._typing is not None and self._typing is self._editor(event)

    # where it goes

    def _screen(self) -> Screen[Any] | None:
        with contextlib.suppress(ScreenStackError):
            return self._app.screen
        return None

    def _focus(self) -> DOMNode:
        return self._app.focused or self._screen() or self._app

    def _target(self, event: events.Event) -> DOMNode:
        """Where it goes first."""
        if isinstance(event, events.MouseEvent):
            with contextlib.suppress(NoWidget, ScreenStackError):
                return self._app.mouse_captured or self._app.get_widget_at(event.x, event.y)[0]
        return self._focus()

    def _editor(self, event: events.Event) -> DOMNode | None:
        """What takes it as text."""
        focus = self._focus()
        text = isinstance(event, events.Key) and event.is_printable
        return focus if text and (isinstance(focus, Input) or getattr(focus, "TAKES_TEXT", False)) else None

    # until it has passed

    async def _pass(self) -> None:
        try:
            while self._handled is not None:
                handled, self._handled, self._looks = self._handled, None, LOOKS
                await self._through(handled.way)
                await self._through(self._focus().ancestors_with_self)
                await self._drawn(handled.screen)
        finally:
            self._go_on()

    async def _through(self, way: Iterable[DOMNode]) -> None:
        for pump in way:
            await self._behind(pump, pump.call_later)

    async def _drawn(self, before: Screen[Any] | None) -> None:
        """Another screen is there: what it does when it is drawn for the first time comes before the next key."""
        screen = self._screen()
        if screen is not None and screen is not before:
            await self._behind(screen, screen.call_after_refresh)
            await self._behind(self._app, self._app.call_later)

    async def _behind(self, pump: MessagePump, send: Callable[[Callable[[], None]], bool]) -> None:
        """Wait for a message that stands behind all others there; once something hung, for no more."""
        passed = asyncio.Event()
        if self._hangs or not send(passed.set):
            return
        while self._looks and not (passed.is_set() or pump._closing or pump._closed):
            try:
                await asyncio.wait_for(passed.wait(), LOOK_SECONDS)
            except TimeoutError:
                self._looks -= 1
        self._hangs = not self._looks
