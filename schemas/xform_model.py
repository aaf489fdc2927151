"""What a form says, once it has been read: questions, groups, repeats, texts and choice lists.

A form definition never changes while interviews run on it, so any number of sessions share one. Everything that an
expression needs is compiled before the definition is handed out (`schemas.xform_fill`); a definition that exists can
run. Names of attributes follow the XForms specification of ODK where it has them; Svidok's own marks stand in binds in
the namespace `urn:svidok:form:1` (compartment, mode, tier, required, reserved, alone, code, start).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from schemas.problems import Problem

if TYPE_CHECKING:
    from schemas.xform_graph import Program
    from schemas.xpath.code import Expression
    from schemas.xpath.gathered import Gathering

Compartment: TypeAlias = Literal["identity", "narrative", "process"]
Mode: TypeAlias = Literal["read", "ask", "code", "staff", "auto"]
Tier: TypeAlias = Literal["C", "X"]
Strictness: TypeAlias = Literal["block", "answer", "no", "auto"]
SVIDOK = "urn:svidok:form:1"
_COMPARTMENTS: Mapping[str, Compartment] = {"identity": "identity", "narrative": "narrative", "process": "process"}
_MODES: Mapping[str, Mode] = {"read": "read", "ask": "ask", "code": "code", "staff": "staff", "auto": "auto"}
_TIERS: Mapping[str, Tier] = {"C": "C", "X": "X"}
STRICTNESS: Mapping[str, Strictness] = {"block": "block", "answer": "answer", "no": "no", "auto": "auto"}
_Mark = TypeVar("_Mark")

Step: TypeAlias = "str | tuple[str, int]"
Path: TypeAlias = tuple[Step, ...]
"""Where a node of an interview stands, e.g. `("h_event", ("ev", 3), "ev_type")`; a tuple is an entry of a repeat."""


@dataclass(slots=True)
class Text:
    """A text that the form shows, in every language; `parts` are literals and outputs (compiled expressions).

    `by_language` maps the language to its parts; the key "" holds a text that stands in the form without a language.
    """

    by_language: dict[str, tuple[str | Expression, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One item that stands in the question itself: the stored value, its text, and files beside the text."""

    value: str
    text: Text
    media: Mapping[str, Text] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Definition:
    """What questions, groups and repeats have in common. `ref` is the absolute XForm path, `path` its names without
    the root.

    `scope` is the root or repeat in whose instances the node lives, `slot` its place there. `hidden` is a note that
    only carries the open prompt of its section. `attributes` (by plain name; `marked`: by full name) and `namespace`
    are those of the node in the instance. `media` are files beside the label: image, audio, video, big-image.
    """

    name: str
    ref: str
    parent: Group | None
    label: Text | None = None
    hint: Text | None = None
    guidance: Text | None = None
    appearance: str = ""
    relevant: Expression | None = None
    readonly: Expression | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    scope: Group | None = None
    slot: int = -1
    hidden: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    marked: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    media: Mapping[str, Text] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ref}>"

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the form's root to here; for a node outside repeats this is its Path in a session."""
        return tuple(self.ref.split("/")[2:])

    @property
    def compartment(self) -> Compartment:
        """Where the answer is sealed: its own mark, or that of the nearest group that has one."""
        return _inherited(self, "compartment", _COMPARTMENTS, self.unmarked)

    @property
    def unmarked(self) -> Compartment:
        """The compartment where nothing around says which."""
        return "narrative"

    @property
    def mode(self) -> Mode:
        """How the question is put: its own mark, or that of the nearest group that has one; `ask` without any."""
        return _inherited(self, "mode", _MODES, "ask")

    @property
    def tier(self) -> Tier:
        """`C` core or `X` extended: its own mark, or that of the nearest group that has one; `C` without any."""
        return _inherited(self, "tier", _TIERS, "C")

    def lineage(self) -> Iterator[Definition]:
        """This node and the groups around it, from the inside out."""
        each: Definition | None = self
        while each is not None:
            yield each
            each = each.parent


