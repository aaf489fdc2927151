"""The bottom line: every key that does something now, in the language in use.

The rule: it shows what the bindings say and nothing else, so that a key which cannot be used is not offered. What
does not fit at all stays reachable through F1; then the line ends with a sign that there is more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.locale import _

if TYPE_CHECKING:
    from textual.screen import Screen

ROWS = 2
# Help, lock, clock and the way back never fall off the line.
ORDER = {"f1": -4, "f4": -3, "f10": -2, "escape": -1, "f2": 1, "ctrl+p": 2, "ctrl+q": 3}
GAP = 2
MORE = "…"
_SHORT = {
    "escape": "Esc", "enter": "⏎", "space": "Space", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "delete": "Del", "insert": "Ins", "plus": "+", "minus": "-", "slash": "/", "question_mark": "?",
    "pageup": "PgUp", "pagedown": "PgDn", "tab": "Tab", "shift+tab": "⇧Tab", "shift+up": "⇧↑", "shift+down": "⇧↓",
    "home": "Home", "end": "End", "backspace": "Bksp",
}  # fmt: skip


def key_name(key: str) -> str:
    """How a key is written for people: F1, ^L, Esc."""
    first = key.split(",")[0]
    if first.startswith("ctrl+"):
        return "^" + key_name(first[5:]).capitalize()
    if first.startswith("alt+"):
        return "Alt-" + key_name(first[4:])
    return _SHORT.get(first, first.upper() if first[:1] == "f" and first[1:].isdigit() else first)


def shown_keys(screen: Screen[Any]) -> list[tuple[str, Binding]]:
    """(names of keys, binding) of everything that is offered now; keys of one action stand together."""
    offered = [active.binding for active in screen.active_bindings.values() if active.binding.show and active.enabled]
    together: dict[str, list[Binding]] = {}
    for binding in offered:
        together.setdefault(binding.action, []).append(binding)
    named = [
        ("/".join(dict.fromkeys(key_name(binding.key) for binding in group)), group[0]) for group in together.values()
    ]
    return sorted(named, key=lambda pair: ORDER.get(pair[1].key, 0))


def all_keys(screen: Screen[Any]) -> list[tuple[str, Binding]]:
    """As `shown_keys`, with the keys of our own classes that have no room in the line."""
    ours: set[tuple[str, str]] = set()
    for active in screen.active_bindings.values():
        for cls in type(active.node).__mro__:
            if cls.__module__.startswith("tui."):
                ours |= {
                    (binding.key, binding.action)
                    for binding in vars(cls).get("BINDINGS", ())
                    if isinstance(binding, Binding) and binding.description
                }
    named = [
        (key_name(active.binding.key), active.binding)
        for active in screen.active_bindings.values()
        if active.enabled and not active.binding.show
        if any(active.binding.key in key.split(",") and active.binding.action == action for key, action in ours)
    ]
    return [*shown_keys(screen), *named]


class KeyBar(Widget):
    """Keys and what they do; a click does the same as the key."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: auto; max-height: 2; padding: 0 1; background: $panel; color: $muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[list[tuple[str, str, str]]] = [[]]
        self._width = 0
        self._more = False

    def on_mount(self) -> None:
        """Draw again whenever what can be done changes."""
        self.screen.bindings_updated_signal.subscribe(self, self._again)

    def _again(self, _screen: Screen[Any]) -> None:
        if self._width:
            before = self._more
            rows = self._rows(self._width)
            if rows != self._shown or self._more != before:
                grown = len(rows) != len(self._shown)
                self._shown = rows
                self.refresh(layout=grown)

    def _rows(self, width: int) -> list[list[tuple[str, str, str]]]:
        rows: list[list[tuple[str, str, str]]] = [[]]
        used, self._more = 0, False
        for key, binding in shown_keys(self.screen):
            text = _(binding.description)
            cells = cell_len(key) + 1 + cell_len(text)
            if rows[-1] and used + GAP + cells > width:
                if len(rows) == ROWS:
                    self._more = True
                    if used + 1 + cell_len(MORE) > width:
                        rows[-1].pop()
                    break
                rows.append([])
                used = 0
            used += cells + (GAP if rows[-1] else 0)
            rows[-1].append((key, text, binding.action))
        return rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row, or two when one is not enough."""
        if width != self._width:
            self._width, self._shown = width, self._rows(width)
        return len(self._shown)

    def render(self) -> Content:
        """The keys in one or two rows."""
        lines = [
            Content(" " * GAP).join(Content.assemble((key, "$accent"), " ", text) for key, text, _action in row)
            for row in self._shown
        ]
        if self._more:
            lines[-1] += f" {MORE}"
        return Content("\n").join(lines)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        place = event.get_content_offset(self)
        if place is None:
            return
        at = 0
        for key, text, action in self._shown[place.y] if place.y < len(self._shown) else []:
            end = at + cell_len(key) + 1 + cell_len(text)
            if at <= place.x < end:
                await self.run_key(action)
            at = end + GAP

    async def run_key(self, action: str) -> None:
        """Run the action of a key that is offered now, as the key itself would."""
        for active in self.screen.active_bindings.values():
            if active.binding.action == action and active.enabled:
                await self.app.run_action(action, active.node)
                return
