"""The account read back line by line: sentence after sentence, each of which can be corrected where it stands.

The rule: what is typed takes the place of a sentence only after a "1", and stays with the draft until then. That the
account was read is kept when its last sentence was passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from collector import readback
from schemas.xform_model import Path
from tui.locale import _
from tui.plain.words import command

if TYPE_CHECKING:
    from tui.plain.reviewing import Reviewing


def read_back(taking: Reviewing) -> bool:
    """Read the account; whether it was read to its end. A command leaves the reading and is done."""
    path, talk = readback.account_of(taking.interview.session), taking.talk
    if path is None:
        talk.say(_("There is no account to read back yet."))
        return False
    if readback.changed_since(taking.interview, path):
        talk.say(_("The account was changed after it was read back."))
    talk.say(
        _(
            "Read each sentence aloud. An empty line goes on, /back goes to the sentence before. What you type takes "
            "the place of the sentence, after asking. Any other command leaves the reading."
        )
    )
    at = 0
    while at < len(passages := readback.passages(_text(taking, path))):
        here = passages[at]
        talk.say(_("{place} of {all}", place=at + 1, all=len(passages)))
        talk.say(_text(taking, path)[here.start : here.end])
        typed = taking.ask()
        found = command(typed)
        if not typed or (found is not None and found[0] == "next"):
            at += 1
        elif found is not None and found[0] == "back":
            at = max(0, at - 1)
        elif found is not None:
            taking.take(typed)
            return False
        elif typed.startswith("/") and " " not in typed:
            talk.say(_("There is no such command. /help lists them."))
        else:
            _correct(taking, path, here, typed)
    readback.note_read(taking.interview, path)
    talk.say(_("The account was read to its end."))
    talk.say(_("saved"))
    return True


def _text(taking: Reviewing, path: Path) -> str:
    return str(taking.interview.session.value(path) or "")


def _correct(taking: Reviewing, path: Path, here: readback.Passage, typed: str) -> None:
    """The typed line in place of one sentence, when a person says so."""
    taking.interview.keep(path, typed)
    taking.talk.say(_("Instead of this sentence: {text}", text=typed))
    taking.talk.say(_("Type 1 to correct it so. An empty line leaves it as it was."))
    if taking.ask() == "1":
        text = _text(taking, path)
        taking.give(path, f"{text[: here.start]}{typed}{text[here.end :]}", typed)
    taking.interview.keep(path, "")
