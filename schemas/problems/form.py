"""Coded problems of forms: what is wrong with an XLSForm or an XForm, before any interview runs on it."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_SAFE = "No interview was touched; forms that were loaded before go on working."


def _refused(code: str, what: str, remedy: str) -> Entry:
    return Entry(code, what, _SAFE, remedy)


ENTRIES: tuple[Entry, ...] = (
    _refused(
        "E_FORM_XLSFORM",
        "The XLSForm cannot be turned into a form: {detail}",
        "Mend the row that the message names, in the spreadsheet, and try again.",
    ),
    _refused(
        "E_FORM_PYXFORM",
        "This installation cannot read spreadsheets: the XLSForm converter is missing.",
        "Install the desk edition (svidok[desk]), or load a form that was converted already.",
    ),
    _refused(
        "E_FORM_XML",
        "The form is not well-formed XML, or holds something that a form may not hold ({detail}).",
        "Make the form anew from its XLSForm.",
    ),
    _refused(
        "E_FORM_STRUCTURE",
        "The form lacks a part that every form needs ({detail}).",
        "Make the form anew from its XLSForm.",
    ),
    _refused(
        "E_FORM_FUNCTION",
        "Question {question} calls {function}(), which forms may not call, in: {expression}",
        "Write the expression with the functions of ODK.",
    ),
    _refused(
        "E_FORM_REFERENCE",
        "Question {question} names {name}, which the form does not have, in: {expression}",
        "Correct the name, or add the question that it means.",
    ),
    _refused(
        "E_FORM_EXPRESSION",
        "Question {question} has an expression that cannot be understood ({detail}): {expression}",
        "Correct the expression; the form check shows the place.",
    ),
    _refused(
        "E_FORM_TYPE",
        "Question {question} has a value of the wrong kind ({detail}): {expression}",
        "Write a value of the question's type there.",
    ),
    _refused(
        "E_FORM_DUPLICATE",
        "The form has {question} twice in the same place.",
        "Give one of the two another name.",
    ),
    _refused(
        "E_FORM_CHOICE",
        "Question {question} offers a choice whose code holds hidden characters: {value}",
        "Write the code anew, with letters, digits, dashes and underscores.",
    ),
    _refused(
        "E_FORM_FILE",
        "The table {file} that the form looks into cannot be read ({detail}).",
        "Mend the file, and give it beside the form again.",
    ),
    _refused(
        "E_FORM_CYCLE",
        "These questions depend on each other in a circle: {questions}",
        "Take one of the references out, so that there is an order in which to calculate.",
    ),
    _refused(
        "E_FORM_MARK",
        "Question {question} has {value} in the column svidok:{mark}, which is not one of: {allowed}",
        "Write one of the allowed words there.",
    ),
    Entry(
        "E_FORM_LIMIT",
        "Question {question} has an expression that takes too long or goes too deep: {expression}",
        "Nothing was changed: every answer is as it was before.",
        "Make the expression simpler, or look at fewer entries in it.",
    ),
    _refused(
        "E_INSTANCE_FORM",
        "The submission is not one of the form {form}, version {version}.",
        "Load the form that it was made with.",
    ),
    _refused(
        "E_INSTANCE_NODE",
        "The submission does not fit the form: {question} is {detail}.",
        "Load the form that it was made with.",
    ),
    _refused(
        "E_INSTANCE_TEXT",
        "The answer to {question} holds characters that XML cannot hold.",
        "Take the hidden characters out of the answer, and export again.",
    ),
    _refused(
        "E_INSTANCE_STEP",
        "Step {step} of the script is none that scripts have ({detail}).",
        "Correct the step; the manual of forms lists them all.",
    ),
)
