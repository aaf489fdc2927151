"""Parsing: names are names, calls are calls, and what is too long, too deep or malformed is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from schemas.xpath.parser import parse
from schemas.xpath.tree import Call, Chain, Negative, Number, PathTree, Step, String


def child(*names: str) -> tuple[Step, ...]:
    return tuple(Step("child", name) for name in names)


def test_names_of_functions_and_operators_may_name_questions():
    assert parse("/data/count/date/div/or") == PathTree(True, None, child("data", "count", "date", "div", "or"))
    assert parse("position") == PathTree(False, None, child("position"))
    assert parse("a-b.c") == PathTree(False, None, child("a-b.c"))
    assert parse("or_other") == PathTree(False, None, child("or_other"))


def test_operators_bind_as_in_xpath():
    assert parse("1 - 2 - 3") == Chain(Number(1), (("-", Number(2)), ("-", Number(3))))
    assert parse("1 = 2 < 3") == Chain(Number(1), (("=", Chain(Number(2), (("<", Number(3)),))),))
    assert parse("-1 + 2") == Chain(Negative(Number(1)), (("+", Number(2)),))
    assert parse("2 * 3 div 4") == Chain(Number(2), (("*", Number(3)), ("div", Number(4))))
    assert parse("a * *") == Chain(PathTree(False, None, child("a")), (("*", PathTree(False, None, child("*"))),))


def test_calls_and_paths_behind_them():
    tree = parse("instance('l')/root/item[f = 'x'][1]/label")
    assert isinstance(tree, PathTree)
    assert tree.base == Call("instance", (String("l"),))
    assert [step.name for step in tree.steps] == ["root", "item", "label"]
    assert len(tree.steps[1].predicates) == 2
    assert parse("jr:choice-name(., '/data/a')") == Call(
        "jr:choice-name", (PathTree(False, None, (Step("self", "*"),)), String("/data/a"))
    )
    assert parse(" true ( ) ") == Call("true", ())


def test_axes_that_are_offered():
    assert parse("child::a/parent::b") == PathTree(False, None, (Step("child", "a"), Step("parent", "b")))
    assert parse("//a") == PathTree(True, None, (Step("descendant", "a"),))
    assert parse("@x") == PathTree(False, None, (Step("attribute", "x"),))
    assert parse("//@x").steps == (Step("descendant-or-self", "node()"), Step("attribute", "x"))
    assert parse("//..").steps == (Step("descendant-or-self", "node()"), Step("parent", "*"))
    for axis in ("ancestor", "following-sibling", "preceding-sibling", "preceding", "following", "ancestor-or-self"):
        assert parse(f"{axis}::a") == PathTree(False, None, (Step(axis, "a"),))


def test_node_tests_and_parentheses_around_node_sets():
    assert parse("a/text()") == PathTree(False, None, (Step("child", "a"), Step("child", "text()")))
    assert parse("node()") == PathTree(False, None, (Step("child", "node()"),))
    assert parse("(a | b)[2]/c").predicates == (Number(2),)
    assert parse("f()[1]").base == Call("f", ())


def test_prefixes_of_names_do_not_count():
    assert parse("/data/orx:meta/orx:instanceID") == PathTree(True, None, child("data", "meta", "instanceID"))


@pytest.mark.parametrize(
    "source",
    [
        "", "  ", "(", ")", "1 +", "a b", "'open", "f(", "f(1,", "f(,1)", "a[", "a[]",
        "/a/", "a//", "$x", "@", "a/@1", "{a}", "namespace::a", "a/b()", "f()()", "1(2)", "a::b", "a/1", "..x",
        "#", "a;b", "a, b", "\x00", "a[1]/(b)", "a/f()[1]",
    ],
)  # fmt: skip
def test_malformed_expressions_are_refused(source):
    with pytest.raises(ValueError, match=r"."):
        parse(source)


@pytest.mark.parametrize(
    "source", ["(" * 101 + "1" + ")" * 101, "1+" * 20_000 + "1", "a[" * 101 + "1" + "]" * 101, "-" * 5_000 + "1"]
)
def test_expressions_have_bounds(source):
    with pytest.raises(ValueError, match=r"."):
        parse(source)


def test_long_chains_are_no_deep_trees():
    tree = parse(" or ".join(["/data/a = 'x'"] * 900))
    assert isinstance(tree, Chain)
    assert len(tree.rest) == 899


def test_brackets_in_quotes_are_no_brackets():
    assert parse("'" + "(" * 100 + "'") == String("(" * 100)


def test_elementpath_is_loaded_with_the_first_expression_and_not_before():
    code = (
        "import sys, schemas.xform, schemas.session, schemas.answers\n"
        "assert 'elementpath' not in sys.modules and 'pyxform' not in sys.modules\n"
        "import schemas.xpath.parser\n"
        "assert 'elementpath' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
