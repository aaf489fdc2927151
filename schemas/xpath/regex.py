"""Regular expressions of forms, matched in time that grows with the text alone.

A form may come from anywhere, and Python's `re` can be made to run for years by a short pattern (`(a+)+$`). So patterns
are compiled to a nondeterministic automaton whose state sets are followed step by step (Thompson's construction) and
remembered. What that construction cannot say (back references, look-around, possessive repetition, word boundaries) is
refused. Bounds: 1,000 characters of pattern, 3,000 instructions, groups 40 deep.
Classes are those of Java's `Pattern` as ODK uses it: \\d \\w \\s are ASCII, \\p{L} and other categories are Unicode.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MAX_PATTERN = 1_000
MAX_PROGRAM = 3_000
MAX_DEPTH = 40
MAX_REMEMBERED = 4_000

Test: TypeAlias = Callable[[str], bool]


class PatternError(ValueError):
    """A pattern that is malformed or that this matcher does not offer."""


@dataclass(frozen=True, slots=True)
class _Char:
    test: Test


@dataclass(frozen=True, slots=True)
class _Anchor:
    end: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int | None


_Node: TypeAlias = _Char | _Anchor | _Sequence | _Choice | _Repeat


def _negated(test: Test) -> Test:
    return lambda character: not test(character)


def _one_of(characters: str) -> Test:
    chosen = frozenset(characters)
    return lambda character: character in chosen


def _any_of(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda character: any(test(character) for test in tests)


def _between(first: str, last: str) -> Test:
    return lambda character: first <= character <= last


def _named(script: str) -> Test:
    return lambda character: unicodedata.name(character, "").startswith(script)


def _categorized(prefix: str) -> Test:
    return lambda character: unicodedata.category(character).startswith(prefix)


_DIGIT = _between("0", "9")
_SPACE = _one_of(" \t\n\r\f\v")
_WORD = _one_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SHORT: dict[str, Test] = {
    "d": _DIGIT, "D": _negated(_DIGIT), "s": _SPACE, "S": _negated(_SPACE), "w": _WORD, "W": _negated(_WORD),
}  # fmt: skip
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


class _Reader:
    """Reads a pattern into nodes."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.depth = 0

    def peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise PatternError("the pattern ends too early")
        self.place += 1
        return character

    def eat(self, wanted: str) -> bool:
        if self.pattern.startswith(wanted, self.place):
            self.place += len(wanted)
            return True
        return False

    def choice(self) -> _Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PatternError("groups are nested too deep")
        parts = [self.sequence()]
        while self.eat("|"):
            parts.append(self.sequence())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else _Choice(tuple(parts))

    def sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        return _Sequence(tuple(parts))

    def repeated(self, node: _Node) -> _Node:
        if self.peek() not in ("*", "+", "?", "{"):
            return node
        least, most = self.bounds()
        self.eat("?")  # a lazy repetition matches the same whole texts
        if self.peek() in ("*", "+", "?", "{"):
            raise PatternError("possessive and doubled repetition are not offered")
        return _Repeat(node, least, most)

    def bounds(self) -> tuple[int, int | None]:
        sign = self.take()
        if sign != "{":
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        inner = ""
        while not self.eat("}"):
            inner += self.take()
        first, comma, last = inner.partition(",")
        if not first.isascii() or not first.isdigit() or (last and not (last.isascii() and last.isdigit())):
            raise PatternError("a repetition {…} needs numbers")
        most = int(last) if last else (None if comma else int(first))
        if int(first) > MAX_PROGRAM or (most is not None and not int(first) <= most <= MAX_PROGRAM):
            raise PatternError("a repetition {…} is out of bounds")
        return int(first), most

    def atom(self) -> _Node:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            return _Char(self.bracket())
        if character == ".":
            return _Char(_negated(_one_of("\n\r")))
        if character in "^$":
            return _Anchor(character == "$")
        if character == "\\":
            return _Char(self.escape())
        if character in "*+?{":
            raise PatternError(f"nothing stands before {character}")
        return _Char(_one_of(character))

    def group(self) -> _Node:
        if self.peek() == "?" and not self.eat("?:"):
            raise PatternError("look-around and named groups are not offered")
        node = self.choice()
        if not self.eat(")"):
            raise PatternError("a parenthesis is not closed")
        return node

    def escape(self) -> Test:
        character = self.take()
        if character in _SHORT:
            return _SHORT[character]
        if character in "pP":
            return self.category(negative=character == "P")
        return _one_of(self.escaped_character(character))

    def escaped_character(self, character: str) -> str:
        if character in _CONTROL:
            return _CONTROL[character]
        if character in "ux":
            digits = "".join(self.take() for _ in range(4 if character == "u" else 2))
            try:
                return chr(int(digits, 16))
            except ValueError:
                raise PatternError("an escape needs hexadecimal digits") from None
        if character.isalnum():
            raise PatternError(f"\\{character} is not offered")
        return character

    def category(self, *, negative: bool) -> Test:
        name = self.take()
        if name == "{":
            name = ""
            while not self.eat("}"):
                name += self.take()
        if name in ("IsCyrillic", "IsLatin"):
            script = name[2:].upper()
            test = _named(script)
        elif name[:1] in tuple("LMNPSZC") and len(name) <= 2:
            test = _categorized(name)
        else:
            raise PatternError(f"\\p{{{name}}} is not offered")
        return _negated(test) if negative else test

    def bracket(self) -> Test:
        negative = self.eat("^")
        tests: list[Test] = []
        singles = ""
        first = True
        while first or self.peek() != "]":
            first = False
            start = self.take()
            if start == "[" or self.pattern.startswith("&&", self.place - 1):
                raise PatternError("classes inside classes are not offered")
            if start == "\\":
                kind = self.take()
                if kind in _SHORT or kind in "pP":
                    tests.append(_SHORT[kind] if kind in _SHORT else self.category(negative=kind == "P"))
                    continue
                start = self.escaped_character(kind)
            if self.peek() == "-" and self.pattern[self.place + 1 : self.place + 2] not in ("]", ""):
                self.take()
                tests.append(self.range(start))
            else:
                singles += start
        self.take()
        if singles:
            tests.append(_one_of(singles))
        return _negated(_any_of(tests)) if negative else _any_of(tests)

    def range(self, start: str) -> Test:
        end = self.take()
        if end == "\\":
            end = self.escaped_character(self.take())
        if end < start:
            raise PatternError("a range runs backwards")
        return _between(start, end)


