"""From the passphrase to an interview, and out again.

The rule: however it ends, the vault is closed and the exit code says how: 0 as the person wished, else not 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

from collector import correction, panic_note
from collector.field import Field
from collector.interview import Interview
from schemas.problems import Problem
from tui import locale
from tui.locale import _, problem_sentences
from tui.plain.deeds import Deeds
from tui.plain.ending import panic_lines, panic_now
from tui.plain.talk import Ended, Over, Talk
from tui.plain.words import command
from tui.screens.profiles import FieldProfile
from tui.screens.texts import time_text
from tui.state_words import code_text, row_line


def run(opened: Callable[[], AbstractContextManager[Field]], code: str | None, language: str | None) -> int:
    """Take an interview; the exit code."""
    if language is not None:
        locale.set_language(language)
    with opened() as field:
        talk, interview = Talk(), None
        if os.isatty(0):
            talk.lock_after(FieldProfile().idle_minutes(field) * 60)
        try:
            for problem in field.warnings():
                talk.say("\n".join(problem_sentences(problem)))
            _tell_of_panic(talk, field)
            interview = field.open_interview(code) if code else _choose(talk, field)
            talk.say(_("Interview {code}", code=code_text(interview.code)))
            talk.say(_("Answer line by line. /help lists the commands. Nothing you type is remembered by this prompt."))
            deeds = Deeds(talk, field, interview)
            deeds.speak()
            deeds.run()
        except Over:
            return 0
        except Ended as ended:
            return ended.code
        finally:
            talk.let_go()
            if interview is not None:
                interview.close()
    return 0


def _tell_of_panic(talk: Talk, field: Field) -> None:
    """What nobody was told yet of a panic; it is forgotten when somebody said that it was read."""
    note = panic_note.load(field.vault.db)
    if note is None:
        return
    talk.say(_("Everything was sealed in a hurry: {time}", time=time_text(note.at)))
    left = [(code, problem.code) for code, problem in note.left]
    for line in panic_lines(note.sealed, note.erased, left):
        talk.say(line)
    talk.say(_("An empty line goes on."))
    talk.ask()
    panic_note.forget(field.vault.db)


def _choose(talk: Talk, field: Field) -> Interview:
    """A new interview, or one that was begun."""
    while True:
        drafts = [row for row in field.interviews() if row.state in ("open", "frozen")]
        talk.say(_("1. Begin a new interview"))
        for number, row in enumerate(drafts, 2):
            talk.say(f"{number}. {_('Go on with {code}', code=code_text(row.code))}: {row_line(row)}")
        if any(row.entry is not None for row in field.interviews()):
            talk.say(_("To correct a sealed interview, type /correct and its record code."))
        typed = talk.ask()
        found = command(typed)
        if found is not None and found[0] in ("quit", "lock"):
            raise Over
        if found is not None and found[0] == "panic":
            panic_now(talk, field)
        try:
            if found is not None and found[0] == "correct":
                return _correct(talk, field, found[1])
            if typed == "1":
                return field.new_interview()
            if typed.isdecimal() and len(typed) < 6 and 2 <= int(typed) <= len(drafts) + 1:
                return field.open_interview(drafts[int(typed) - 2].code)
        except Problem as problem:
            talk.say("\n".join(problem_sentences(problem)))
        talk.say(_("Type one of the numbers, or /quit."))


def _correct(talk: Talk, field: Field, code: str) -> Interview:
    """A new interview that names the sealed one. Raises what `correction.begin` raises."""
    correction.target(field, code)
    talk.say(_("This computer cannot open the sealed interview. The correction begins empty, with a code of its own."))
    talk.say(_("1. What is said now counts in its place"))
    talk.say(_("2. What is said now is added to it"))
    while (typed := talk.ask()) not in ("1", "2"):
        if command(typed) is not None:
            raise Over
        talk.say(_("Type one of the numbers, or /quit."))
    return correction.begin(field, code, "supersedes" if typed == "1" else "continues")
