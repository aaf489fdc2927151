"""What an interview looks like at this moment, without any widget: sections, the lines of a section, where one can
stop.

The rule: after an answer only what the session names in its changes is asked for again. A *stop* is a place where the
cursor can stand: a question that a person answers, a closed entry of a repeat, or the line that adds one. Entries are
closed except the one in which the cursor stands. Questions that stand in no group make sections of their own: those
that follow each other are one, and the path of the first is its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from schemas import humane
from schemas.session_types import Node
from schemas.xform_model import Path, Question
from tui.locale import _
from tui.screens.interview.places import place_shown

if TYPE_CHECKING:
    from schemas.session import Session

ItemKind = Literal["question", "entry", "open-entry", "add", "text", "value"]
STOPS: tuple[ItemKind, ...] = ("question", "entry", "add")
RESERVED = ("unknown", "declined", "not_asked")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section. `path` of an `add` line is that of its repeat."""

    kind: ItemKind
    node: Node
    depth: int = 0

    @property
    def path(self) -> Path:
        """Where the item stands in the interview."""
        return self.node.path

    @property
    def stops(self) -> bool:
        """Whether the cursor can stand here."""
        return self.kind in STOPS


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the questions that a person answers have an answer or a reserved answer."""

    answered: int
    relevant: int

    @property
    def done(self) -> bool:
        """Whether nothing is left; a section without questions is done when it has entries only."""
        return self.relevant > 0 and self.answered == self.relevant


def question_of(node: Node) -> Question:
    """The definition of a node that is a question."""
    return cast(Question, node.definition)


def is_put(node: Node) -> bool:
    """Whether a person answers this question, now or when the form shows it."""
    return (
        node.kind == "question"
        and node.definition.mode != "auto"
        and question_of(node).type not in ("calculate", "note")
    )


def is_asked(node: Node) -> bool:
    """Whether a person answers this question now."""
    return is_put(node) and node.relevant and not node.readonly


def is_long(node: Node) -> bool:
    """Whether the answer is a text of many lines."""
    question = question_of(node)
    return question.type == "text" and "multiline" in question.appearance


def is_answered(node: Node) -> bool:
    """Whether it has an answer or a reserved answer."""
    return (node.value is not None and node.value not in ("", ())) or node.missing in RESERVED


def inside(path: Path, outer: Path) -> bool:
    """Whether `path` is `outer` or lies in it."""
    return path[: len(outer)] == outer


class InterviewView:
    """The nodes of a session, kept up to date by its changes. `file_name`: the name of a file that is an answer."""

    def __init__(self, session: Session, file_name: Callable[[bytes], str] | None = None) -> None:
        self.session = session
        self._file_name = file_name
        self._names: dict[bytes, str] = {}
        self.nodes: dict[Path, Node] = {}
        self.reload()

    def reload(self) -> None:
        """Ask for everything: at the beginning, after a change of language, after entries came or went."""
        self.nodes = {node.path: node for node in self.session.walk()}
        self._loose: dict[Path, Path] = {}
        first: Path | None = None
        for node in self.nodes.values():
            if len(node.path) == 1:
                first = None if node.kind not in ("question", "note") else first or node.path
                if first is not None:
                    self._loose[node.path] = first
        self._account = self._account_of_form()

    def apply(self, changes: Iterable[Path]) -> frozenset[Path]:
        """Take over what changed; returns the paths whose node is different now."""
        different = set()
        for path in changes:
            old = self.nodes.get(path)
            if old is None:
                continue
            fresh = self.session.node(path)
            if fresh != old:
                self.nodes[path] = fresh
                different.add(path)
        return frozenset(different)

    # sections

    def sections(self) -> list[Node]:
        """The top-level groups and repeats, and the questions between them, in order."""
        return [
            self._loose_section(node) if node.path in self._loose else node
            for node in self.nodes.values()
            if len(node.path) == 1 and node.kind != "entry" and self._loose.get(node.path, node.path) == node.path
        ]

    def _loose_section(self, first: Node) -> Node:
        relevant = any(self.nodes[path].relevant for path, section in self._loose.items() if section == first.path)
        return replace(first, kind="group", label=_("Questions"), prompt="", relevant=relevant)

    def _is_in(self, path: Path, outer: Path) -> bool:
        """Whether a node is or lies in a section, group or entry."""
        return self._loose.get(path) == outer if outer in self._loose else inside(path, outer)

    def within(self, outer: Path) -> Iterator[Node]:
        """The nodes inside a section, group or entry."""
        loose = outer in self._loose
        return (node for node in self.nodes.values() if self._is_in(node.path, outer) and (loose or node.path != outer))

    def progress(self, section: Path) -> Progress:
        """Questions answered and questions to answer in a section."""
        asked = [node for node in self.within(section) if is_asked(node)]
        return Progress(sum(map(is_answered, asked)), len(asked))

    def section_of(self, path: Path) -> Path:
        """The section in which a path lies."""
        first = path[0]
        top: Path = (first if isinstance(first, str) else first[0],)
        return self._loose.get(top, top)

    # lines of a section

    def items(self, section: Path, cursor: Path | None) -> list[Item]:
        """The lines of a section while the cursor stands at `cursor`."""
        items: list[Item] = []
        closed: Path | None = None
        adds: list[Item] = []
        for node in self.nodes.values():
            if not self._is_in(node.path, section) or (node.path == section and node.kind == "group"):
                continue
            while adds and not self._belongs(node.path, adds[-1].path):
                items.append(adds.pop())
            if closed is not None and inside(node.path, closed):
                continue
            closed = None
            if not node.relevant:
                if node.kind in ("group", "repeat"):
                    closed = node.path
                continue
            depth = sum(not isinstance(step, str) for step in node.path)
            if node.kind == "repeat":
                adds.append(Item("add", node, depth))
            elif node.kind == "entry":
                here = cursor is not None and cursor != node.path and inside(cursor, node.path)
                items.append(Item("open-entry" if here else "entry", node, depth - 1))
                closed = None if here else node.path
            elif (item := self._leaf(node, depth)) is not None:
                items.append(item)
        items.extend(reversed(adds))
        return items

    @staticmethod
    def _belongs(path: Path, repeat: Path) -> bool:
        """Whether a node stands inside a repeat (in any of its entries)."""
        place = len(repeat) - 1
        step = path[place] if len(path) > place else None
        name = repeat[-1]
        return path[:place] == repeat[:place] and (step == name or (isinstance(step, tuple) and step[0] == name))

    @staticmethod
    def _leaf(node: Node, depth: int) -> Item | None:
        if node.kind == "note" or node.kind == "group":
            return Item("text", node, depth) if node.label else None
        if is_asked(node):
            return Item("question", node, depth)
        if node.label and is_answered(node):
            return Item("value", node, depth)
        return None

    # moving

    def stops(self, section: Path, cursor: Path | None) -> list[Path]:
        """Where the cursor can stand in a section."""
        return [item.path for item in self.items(section, cursor) if item.stops]

    def step(self, cursor: Path, by: int) -> Path:
        """The stop after (`by` = 1) or before (-1) the cursor, over the ends of sections that have any."""
        section = self.section_of(cursor)
        stops = self.stops(section, cursor)
        if cursor in stops:
            place = stops.index(cursor) + by
            if 0 <= place < len(stops):
                return stops[place]
        elif stops:
            return stops[0] if by > 0 else stops[-1]
        open_ones = [node.path for node in self.sections() if node.path == section or self.stops(node.path, None)]
        place = open_ones.index(section) + by
        if not 0 <= place < len(open_ones):
            return cursor
        there = self.stops(open_ones[place], None)
        return there[0 if by > 0 else -1] if there else cursor

    def free_account(self) -> Path | None:
        """The witness's free account: the text of many lines that opens a section with an open prompt, else the first
        that opens any section; None while the form does not show it, and in a form that has none.
        """
        return self._account if self._account is not None and is_asked(self.nodes[self._account]) else None

    def _account_of_form(self) -> Path | None:
        opening = []
        for section in self.sections():
            first = next((node for node in self.within(section.path) if is_put(node)), None)
            if first is not None and is_long(first) and all(isinstance(step, str) for step in first.path):
                opening.append((not section.prompt, first.path))
        return min(opening, key=lambda pair: pair[0])[1] if opening else None

    def first_stop(self, section: Path) -> Path | None:
        """The first question without an answer, else the first stop."""
        stops = self.stops(section, None)
        for path in stops:
            node = self.nodes[path]
            if node.kind == "question" and not is_answered(node):
                return path
        return stops[0] if stops else None

    def nearest(self, path: Path | None) -> Path | None:
        """Where to stand when `path` may have gone: itself, else the first stop of its section, else of the
        interview.
        """
        if (
            path is not None
            and (node := self.nodes.get(path)) is not None
            and (is_asked(node) or node.kind in ("entry", "repeat"))
        ):
            return path
        sections = [node.path for node in self.sections()]
        if path is not None and self.section_of(path) in sections:
            sections.insert(0, self.section_of(path))
        return next((stop for section in sections if (stop := self.first_stop(section)) is not None), None)

    def entry_around(self, path: Path) -> Path | None:
        """The innermost entry that `path` is or lies in."""
        for size in range(len(path), 0, -1):
            if not isinstance(path[size - 1], str):
                return path[:size]
        return None

    def repeat_of(self, path: Path) -> Path | None:
        """The repeat whose entries may be added to from here: that of the entry around, or the repeat itself."""
        node = self.nodes.get(path)
        if node is not None and node.kind == "repeat":
            return path
        entry = self.entry_around(path)
        if entry is None:
            return None
        last = entry[-1]
        return (*entry[:-1], last if isinstance(last, str) else last[0])

    def summary(self, entry: Path) -> str:
        """A few words that tell an entry from others: its first two answers."""
        words = []
        for node in self.within(entry):
            if is_asked(node) and (text := self.answer_text(node)):
                words.append(text)
                if len(words) == 2:
                    break
        return " · ".join(words)

    def answer_text(self, node: Node) -> str:
        """The answer in words; of a file, its name."""
        if not isinstance(node.value, bytes) or self._file_name is None:
            return answer_text(node)
        if not self._names.get(node.value):
            self._names[node.value] = self._file_name(node.value)
        return self._names[node.value] or answer_text(node)


def answer_text(node: Node) -> str:
    """The answer in the words of the form (labels of choices); empty without one."""
    value = node.value
    if value is None:
        return ""
    labels = {choice.value: choice.label for choice in node.choices}
    if isinstance(value, tuple):
        return ", ".join(labels.get(code, code) for code in value)
    if isinstance(value, bytes):
        return _("a file")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    kind = question_of(node).type
    if isinstance(value, str) and kind == "dateTime":
        return humane.moment_shown(value)
    if isinstance(value, str) and kind in ("geopoint", "geotrace", "geoshape"):
        return place_shown(value)
    return labels.get(str(value), str(value))