def _inherited(definition: Definition, mark: str, allowed: Mapping[str, _Mark], without: _Mark) -> _Mark:
    """The mark of the node itself or of the nearest group that has it."""
    for each in definition.lineage():
        found = allowed.get(each.marks.get(mark, ""))
        if found is not None:
            return found
    return without


@dataclass(slots=True, eq=False, repr=False)
class Group(Definition):
    """A section or an inner group. `named` are its children by name, `prompt` is the open prompt that is spoken before
    its coded questions.

    `layout` belongs to the root and to repeats: the nodes of one scope (form or entry) by slot, in document order.
    """

    children: list[Definition] = field(default_factory=list)
    named: dict[str, Definition] = field(default_factory=dict)
    prompt: Text | None = None
    layout: list[Definition] = field(default_factory=list)

    @property
    def shown(self) -> bool:
        """Whether anything inside has a control: a group of calculations alone is never seen."""
        return any(isinstance(each, Question) and each.type != "calculate" and not each.hidden for each in self.walk())

    def walk(self) -> Iterator[Definition]:
        """Everything inside, in document order, without the group itself."""
        for child in self.children:
            yield child
            if isinstance(child, Group):
                yield from child.walk()


@dataclass(slots=True, eq=False, repr=False)
class Repeat(Group):
    """A group that may stand any number of times. `code` is the prefix of entry codes (`P` gives P1, P2 …) or empty.

    `starts` are the entries that the form begins with; None is one with the values of the template. `fixed`: nobody
    may add or remove entries.
    """

    count: Expression | None = None
    starts: tuple[Start | None, ...] = ()
    code: str = ""
    fixed: bool = False

    @property
    def start(self) -> int:
        """How many entries the form begins with."""
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Start:
    """An entry that stands in the form: its values, and the entries in it, by slot."""

    values: Mapping[int, str]
    entries: Mapping[int, tuple[Start | None, ...]]


@dataclass(slots=True, eq=False, repr=False)
class Question(Definition):
    """A question, a note, or a calculation (type `calculate`: it has no control and only the program fills it).

    `type` is one of text, integer, decimal, boolean, date, time, dateTime, select_one, select_multiple, rank, file,
    note, calculate, geopoint, geotrace, geoshape, barcode, acknowledge; a range is an integer or decimal that has the
    parameters start, end and step. `data_type` is the type of the bind (`string`, `int`, `decimal`, `date` …) and
    decides how expressions read the value.
    """

    type: str = "text"
    data_type: str = "string"
    required: Expression | None = None
    constraint: Expression | None = None
    calculate: Expression | None = None
    required_message: Text | None = None
    constraint_message: Text | None = None
    strictness: Strictness = "no"
    closed: bool = False
    edtf: bool = False
    alone: frozenset[str] = frozenset()
    default: str = ""
    mediatype: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    itemset: Itemset | None = None

    @property
    def fillable(self) -> bool:
        """Whether a person may answer: a calculated node is read-only (XForms 1.1 §6.1.2), a note has no answer."""
        return self.calculate is None and self.type not in ("note", "calculate")

    @property
    def unmarked(self) -> Compartment:
        """A file without any mark belongs to `identity`: faces, voices and names are in files."""
        return "identity" if self.type == "file" else "narrative"


