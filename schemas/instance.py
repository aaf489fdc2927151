"""The instance of an interview as ODK submission XML: written, and read back into a session.

What is written is what ODK Collect submits: the primary instance of the form with every relevant node, hidden ones left
out, in the order of the form, UTF-8 without insignificant spaces. The same answers always give the same bytes; what
was written, read and written again is the same. Two attributes of the namespace `urn:svidok:form:1` keep what ODK
has no place for, and other tools ignore them: `missing` (unknown …) on an empty node, and `entry` (the id that is
given once) on entries whose id is not their position or whose codes depend on it.

Files are named by a function of the caller; by itself the name is the stream id in hexadecimal.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from schemas.problems import Problem
from schemas.session import Session
from schemas.session_live import Live, LiveRepeat, Scope
from schemas.session_types import MISSING, EntryState, Value
from schemas.session_values import decode
from schemas.xform_model import SVIDOK, Form, Group, Path, Question, Repeat
from schemas.xform_xml import JR, ODK, local, read

NameFile = Callable[[bytes, Path], str]
"""The name that a submission gives to the file with this stream id, which answers the question at a path."""
FindFile = Callable[[str, Path], bytes]
"""The stream id of a file that a submission names."""

ORX = "http://openrosa.org/xforms"
_PREFIXES = {
    ORX: "orx",
    JR: "jr",
    ODK: "odk",
    SVIDOK: "svidok",
    "http://www.opendatakit.org/xforms/entities": "entities",
}
_MISSING, _ENTRY = f"{{{SVIDOK}}}missing", f"{{{SVIDOK}}}entry"
Answer = tuple[Path, Value, "str | None"]


def write_submission(session: Session, name_file: NameFile | None = None) -> bytes:
    """The relevant answers as submission XML. Call `Session.finish()` before for the time of the end and the id.

    Raises E_INSTANCE_TEXT for an answer with characters that XML cannot hold.
    """
    writer = _Writer(session, name_file or _by_stream)
    writer.group(session.form.root, session.live_root)
    return writer.done()


def _by_stream(stream: bytes, path: Path) -> str:
    return stream.hex()


class _Writer:
    """Collects the parts of one document; namespaces are declared on the root, those that are used."""

    def __init__(self, session: Session, name_file: NameFile) -> None:
        self.form = session.form
        self.name_file = name_file
        self.parts: list[str] = []
        self.used: set[str] = set()

    def done(self) -> bytes:
        names = sorted((_PREFIXES[each], each) for each in self.used)
        declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in names)
        start = self.parts[0]
        place = start.find(" ") if " " in start else len(start.rstrip("/>"))
        text = "".join((start[:place], declared, start[place:], *self.parts[1:]))
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()

    def _name(self, namespace: str, name: str) -> str:
        prefix = _PREFIXES.get(namespace)
        if prefix is None:
            return name
        self.used.add(namespace)
        return f"{prefix}:{name}"

    def _attribute(self, key: str) -> str:
        namespace, _, name = key[1:].rpartition("}") if key.startswith("{") else ("", "", key)
        return self._name(namespace, name)

    def _start(self, definition: Group | Question, extra: dict[str, str]) -> str:
        attributes = {**definition.marked, **extra}
        written = "".join(f" {self._attribute(key)}={quoteattr(value)}" for key, value in attributes.items())
        return self._name(definition.namespace, definition.name) + written

    def group(self, group: Group, scope: Scope, extra: dict[str, str] | None = None) -> None:
        """A group or an entry, and what is relevant in it."""
        start = self._start(group, extra or {})
        name = start.partition(" ")[0]
        at = len(self.parts)
        self.parts.append("")
        for child in group.children:
            live = scope.nodes[child.slot]
            if not live.relevant:
                continue
            if isinstance(live, LiveRepeat):
                self._entries(live)
            elif isinstance(child, Group):
                self.group(child, scope)
            elif isinstance(child, Question):
                self._leaf(child, live)
        empty = len(self.parts) == at + 1
        self.parts[at] = f"<{start}/>" if empty else f"<{start}>"
        if not empty:
            self.parts.append(f"</{name}>")

    def _entries(self, live: LiveRepeat) -> None:
        for entry in live.entries:
            given = live.repeat.code or entry.id != entry.place
            self.group(live.repeat, entry, {_ENTRY: str(entry.id)} if given else {})

    def _leaf(self, question: Question, live: Live) -> None:
        start = self._start(question, {_MISSING: live.missing} if live.missing else {})
        value = decode(question, live.raw)
        text = self.name_file(value, live.path) if isinstance(value, bytes) else live.raw
        if not _writable(text):
            raise Problem("E_INSTANCE_TEXT", question=question.name)
        end = start.partition(" ")[0]
        self.parts.append(f"<{start}>{escape(text, _ENTITIES)}</{end}>" if text else f"<{start}/>")


_ENTITIES = {"\r": "&#13;"}


def _writable(text: str) -> bool:
    """Whether XML 1.0 can hold the text (§2.2)."""
    return not any(
        (character < " " and character not in "\t\n\r")
        or character in "\ufffe\uffff"
        or "\ud800" <= character <= "\udfff"
        for character in text
    )


def read_submission(form: Form, xml: bytes, find_file: FindFile | None = None) -> tuple[list[EntryState], list[Answer]]:
    """The entries and answers in a submission, as `Session.restore` takes them.

    Raises E_FORM_XML for XML that is broken or unsafe, E_INSTANCE_FORM for a submission of another form or version, and
    E_INSTANCE_NODE for what the form does not have.
    """
    root = read(xml)
    if (
        local(root) != form.root.name
        or root.get("id", form.id) != form.id
        or _version(root) not in (None, form.version)
    ):
        raise Problem("E_INSTANCE_FORM", form=form.id, version=form.version)
    reader = _Reader(find_file or _from_stream)
    reader.group(form.root, root, ())
    return reader.entries, reader.answers


def load_submission(session: Session, xml: bytes, find_file: FindFile | None = None) -> None:
    """Puts a submission into a session in place of everything in it. Raises as `read_submission`, and E_ANSWER_…."""
    entries, answers = read_submission(session.form, xml, find_file)
    session.restore(entries, answers)


def _version(root: ET.Element) -> str | None:
    return next((value for key, value in root.attrib.items() if key.rpartition("}")[2] == "version"), None)


def _from_stream(name: str, path: Path) -> bytes:
    try:
        return bytes.fromhex(name)
    except ValueError:
        raise Problem("E_INSTANCE_NODE", question=_written(path), detail="a file that is not here") from None


class _Reader:
    """Walks a submission along the form."""

    def __init__(self, find_file: FindFile) -> None:
        self.find_file = find_file
        self.entries: list[EntryState] = []
        self.answers: list[Answer] = []

    def group(self, group: Group, element: ET.Element, path: Path) -> None:
        """What stands in a group; the ids of entries are those given, else their positions."""
        given: dict[str, set[int]] = {}
        for each in element:
            child = group.named.get(local(each))
            where: Path = (*path, local(each))
            if child is None:
                raise Problem("E_INSTANCE_NODE", question=_written(where), detail="a node that the form does not have")
            if isinstance(child, Repeat):
                if f"{{{JR}}}template" not in each.attrib:
                    entry = (*path, (child.name, _identity(each, given.setdefault(child.name, set()), where)))
                    self.entries.append(EntryState(entry))
                    self.group(child, each, entry)
            elif isinstance(child, Group):
                self.group(child, each, where)
            elif isinstance(child, Question):
                self._leaf(child, each, where)

    def _leaf(self, question: Question, element: ET.Element, path: Path) -> None:
        if len(element):
            raise Problem("E_INSTANCE_NODE", question=_written(path), detail="a question with nodes inside")
        text, missing = element.text or "", element.get(_MISSING)
        if missing is not None and (missing not in MISSING or text):
            raise Problem("E_INSTANCE_NODE", question=_written(path), detail="a reserved answer that is none")
        if question.type == "note" or not (text or missing):
            return
        if question.type == "file" and text:
            self.answers.append((path, self.find_file(text, path), missing))
        else:
            value = text if question.type == "calculate" else decode(question, text)
            self.answers.append((path, value, missing))


def _identity(element: ET.Element, given: set[int], path: Path) -> int:
    written = element.get(_ENTRY, "")
    if written and not (written.isascii() and written.isdecimal() and 0 < int(written[:9]) < 10**6):
        raise Problem("E_INSTANCE_NODE", question=_written(path), detail="an entry whose id is no number")
    found = int(written[:9]) if written else len(given) + 1
    if found in given:
        raise Problem("E_INSTANCE_NODE", question=_written(path), detail="two entries with one id")
    given.add(found)
    return found


def _written(path: Path) -> str:
    return "/".join(each if isinstance(each, str) else f"{each[0]}[{each[1]}]" for each in path)[:200]
