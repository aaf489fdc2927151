"""Types that cannot fit, as far as they are known when a form is loaded: a question on one side, words on the other.

What can never be true is refused where it calculates or orders (`${age} > 'old'`), because ODK gives NaN or false
without a word; where it only compares for equality it is remarked on, because forms test for codes of older versions.
"""

from __future__ import annotations

from schemas.xform_model import Itemset, Question
from schemas.xpath.code import NOBODY, Code, Context, Leaf, Refused
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
    """A code that the question's own list does not have; choices that are entries of a repeat are not known yet."""
    if question.type != "select_one" or question.itemset is None or words in _known(question.itemset):
        return ""
    compared = f"{question.name} is compared with '{words[:60]}', which is none of its choices"
    return compared if _known(question.itemset) else ""


def _known(itemset: Itemset) -> frozenset[str]:
    if itemset.codes is None:
        itemset.codes = frozenset(codes_of(itemset))
    return itemset.codes


def codes_of(itemset: Itemset) -> list[str]:
    """The codes of a list that stands in the form or in a table beside it; none for entries of a repeat."""
    if itemset.nodes is None:
        return [each.value for each in itemset.items]
    whole = itemset.whole
    if whole is None or whole.nodes is None or whole.target is not None or whole.references:
        return []
    leaves = whole.nodes(Context(NOBODY))
    return [each.text(itemset.value) for each in leaves if isinstance(each, Leaf)]
