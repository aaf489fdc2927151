"""The commands of the plain prompts: their words in every language, and what they do in one line each.

The rule: a command is a slash and a word, English or of the language in use, so that no answer is taken for one.
"""

from __future__ import annotations

from tui.locale import N_, _

COMMANDS = {
    "help": (N_("/help"), N_("these lines")),
    "next": (N_("/next"), N_("the next question; an empty line does the same")),
    "back": (N_("/back"), N_("the question before")),
    "again": (N_("/again"), N_("what is asked here once more, whole, with the text that stands")),
    "sections": (N_("/sections"), N_("all sections with their state")),
    "go": (N_("/go"), N_("with a number: to that section")),
    "find": (N_("/find"), N_("with words: to the question that has them")),
    "account": (N_("/account"), N_("tell on in the free account; with show or replace: read it, or tell it anew")),
    "unknown": (N_("/unknown"), N_("the person does not know")),
    "declined": (N_("/declined"), N_("the person prefers not to answer")),
    "notasked": (N_("/notasked"), N_("you decided not to ask")),
    "clear": (N_("/clear"), N_("take the answer away")),
    "undo": (N_("/undo"), N_("take the last act back")),
    "redo": (N_("/redo"), N_("do again what was taken back")),
    "add": (N_("/add"), N_("one more entry of the list you are in")),
    "copy": (N_("/copy"), N_("one more entry that says the same")),
    "remove": (N_("/remove"), N_("take the entry away in which you are")),
    "attach": (N_("/attach"), N_("with the path of a file: the answer to this question")),
    "note": (N_("/note"), N_("with words: your note to this answer; alone: read it; with - : take it away")),
    "mark": (N_("/mark"), N_("ask this later")),
    "marks": (N_("/marks"), N_("what you wanted to ask later; with a number: to that place")),
    "asked": (N_("/asked"), N_("with the number of a mark: it was asked")),
    "break": (N_("/break"), N_("a break")),
    "gates": (N_("/gates"), N_("the safeguards that are open")),
    "consent": (N_("/consent"), N_("to the questions of consent")),
    "readback": (N_("/readback"), N_("the account sentence by sentence, to be read to the person and corrected")),
    "review": (N_("/review"), N_("what is missing before sealing; with a number: to that question")),
    "placeholders": (N_("/placeholders"), N_("with a number of the review, or all: placeholders in place of names")),
    "permissions": (N_("/permissions"), N_("what the person permits, on one page that can be read aloud")),
    "contents": (N_("/contents"), N_("what will be sealed in each part, and who can open it")),
    "seal": (N_("/seal"), N_("seal the interview")),
    "incomplete": (N_("/incomplete"), N_("with a reason: seal an interview that was broken off")),
    "withdraw": (N_("/withdraw"), N_("erase this interview for good")),
    "language": (N_("/language"), N_("with en, uk or ru: another language")),
    "correct": (N_("/correct"), N_("before an interview is chosen, with a record code: correct a sealed one")),
    "lock": (N_("/lock"), N_("close the vault at once; the interview stays")),
    "panic": (N_("/panic"), N_("seal all drafts as they are and close the vault")),
    "quit": (N_("/quit"), N_("leave; the interview stays")),
}


def command(line: str) -> tuple[str, str] | None:
    """The command that a line gives and what follows it; None for a line that is none."""
    first, _blank, rest = line.partition(" ")
    first = first.casefold()
    if first == "/skip":
        first = "/next"
    for name, (word, _about) in COMMANDS.items():
        if first in (word, _(word)):
            return name, rest.strip()
    return None


def listed() -> list[str]:
    """Every command with what it does."""
    return [f"{_(word)}: {_(about)}" for word, about in COMMANDS.values()]
