"""Forms of packs, opened with what was parsed before: the second opening of a form costs a part of the first.

What is kept of a form is the trees of its expressions (`schemas.form_cache`), nothing of any interview. It lies in the
database of the vault, encrypted and authenticated as everything there, under the hash of its XForm. What is kept of
another form, by another version of the program, or damaged, is thrown away and made anew; a form opens without it, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from collector import about, crypto
from collector.database import Database
from schemas.form_cache import read_cache, write_cache
from schemas.problems import Problem
from schemas.xform import parse_form
from schemas.xform_model import Form

_NAME = "form-cache/"
_NO_ROOM = ("E_DISK_FULL", "E_NO_ACCESS")


def open_form(db: Database, xml: bytes, files: Mapping[str, bytes]) -> Form:
    """The definition that runs, with the tables that came along; what was parsed is kept. Raises E_FORM_*."""
    name = _NAME + crypto.sha256(xml).hex()
    trees = read_cache(xml, db.meta(name) or b"", about.version())
    known = len(trees)
    form = parse_form(xml, files, trees=trees)
    if len(trees) != known and not db.read_only:
        _keep(db, name, write_cache(xml, trees, about.version()))
    return form


def _keep(db: Database, name: str, cache: bytes) -> None:
    """A disk without room takes nothing, and the form opens all the same."""
    try:
        with db.transaction():
            db.set_meta(name, cache)
    except Problem as problem:
        if problem.code not in _NO_ROOM:
            raise