# Instructions: ("char", test), ("split", a, b), ("jump", a), ("begin",), ("end",), ("match",)
_Program: TypeAlias = list[tuple[str, Test | None, int, int]]


def _compile(node: _Node, program: _Program) -> None:
    if len(program) > MAX_PROGRAM:
        raise PatternError("the pattern is too large")
    if isinstance(node, _Char):
        program.append(("char", node.test, 0, 0))
    elif isinstance(node, _Anchor):
        program.append(("end" if node.end else "begin", None, 0, 0))
    elif isinstance(node, _Sequence):
        for part in node.parts:
            _compile(part, program)
    elif isinstance(node, _Choice):
        _compile_choice(node, program)
    else:
        _compile_repeat(node, program)


def _compile_choice(node: _Choice, program: _Program) -> None:
    jumps = []
    for part in node.parts[:-1]:
        split = len(program)
        program.append(("split", None, split + 1, 0))
        _compile(part, program)
        jumps.append(len(program))
        program.append(("jump", None, 0, 0))
        program[split] = ("split", None, split + 1, len(program))
    _compile(node.parts[-1], program)
    for jump in jumps:
        program[jump] = ("jump", None, len(program), 0)


def _compile_repeat(node: _Repeat, program: _Program) -> None:
    for _ in range(node.least):
        _compile(node.part, program)
    if node.most is None:
        split = len(program)
        program.append(("split", None, split + 1, 0))
        _compile(node.part, program)
        program.append(("jump", None, split, 0))
        program[split] = ("split", None, split + 1, len(program))
        return
    splits = []
    for _ in range(node.most - node.least):
        splits.append(len(program))
        program.append(("split", None, len(program) + 1, 0))
        _compile(node.part, program)
    for split in splits:
        program[split] = ("split", None, split + 1, len(program))


class Pattern:
    """A compiled pattern. Raises PatternError. `matches` says whether a whole text matches."""

    __slots__ = ("_closures", "_program", "_steps")

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise PatternError("the pattern is longer than 1,000 characters")
        reader = _Reader(pattern)
        node = reader.choice()
        if reader.peek():
            raise PatternError("a parenthesis closes that was not opened")
        program: _Program = []
        _compile(node, program)
        program.append(("match", None, 0, 0))
        if len(program) > MAX_PROGRAM:
            raise PatternError("the pattern is too large")
        self._program = program
        self._closures: dict[tuple[frozenset[int], bool, bool], frozenset[int]] = {}
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str, spend: Callable[[int], None] = lambda steps: None) -> bool:
        """Whether the whole text matches; time grows with the text's length times the pattern's.

        `spend` is told how many places of the pattern were looked at, and may stop it by raising.
        """
        kernel = frozenset((0,))
        last = len(text)
        spend(last >> 4)
        for place, character in enumerate(text):
            kernel = self._step(self._closure(kernel, place == 0, False, spend), character)
            if not kernel:
                return False
        return len(self._program) - 1 in self._closure(kernel, last == 0, True, spend)

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        key = (states, character)
        found = self._steps.get(key)
        if found is None:
            program = self._program
            found = frozenset(
                state + 1 for state in states if (test := program[state][1]) is not None and test(character)
            )
            if len(self._steps) >= MAX_REMEMBERED:
                self._steps.clear()
            self._steps[key] = found
        return found

    def _closure(self, kernel: frozenset[int], begin: bool, end: bool, spend: Callable[[int], None]) -> frozenset[int]:
        key = (kernel, begin, end)
        found = self._closures.get(key)
        if found is None:
            found = self._reach(kernel, begin, end)
            spend(len(found))
            if len(self._closures) >= MAX_REMEMBERED:
                self._closures.clear()
            self._closures[key] = found
        return found

    def _reach(self, kernel: frozenset[int], begin: bool, end: bool) -> frozenset[int]:
        seen: set[int] = set()
        stack = list(kernel)
        while stack:
            state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            kind, _, first, second = self._program[state]
            if kind == "split":
                stack += (first, second)
            elif kind == "jump":
                stack.append(first)
            elif (kind == "begin" and begin) or (kind == "end" and end):
                stack.append(state + 1)
        return frozenset(seen)
