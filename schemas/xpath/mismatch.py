"""Types that cannot fit, as far as they are known when a form is loaded: a question on one side, words on the other.

What can never be true is refused where it calculates or orders (`${age} > 'old'`), because ODK gives NaN or false
without a word; where it only compares for equality it is remarked on, because forms test for codes of older versions.
"""

from __future__ import annotations

from schemas.xform_model import Question
from schemas.xpath.code import Code, Refused
from schemas.xpath.values import number_of, parse_date

_NUMBERS = ("int", "decimal")
_DATES = ("date", "dateTime")


def check_pair(symbol: str, left: Code, right: Code) -> str:
    """What deserves a look about two sides of an operator; empty when nothing does. Raises Refused (E_FORM_TYPE)."""
    for mine, other in ((left, right), (right, left)):
        question, words = mine.target, other.literal
        if isinstance(question, Question) and words:
            remark = _remark(question, words)
            if remark and symbol not in ("=", "!="):
                raise Refused("E_FORM_TYPE", remark)
            return remark or _no_choice(question, words)
    return ""


def _remark(question: Question, words: str) -> str:
    number = number_of(words)
    if question.data_type in _NUMBERS and number != number:
        return f"{question.name} is a number and '{words[:60]}' is none"
    if question.data_type in _DATES and parse_date(words) is None:
        return f"{question.name} is a date and '{words[:60]}' is none"
    return ""


def _no_choice(question: Question, words: str) -> str:
    """A code that the question's own list does not have; lists in tables are looked up when answers are known."""
    if question.type != "select_one" or question.itemset is None or question.itemset.nodes is not None:
        return ""
    if any(each.value == words for each in question.itemset.items):
        return ""
    return f"{question.name} is compared with '{words[:60]}', which is none of its choices"
