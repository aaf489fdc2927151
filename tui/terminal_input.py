"""What comes from the terminal: bytes that become keys, and text that was pasted.

The rule: no byte ends the program. What is no UTF-8 becomes the sign for that, as a terminal of another encoding sends
it with every letter. Pasted text is text, whatever stands in it: no control sequence in it becomes a key. A terminal
that has gone is a reason to leave, as if it had said so.
"""

from __future__ import annotations

import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterable, Iterator

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

BEGIN, END = "\x1b[200~", "\x1b[201~"
_BLOCK = 1 << 16
_WAIT = 0.1
_SHORTLY = 0.02
"""Seconds in which the rest of a sequence comes that the terminal sends at once."""


class Source:
    """Characters from the terminal become events; keys by Textual's parser, pasted text here."""

    def __init__(self) -> None:
        self._parser = XTermParser(False)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._pasted: list[str] | None = None
        self._last = ""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The events in these bytes and those before."""
        text, self._last = self._last + self._decode(data), ""
        while text:
            if self._pasted is None:
                text = yield from self._keys(text)
            else:
                text = yield from self._paste(self._pasted, text)

    def tick(self) -> Iterable[Message]:
        """The events that time makes: an Escape that nothing follows."""
        return self._parser.tick()

    @property
    def waits(self) -> bool:
        """Whether what came last may be the beginning of pasted text."""
        return bool(self._last) and self._pasted is None

    def wait_no_more(self) -> Iterable[Message]:
        """Nothing came for a moment: it was no beginning of pasted text."""
        held, self._last = self._last, ""
        return self._parser.feed(held)

    def _keys(self, text: str) -> Generator[Message, None, str]:
        keys, begin, rest = text.partition(BEGIN)
        if not begin:
            self._last = _start_of(BEGIN, keys)
            keys = keys[: len(keys) - len(self._last)]
        else:
            self._pasted = []
        if keys:
            yield from self._parser.feed(keys)
        return rest

    def _paste(self, pasted: list[str], text: str) -> Generator[Message, None, str]:
        inside, end, rest = text.partition(END)
        if not end:
            self._last = _start_of(END, inside)
            pasted.append(inside[: len(inside) - len(self._last)])
            return ""
        self._pasted = None
        yield events.Paste("".join((*pasted, inside)))
        return rest


def _start_of(mark: str, text: str) -> str:
    """The end of the text that may be the beginning of the mark; empty if it is none."""
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")


class Terminal(LinuxDriver):
    """The terminal of Linux and macOS, with this reading of its input."""

    def run_input_thread(self) -> None:
        """Read until the program leaves."""
        source = Source()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_SHORTLY if source.waits else _WAIT):
                    data = self._read()
                    if not data:
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    self._pass_on(source.feed(data))
                elif source.waits:
                    self._pass_on(source.wait_no_more())
                self._pass_on(source.tick())

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _BLOCK)
        except OSError:
            return b""

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
