"""The appearance search(): choices that are looked up in a CSV file (ODK documentation, "Dynamic selects").

    search('file')
    search('file', 'contains' | 'matches' | 'startswith' | 'endswith', 'column, column', text)
    search('file', kind, 'column, column', text, 'filter column', value)

An item of the question whose value is a whole number is offered as it stands. Any other stands for the rows that are
found: its value is the column of codes, its label names the columns that are shown, and may name others in another
language. Rows go by the column `sortby` if there is one. As in ODK Collect, upper and lower case are one; other than
there, this holds for every script, and % and _ are characters like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from schemas.problems import Problem
from schemas.xform_model import Item, Itemset, Question, Text
from schemas.xform_tables import read_table
from schemas.xpath.code import Code, Context, Expression, Leaf, Refused, text
from schemas.xpath.compiler import Compiler, Job
from schemas.xpath.tree import Call, String, Tree

_CALL = "search("
_WHOLE = re.compile(r"\s*[+-]?\d{1,10}\s*", re.ASCII)
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda column, wanted: wanted in column,
    "matches": lambda column, wanted: wanted == column,
    "startswith": lambda column, wanted: column.startswith(wanted),
    "endswith": lambda column, wanted: column.endswith(wanted),
}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A choice, and the row of the table that it was made of; without a row it is always offered."""

    leaf: Leaf
    row: Leaf | None


def search_in(appearance: str) -> str | None:
    """The call of search() in an appearance, up to its last parenthesis; None without one."""
    start = appearance.find(_CALL)
    if start < 0 or (start and not appearance[start - 1].isspace()):
        return None
    depth, quote = 0, ""
    for place in range(start, len(appearance)):
        character = appearance[place]
        if quote or character in "'\"":
            quote = "" if character == quote else quote or character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if not depth:
                return appearance[start : place + 1]
    return appearance[start:]


def table_name(compiler: Compiler, written: str) -> str:
    """The name of the file that a search looks into. Raises Refused for what is no search()."""
    call = _call_of(compiler, written)
    first = call.arguments[0]
    if not isinstance(first, String) or not first.value.strip():
        raise Refused("E_FORM_EXPRESSION", "search() takes the name of its file in quotes")
    name = first.value.strip()
    return name if name.lower().endswith(".csv") else f"{name}.csv"


def _call_of(compiler: Compiler, written: str) -> Call:
    tree = compiler.tree(written)
    if not isinstance(tree, Call) or tree.name != "search" or len(tree.arguments) not in (1, 4, 6):
        raise Refused("E_FORM_EXPRESSION", "search() takes a file, or a file, a kind, columns, a text and a filter")
    return tree


def search_itemset(
    compiler: Compiler, question: Question, items: Sequence[Item], written: str, data: bytes | None
) -> Itemset:
    """The choices of a question with search() in its appearance; `data` is the file, None when it is not there.

    Raises Refused for what is no search(), E_FORM_FILE for a file that is no table or lacks a column.
    """
    name = table_name(compiler, written)
    rows = _rows(name, data)
    languages = sorted({language for item in items for language in item.text.by_language if language})
    offers = [offer for item in items for offer in _offers(item, rows, languages, name)]
    job = Job(compiler, question)
    find = _find(job, _call_of(compiler, written).arguments, offers, name)
    everything = [offer.leaf for offer in offers]
    made = Itemset(value="name", label="label", labels={each: f"label {each}" for each in languages})
    made.nodes = Expression(
        written, Code("nodes", find), frozenset(job.references), volatile=job.volatile, language=job.language
    )
    made.whole = Expression(written, Code("nodes", lambda c: everything), frozenset(), volatile=False, language=False)
    return made


def _rows(name: str, data: bytes | None) -> list[Leaf]:
    rows = list(read_table(name, data).children) if data is not None else []
    if rows and any(each.name == "sortby" for each in rows[0].children):
        rows.sort(key=lambda row: _sorting(row.text("sortby")))
    return rows


def _sorting(written: str) -> tuple[float, str]:
    try:
        return float(written), ""
    except ValueError:
        return float("inf"), written


def _offers(item: Item, rows: list[Leaf], languages: list[str], name: str) -> list[_Offer]:
    shown = {"label": _plain(item.text, "")} | {f"label {each}": _plain(item.text, each) for each in languages}
    if _WHOLE.fullmatch(item.value):
        leaves = [Leaf("name", item.value, ()), *(Leaf(key, label, ()) for key, label in shown.items())]
        return [_Offer(Leaf("item", "", leaves), None)]
    if not rows:
        return []
    code = _column(rows[0], item.value, name)
    columns = {key: [_column(rows[0], each, name) for each in _listed(label)] for key, label in shown.items()}
    found: dict[str, _Offer] = {}
    for row in rows:
        value = row.text(code)
        if value and not any(map(str.isspace, value)):
            leaves = [Leaf("name", value, ()), *(Leaf(key, _label(row, each), ()) for key, each in columns.items())]
            found.setdefault(value, _Offer(Leaf("item", "", leaves), row))
    return list(found.values())


def _plain(label: Text, language: str) -> str:
    """What stands in a label in this language, else in the first one that has it."""
    parts = label.by_language.get(language) or next(iter(label.by_language.values()), ())
    return "".join(part for part in parts if isinstance(part, str)).strip()


def _listed(columns: str) -> list[str]:
    """Columns by commas or, when there is none, by spaces."""
    parts = columns.split(",") if "," in columns else columns.split()
    return [each.strip() for each in parts if each.strip()]


def _known(row: Leaf, wanted: str) -> str | None:
    """The column of this name, in whichever case it is written."""
    names = [each.name for each in row.children]
    if wanted in names:
        return wanted
    return next((each for each in names if each.casefold() == wanted.strip().casefold()), None)


def _column(row: Leaf, wanted: str, name: str) -> str:
    """As `_known`. Raises E_FORM_FILE for a column that the table does not have."""
    found = _known(row, wanted)
    if found is None:
        raise Problem("E_FORM_FILE", file=name, detail=f"no column {wanted[:80]!r}")
    return found


def _label(row: Leaf, columns: list[str]) -> str:
    """The first column, and the others with their names in parentheses."""
    others = [f"({each}: {row.text(each)})" for each in columns[1:]]
    return " ".join((row.text(columns[0]), *others)).strip() if columns else ""


def _find(job: Job, arguments: tuple[Tree, ...], offers: list[_Offer], name: str) -> Callable[[Context], list[Leaf]]:
    always = [offer.leaf for offer in offers]
    first = next((offer.row for offer in offers if offer.row is not None), None)
    if len(arguments) == 1:
        return lambda c: always
    kind, columns, wanted, *rest = (text(job.code(each)) for each in arguments[1:])
    if first is None:
        return lambda c: always
    for written in (*arguments[2:3], *arguments[4:5]):
        for each in _listed(written.value) if isinstance(written, String) else ():
            _column(first, each, name)

    def run(c: Context) -> list[Leaf]:
        c.spend(2 * len(offers))
        test = _TESTS.get(kind(c).strip().lower(), _TESTS["contains"])
        among, looked_for = [_known(first, each) or "" for each in _listed(columns(c))], wanted(c).casefold()
        filtered = (_known(first, rest[0](c)) or "", rest[1](c)) if rest else None

        def fits(row: Leaf) -> bool:
            if filtered is not None and row.text(filtered[0]) != filtered[1]:
                return False
            return not among or any(test(row.text(each).casefold(), looked_for) for each in among)

        return [offer.leaf for offer in offers if offer.row is None or fits(offer.row)]

    return run
