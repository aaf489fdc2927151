"""Parsing: the only module that imports elementpath, and only when a form is loaded (the import takes 0.2 s).

Of elementpath's XPath 1.0 parser this keeps the tokenizer and the operator grammar. Its functions and variables
are taken out: a name is a name (a question may be called `date` or `count`), a name before a parenthesis is
a call, and what may be called the compiler decides. Nothing is evaluated while parsing.
Bounds: 32,768 characters, parentheses 100 deep; beyond them ValueError.
"""

from __future__ import annotations

import re

from elementpath.tdop import Parser
from elementpath.xpath1 import XPath1Parser
from elementpath.xpath_tokens import XPathToken

from schemas.xpath.tree import LEVELS, Call, Chain, Negative, Number, PathTree, Step, String, Tree, Union

MAX_LENGTH = 32_768
MAX_DEPTH = 100
_LEVEL = {symbol: level for level, symbols in enumerate(LEVELS) for symbol in symbols}
_KEPT = (
    "(start)", "(end)", "(invalid)", "(unknown)", "(string)", "(integer)", "(decimal)", "(float)",
    "or", "and", "+", "-", "div", "mod", "*", "|", "/", "//", "[", "]", ")", ",", ".", "..",
)  # fmt: skip
_AXES = frozenset((
    "child", "parent", "self", "attribute", "descendant", "descendant-or-self", "ancestor", "ancestor-or-self",
    "following-sibling", "preceding-sibling", "following", "preceding",
))  # fmt: skip
_NODE_TESTS = frozenset(("text", "node", "comment", "processing-instruction"))


class OdkParser(XPath1Parser):
    """elementpath's XPath 1.0 parser without its functions and variables."""

    name_pattern = re.compile(r"[^\d\W][\w.\-·]*(?::[^\d\W][\w.\-·]*)?")
    symbol_table = {key: XPath1Parser.symbol_table[key] for key in _KEPT}  # noqa: RUF012  # as elementpath has it
    PATH_STEP_LABELS = ("call",)
    PATH_STEP_SYMBOLS = frozenset(("(name)", "*", "..", ".", "(", "@"))  # type: ignore[assignment]  # read only

    def parse(self, source: str) -> XPathToken:
        """The token tree; unlike elementpath's own, nothing is evaluated."""
        return Parser.parse(self, source)


class _Name(XPathToken):
    symbol = lookup_name = "(name)"
    label = "name"

    def nud(self) -> XPathToken:
        return self


class _Parenthesis(XPathToken):
    symbol = lookup_name = "("
    lbp = rbp = 100

    def nud(self) -> XPathToken:
        self[:] = (self.parser.expression(),)
        self.parser.advance(")")
        return self

    def led(self, left: XPathToken) -> XPathToken:
        if left.symbol != "(name)":
            raise self.wrong_syntax()
        self.label = "call"
        self.value = left.value
        if self.parser.next_token.symbol != ")":
            self._items.append(self.parser.expression())
            while self.parser.next_token.symbol == ",":
                self.parser.advance()
                self._items.append(self.parser.expression())
        self.parser.advance(")")
        return self


class _Axis(XPathToken):
    symbol = lookup_name = "::"
    label = "call"
    lbp = rbp = 95

    def led(self, left: XPathToken) -> XPathToken:
        if left.symbol != "(name)":
            raise self.wrong_syntax()
        self.value = left.value
        self[:] = (self.parser.expression(95),)
        return self


class _Attribute(XPathToken):
    symbol = lookup_name = "@"
    label = "call"
    lbp = rbp = 0

    def nud(self) -> XPathToken:
        self.parser.expected_next("(name)", "*")
        self[:] = (self.parser.expression(95),)
        return self


for _token in (_Name, _Parenthesis, _Axis, _Attribute):
    OdkParser.register(_token)
for _symbol, _power in (("=", 30), ("!=", 30), ("<", 35), (">", 35), ("<=", 35), (">=", 35)):
    OdkParser.infix(_symbol, bp=_power)


def _check_bounds(source: str) -> None:
    if len(source) > MAX_LENGTH:
        raise ValueError("longer than 32,768 characters")
    depth = 0
    for character in re.sub(r"'[^']*'|\"[^\"]*\"", "", source):
        depth += (character in "([") - (character in ")]")
        if depth > MAX_DEPTH:
            raise ValueError("nested more than 100 deep")


