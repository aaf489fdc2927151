"""One question in lines: how it is put, what may be answered, what a typed line means.

The rule: words, readings and choices are those of the screens; here they only become lines.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path as FilePath

from schemas.session_types import Node, Value
from tui.layouts import readings
from tui.locale import _
from tui.screens.interview.choices import offered
from tui.screens.interview.jump import plain
from tui.screens.interview.readings import is_range, read_line, reading
from tui.screens.interview.view import answer_text, is_long, question_of
from tui.screens.interview.words import expected_words, mode_words, reserved_words

CHOSEN = ("select_one", "boolean", "acknowledge")
SEVERAL = ("select_multiple", "rank")


def is_choice(node: Node) -> bool:
    """Whether an answer is chosen from a list."""
    return question_of(node).type in (*CHOSEN, *SEVERAL)


def put(node: Node) -> Iterator[str]:
    """The lines that put a question."""
    yield f"{mode_words(node)}."
    yield node.label or node.name
    if node.hint:
        yield node.hint
    kind = question_of(node).type
    if is_choice(node):
        yield from options(node)
        yield (
            _("Type a number, or letters to find an option.")
            if kind in CHOSEN
            else _("Type all numbers that apply, with blanks between them, or letters to find an option.")
        )
    elif kind == "file":
        yield _("A file: type /attach and its path.")
    elif is_long(node):
        yield _("Type the text line by line. A line with one dot ends it.")
    elif is_range(question_of(node)):
        parameters = question_of(node).parameters
        yield _("A number from {start} to {end}", start=parameters["start"], end=parameters["end"])
    elif expected := expected_words(node):
        yield expected


def present(node: Node) -> Iterator[str]:
    """The answer that stands, how it is understood, and what is wrong with it."""
    if node.missing in ("unknown", "declined", "not_asked"):
        yield _("Answer: {answer}", answer=reserved_words(node.missing))
    elif node.value is not None and question_of(node).type == "file":
        yield _("Answer: {answer}", answer=_("a file"))
    elif node.value is not None and is_long(node):
        yield _("There is a text here already; what you type is added to it. /again reads it out.")
    elif node.value is not None:
        labels = dict(offered(node)) if question_of(node).type in ("boolean", "acknowledge") else {}
        told = labels.get(node.value, "") if isinstance(node.value, bool) else answer_text(node)
        understood = "" if is_range(question_of(node)) else reading(node)
        yield _("Answer: {answer}", answer=told) + (f" ({understood})" if understood else "")
    if node.problem:
        yield _(node.problem)


def options(node: Node, wanted: str = "") -> Iterator[str]:
    """The options with their numbers; those that have the wanted letters in them, typed in any keyboard layout."""
    labels = [label for _code, label in offered(node)]
    texts = [text for text in map(plain, readings(wanted)) if text or not wanted.strip()]
    meant = next((text for text in texts if any(text in plain(label) for label in labels)), plain(wanted))
    for number, label in enumerate(labels, 1):
        if meant in plain(label):
            yield f"{number}. {label}"


def chosen(node: Node, line: str) -> Value:
    """The options that the numbers of a line choose. Raises ValueError for a line that holds none of them."""
    codes = [code for code, _label in offered(node)]
    numbers = [int(part) for part in line.replace(",", " ").split()]
    if not numbers or not all(1 <= number <= len(codes) for number in numbers):
        raise ValueError
    found = [codes[number - 1] for number in dict.fromkeys(numbers)]
    if question_of(node).type in SEVERAL:
        return tuple(str(code) for code in found)
    if len(found) != 1:
        raise ValueError
    return found[0]


def meant(node: Node, line: str) -> Value:
    """What a typed line means for a question that is no list. Raises ValueError for a file."""
    if question_of(node).type == "file":
        raise ValueError
    return read_line(node, line)


def file_of(text: str) -> FilePath:
    """The path that was typed, with or without quotes around it."""
    path = FilePath(text.strip("'\""))
    with contextlib.suppress(RuntimeError):  # a "~" of nobody is a part of a name
        path = path.expanduser()
    return path