@dataclass(slots=True, eq=False)
class Itemset:
    """Where a question's choices come from: fixed items, or the nodes of an expression.

    `nodes` gives what is offered now, `whole` the same path without its filters: what may be an answer at all. Nodes
    are items of a secondary instance, whose columns `value` and `label` name (`by_itext`: the label column holds the
    id of a text, `labels`: the columns of labels by language); or entries of a repeat, for which `value_at` and
    `label_at` are compiled; where these are questions of the entries, `gathered` and `gathered_whole` are what the
    entries give. `codes` are those known when the form is loaded.
    """

    items: tuple[Item, ...] = ()
    nodes: Expression | None = None
    whole: Expression | None = None
    value: str = "name"
    label: str = "label"
    labels: Mapping[str, str] = field(default_factory=dict)
    by_itext: bool = False
    value_at: Expression | None = None
    label_at: Expression | None = None
    gathered: Gathering | None = None
    gathered_whole: Gathering | None = None
    codes: frozenset[str] | None = None

    @property
    def filtered(self) -> bool:
        """Whether answers can change what is offered."""
        return self.nodes is not None and bool(self.nodes.references or self.nodes.volatile)


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """`setvalue`: gives `target` the value of an expression at an event.

    `event` is `first-load`, `new-repeat`, `finish` or `value-changed` (then `place` is the question whose answer sets
    it off).
    `find` leads from the place of the action (`place`) to the nodes that are set.
    """

    event: str
    place: Definition
    target: Question
    value: Expression | None
    find: Expression


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning about a question (by name), or about the whole form when `question` is empty."""

    question: str
    message: str

    def __str__(self) -> str:
        return f"{self.question}: {self.message}" if self.question else self.message


@dataclass(frozen=True, slots=True)
class Entity:
    """What a form would tell a list of entities: read and kept, never acted on (ODK XForms specification, "Entities").

    `ref` is the path of the entity node, `attributes` those of it (dataset, create, update …), `saved` maps the path of
    a question to the property of the entity that it would set.
    """

    ref: str
    dataset: str
    attributes: Mapping[str, str]
    saved: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Form:
    """A form that can run. `questions` maps the XForm path (`/data/a/t`) to its question; `tables` are the names of
    the files that it looks into.
    """

    id: str
    version: str
    title: str
    languages: tuple[str, ...]
    default_language: str
    root: Group = field(repr=False)
    program: Program = field(repr=False)
    questions: dict[str, Question] = field(default_factory=dict, repr=False)
    nodes: dict[str, Definition] = field(default_factory=dict, repr=False)
    texts: dict[str, Text] = field(default_factory=dict, repr=False)
    media: dict[str, Mapping[str, Text]] = field(default_factory=dict, repr=False)
    actions: tuple[Action, ...] = field(default=(), repr=False)
    entities: tuple[Entity, ...] = ()
    tables: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    new_entry_actions: dict[Definition, tuple[Action, ...]] = field(default_factory=dict, repr=False)
    value_actions: dict[Definition, tuple[Action, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for each in self.actions:
            if each.event == "new-repeat" and each.target.scope is not None:
                known = self.new_entry_actions.get(each.target.scope, ())
                self.new_entry_actions[each.target.scope] = (*known, each)
            elif each.event == "value-changed":
                self.value_actions[each.place] = (*self.value_actions.get(each.place, ()), each)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What deserves a look in a form that works, in words."""
        return tuple(map(str, self.notices))

    @property
    def sections(self) -> tuple[Group, ...]:
        """The groups and repeats directly below the root, in order, that show anything."""
        return tuple(child for child in self.root.children if isinstance(child, Group) and child.shown)

    def by_name(self, name: str) -> Definition:
        """The one node of this name. Raises E_ANSWER_PATH when none or several have it."""
        found = [each for each in self.nodes.values() if each.name == name]
        if len(found) != 1:
            raise Problem("E_ANSWER_PATH", question=name)
        return found[0]

    def definition(self, path: Path) -> Definition:
        """The definition that a session's path belongs to. Raises E_ANSWER_PATH."""
        names = [step if isinstance(step, str) else step[0] for step in path]
        found = self.nodes.get("/".join((self.root.ref, *names)))
        if found is None:
            raise Problem("E_ANSWER_PATH", question="/".join(names))
        return found

    def compartment_of(self, path: Path) -> Compartment:
        """The compartment of the node at a session's path. Raises E_ANSWER_PATH."""
        return self.definition(path).compartment