def parse(source: str) -> Tree:
    """The tree of an expression. Raises ValueError, whose text says what is wrong; it quotes names and literals of
    it.
    """
    _check_bounds(source)
    try:
        return _convert(OdkParser().parse(source), 0)
    except (SyntaxError, TypeError, RecursionError, AttributeError, KeyError) as error:
        # elementpath's ParseError is a SyntaxError; the others come out of its depths for some malformed inputs
        raise ValueError(str(error).splitlines()[0] if str(error) else type(error).__name__) from None


def _convert(token: XPathToken, depth: int) -> Tree:
    if depth > 2 * MAX_DEPTH:
        raise ValueError("nested too deep")
    symbol = token.symbol
    if symbol == "(string)":
        return String(str(token.value))
    if symbol in ("(integer)", "(decimal)", "(float)"):
        return Number(float(str(token.value)))
    if symbol in _LEVEL and len(token) == 2:
        return _chain(token, depth)
    if symbol in ("-", "+"):
        operand = _convert(token[0], depth + 1)
        return Negative(operand) if symbol == "-" else Call("number", (operand,))
    if symbol == "|":
        return _union(token, depth)
    if symbol == "(" and token.label != "call":
        return _convert(token[0], depth + 1)
    if symbol == "(" and token.label == "call" and not _node_test(token):
        return Call(str(token.value), tuple(_convert(each, depth + 1) for each in token))
    return _path(token, depth)


def _chain(token: XPathToken, depth: int) -> Tree:
    level = _LEVEL[token.symbol]
    rest: list[tuple[str, Tree]] = []
    while len(token) == 2 and _LEVEL.get(token.symbol) == level:
        rest.append((token.symbol, _convert(token[1], depth + 1)))
        token = token[0]
    return Chain(_convert(token, depth + 1), tuple(reversed(rest)))


def _union(token: XPathToken, depth: int) -> Tree:
    parts: list[Tree] = []
    while token.symbol == "|":
        parts.append(_convert(token[1], depth + 1))
        token = token[0]
    parts.append(_convert(token, depth + 1))
    return Union(tuple(reversed(parts)))


def _path(token: XPathToken, depth: int) -> Tree:
    """Unrolls `/`, `//` and predicates, which lean to the left, into one list of steps."""
    steps: list[Step] = []
    while True:
        predicates: list[Tree] = []
        descend = False
        rest: XPathToken | None = None
        if token.symbol in ("/", "//"):
            descend = token.symbol == "//"
            if not len(token):
                return PathTree(True, None, tuple(reversed(steps)))
            last = token[len(token) - 1]
            rest = token[0] if len(token) == 2 else None
            absolute = len(token) == 1
        else:
            last, absolute = token, False
        while last.symbol == "[":
            predicates.append(_convert(last[1], depth + 1))
            last = last[0]
        if last.symbol in ("/", "//"):
            raise ValueError("a predicate stands where none may stand")
        kept = tuple(reversed(predicates))
        found = _step(last, kept, descend)
        if found is None:
            return PathTree(False, _based(last, rest, depth), tuple(reversed(steps)), kept)
        steps.extend(reversed(found))
        if rest is None:
            return PathTree(absolute, None, tuple(reversed(steps)))
        token = rest


def _based(token: XPathToken, rest: XPathToken | None, depth: int) -> Tree:
    if rest is not None or token.symbol != "(":
        raise ValueError("a path may begin with a call or a parenthesis, and has only names after it")
    return _convert(token, depth + 1)


def _step(token: XPathToken, predicates: tuple[Tree, ...], descend: bool) -> tuple[Step, ...] | None:
    """The steps of one token: one, or two for `//` before anything but a plain name; None for what is no step."""
    axis, name = "child", ""
    if token.symbol == "::" and token.value in _AXES:
        axis, name = str(token.value), _node_test(token[0])
    elif token.symbol == "::":
        raise ValueError(f"the axis {token.value} is not offered")
    elif token.symbol == "@":
        axis, name = "attribute", _node_test(token[0])
    elif token.symbol in (".", ".."):
        axis, name = ("self" if token.symbol == "." else "parent"), "*"
    else:
        name = _node_test(token)
    if not name:
        return None
    if not descend:
        return (Step(axis, name, predicates),)
    if axis == "child" and not name.endswith(")"):
        return (Step("descendant", name, predicates, deep=True),)
    return (Step("descendant-or-self", "node()"), Step(axis, name, predicates))


def _node_test(token: XPathToken) -> str:
    """The name that a step asks for, without its prefix; empty for what is no node test."""
    if token.symbol in ("(name)", "*") and not len(token):
        return str(token.value).rpartition(":")[2]
    if token.symbol == "(" and token.label == "call" and token.value in _NODE_TESTS and not len(token):
        return f"{token.value}()"
    return ""
