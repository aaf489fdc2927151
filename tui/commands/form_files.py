"""The files that people who make forms give to commands: forms, tables beside them, answers, scripts, expressions.

The rule: these commands read what they are told to read and write nothing but the one file that `form export` is asked
for. Nothing here needs a home, a vault or a passphrase.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from collector import files
from collector.beside import Beside
from schemas.problems import Problem
from schemas.session import Session
from schemas.xform import Form, parse_form
from schemas.xform_model import Definition, Group, Repeat
from schemas.xform_model import Path as NodePath
from tui.commands import common

XFORMS = (".xml", ".xhtml")
MAX_FORM = 16 << 20
MAX_SCRIPT = 64 << 20
_SPECIAL = ({"missing"}, {"file"}, {"attachment"})
_BLOCK = 1 << 20


def read_form_file(path: Path, limit: int = MAX_FORM) -> bytes:
    """The bytes of a form, or one byte more than `limit` of a larger one: whoever reads them refuses it by its size.

    Raises E_FILE_MISSING, E_FORMAT for what is no file, E_NO_ACCESS, E_MEDIA_IO.
    """
    with files.mapped_os_errors():
        if not common.existing(path).is_file():
            raise Problem("E_FORMAT", where="no file")
        with path.open("rb") as source:
            return source.read(limit + 1)


def load_form(path: Path) -> Form:
    """The form in an XLSForm or XForm. Raises what reading and converting it raises; the first mistake of several."""
    data = read_form_file(path)
    if path.suffix.lower() in XFORMS:
        return parse_form(data, Beside(path))
    from schemas.xlsform import to_xform

    return parse_form(to_xform(data, path.suffix).xml, Beside(path))


def now() -> datetime:
    """The time of this machine, for today() and now()."""
    return datetime.now().astimezone()


def new_session(path: Path, clock: Callable[[], datetime] = now) -> Session:
    """An empty interview on a form, in memory."""
    return Session(load_form(path), clock=clock, verify=verified)


def verified(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature holds, for extract-signed(); the library is loaded when a form asks."""
    from collector.crypto import signature_holds

    return signature_holds(public, signature, message)


def read_script(path: Path) -> list[object]:
    """The steps of a script. Raises E_FILE_MISSING, E_NO_ACCESS, E_INSTANCE_STEP for a file that is no JSON list."""
    data = files.read_limited(common.existing(path), MAX_SCRIPT)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise Problem("E_INSTANCE_STEP", step=1, detail=f"the file is not JSON, line {line}") from None
    if not isinstance(found, list):
        raise Problem("E_INSTANCE_STEP", step=1, detail="the file is not a list of steps")
    return found


def read_expressions(path: Path) -> list[str]:
    """One expression on each line; empty lines are none. Raises E_FILE_MISSING, E_FORMAT, E_NO_ACCESS."""
    data = files.read_limited(common.existing(path), MAX_SCRIPT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("E_FORMAT", where="not UTF-8") from None
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


class Taken:
    """Files that answers name, found in the folder of the answers: each gets an id from its place and its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[bytes, str] = {}
        self.sources: dict[str, Path] = {}

    def __call__(self, name: str, path: NodePath) -> bytes:
        """The id of a file. Raises E_FILE_MISSING, E_FORMAT for what is no file, E_NO_ACCESS."""
        place = common.existing(self._folder / name)
        sid = hashlib.sha256(repr(path).encode() + digest_of(place)).digest()[:16]
        self._names[sid] = self._shown(sid, place)
        self.sources[self._names[sid]] = place
        return sid

    def _shown(self, sid: bytes, place: Path) -> str:
        plain = files.shown_name(place.name)
        known = self.sources.get(plain)
        return plain if known is None or known == place else f"{sid.hex()[:8]}-{plain}"

    def ids(self) -> dict[str, str]:
        """The names of the files by their ids in hexadecimal."""
        return {sid.hex(): name for sid, name in self._names.items()}

    def name(self, sid: bytes, path: NodePath) -> str:
        """What a submission calls the file; the id of one that was taken over elsewhere."""
        return self._names.get(sid, sid.hex())


def digest_of(place: Path) -> bytes:
    """The SHA-256 of a file, read in blocks. Raises E_FORMAT for what is no file, E_NO_ACCESS, E_MEDIA_IO."""
    found = hashlib.sha256()
    with files.mapped_os_errors():
        if not place.is_file():
            raise Problem("E_FORMAT", where="no file")
        with place.open("rb") as source:
            while block := source.read(_BLOCK):
                found.update(block)
    return found.digest()


Fill = Callable[[Mapping[str, Any]], None]


def fill_each(fill: Fill, group: Group, data: Mapping[str, Any]) -> list[Problem]:
    """Gives every answer to `fill` by itself, so that one that is refused stops no other; the entries of one repeat go
    together. Returns why the others were refused.
    """
    problems: list[Problem] = []
    for piece in _pieces(group, data):
        try:
            fill(piece)
        except Problem as problem:
            problems.append(problem)
    return problems


def _pieces(group: Group, data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One map for each answer, in the order of the data."""
    for key, value in data.items():
        inner = _group_called(group, key) if isinstance(value, Mapping) and set(value) not in _SPECIAL else None
        if inner is None:
            yield {key: value}
        else:
            yield from ({key: piece} for piece in _pieces(inner, value))


def _group_called(group: Group, name: str) -> Group | None:
    """The group of this name directly below or, when only one has it, further below; no repeat."""
    found: Definition | None = group.named.get(name)
    if found is None:
        named = [each for each in group.walk() if each.name == name]
        found = named[0] if len(named) == 1 else None
    return found if isinstance(found, Group) and not isinstance(found, Repeat) else None
