"""Functions of dates and times (`schemas.xpath.dates`), and those of the session's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.xpath.code import Code, text, value
from schemas.xpath.dates import code_of, decimal_moment, decimal_time, format_date, to_date, to_moment
from schemas.xpath.registry import Functions
from schemas.xpath.values import moment_text

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job
    from schemas.xpath.tree import Tree

FUNCTIONS = Functions()
FUNCTIONS.plain("date", "text", "v", to_date)
FUNCTIONS.plain("date-time", "text", "v", to_moment)
FUNCTIONS.plain("decimal-date-time", "number", "v", decimal_moment)
FUNCTIONS.plain("decimal-time", "number", "v", decimal_time)


@FUNCTIONS.register("format-date-time", 2, 2)
@FUNCTIONS.register("format-date", 2, 2)
def _formatted(job: Job, trees: tuple[Tree, ...]) -> Code:
    codes = [job.code(tree) for tree in trees]
    moment, pattern = value(codes[0]), text(codes[1])
    job.language = job.language or codes[1].literal is None or "%a" in codes[1].literal or "%b" in codes[1].literal
    local = any(each.local for each in codes)
    return Code("text", lambda c: format_date(moment(c), pattern(c), code_of(c.world.language)), local=local)


@FUNCTIONS.register("today", 0, 0)
def _today(job: Job, trees: tuple[Tree, ...]) -> Code:
    job.volatile = True
    return Code("text", lambda c: c.world.now().date().isoformat())


@FUNCTIONS.register("now", 0, 0)
def _now(job: Job, trees: tuple[Tree, ...]) -> Code:
    job.volatile = True
    return Code("text", lambda c: moment_text(c.world.now()))
