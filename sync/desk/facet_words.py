"""What forms call the values of facets: languages, regions, and the forms themselves.

Rule: a value is called as the form calls it that its record was made with; of several, as the newest does. What no form
has a word for stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from collector.files import shown_name
from collector.vault import Vault
from schemas.problems import Problem
from schemas.session import Session
from schemas.session_types import Choice
from schemas.xform_model import Form, Path, Question, Repeat
from sync.desk import facets

Words = dict[tuple[str, str], str]
"""By facet and value."""
_CHOSEN = ("language", "region")


def words(vault: Vault, form_of: Callable[[bytes], Form], language: str) -> Words:
    """The words of all forms that this desk has issued. `form_of`: the form with a hash."""
    rows = vault.db.query("SELECT hash, id, version FROM mission_form ORDER BY mission_form.rowid")
    found: Words = {}
    titles: dict[str, set[str]] = {}
    for digest, form_id, version in rows:
        form = form_of(bytes(digest))
        session = Session(form, clock=datetime.now, language=language)
        for name, choice in _choices(form, session):
            found[name, choice.value] = shown_name(choice.label)
        title = shown_name(form.title or form_id)
        found["form", f"{form_id} {version}"] = title
        titles.setdefault(title, set()).add(f"{form_id} {version}")
    for title, forms in titles.items():
        if len(forms) > 1:
            found |= {("form", each): f"{title} {each.rpartition(' ')[2]}" for each in forms}
    return found


def _choices(form: Form, session: Session) -> Iterator[tuple[str, Choice]]:
    for question in form.questions.values():
        name = facets.facet_of(question.name, question.path)
        if name in _CHOSEN:
            for choice in _offered(session, question):
                yield name, choice


def _offered(session: Session, question: Question) -> Sequence[Choice]:
    """What a question offers in an interview that has just begun, in the first entry of its repeats."""
    path: Path = ()
    try:
        for node in list(question.lineage())[-2:0:-1]:
            path = (*path, node.name)
            if isinstance(node, Repeat):
                path, _changes = session.add(path)
        return session.node((*path, question.name)).choices
    except Problem:
        return ()
