"""Puts binds, texts, choices and actions into the definitions, and compiles their expressions.

Every refusal of the expression compiler becomes a Problem here that names the question and quotes the expression.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace

from schemas.problems import Problem
from schemas.xform_actions import read_actions
from schemas.xform_body import Parts
from schemas.xform_model import STRICTNESS, SVIDOK, Action, Definition, Group, Item, Itemset, Question, Repeat, Text
from schemas.xform_search import search_in, search_itemset, table_name
from schemas.xform_text import TextMaker, Texts, identity_of
from schemas.xform_xml import JR, children, first
from schemas.xpath.code import Expression, Refused
from schemas.xpath.compiler import Compiler
from schemas.xpath.gathered import Gathering
from schemas.xpath.tree import Call, PathTree, String, Tree

_MARKS: Mapping[str, tuple[str, ...]] = {
    "compartment": ("identity", "narrative", "process"),
    "mode": ("read", "ask", "code", "staff", "auto"),
    "tier": ("C", "X"),
    "required": ("block", "answer", "no", "auto"),
    "reserved": ("yes", "no"),
}
_QUOTED = 300
_BLANK = String("")
_IDLE = {("relevant", "true()"), ("readonly", "false()"), ("required", "false()"), ("constraint", "true()")}
_ENTITY = "/meta/entity/"


class Filler:
    """Fills the definitions of one form. `choice_texts` are the texts that choice lists refer to by id."""

    def __init__(self, parts: Parts, compiler: Compiler, texts: Texts, nodes: Mapping[str, Definition]) -> None:
        self.parts = parts
        self.compiler = compiler
        self.texts = texts
        self.nodes = nodes
        self.maker = TextMaker(texts, compiler)
        self.choice_texts: dict[str, Text] = {}
        self.choice_media: dict[str, Mapping[str, Text]] = {}
        compiler.find_text = self.maker.from_id

    def fill(self) -> tuple[Action, ...]:
        """Fills every definition; gives the form's actions. Raises E_FORM_MARK and the E_FORM_… of expressions."""
        for each in self.nodes.values():
            if each.parent is not None:
                self._fill_one(each)
        for each in self.nodes.values():
            if isinstance(each, Group):
                self._prompt(each)
        return read_actions(self)

    def fail(self, problem: Problem) -> None:
        """Keeps a mistake, so that all of them can be told at once; the form will be refused."""
        self.parts.problems.append(problem)

    def compile(self, source: str, place: Definition) -> Expression:
        """The expression; a mistake is kept, and an empty text stands in for it."""
        try:
            found = self.compiler.compile(source, place)
        except Refused as refused:
            if refused.code == "E_FORM_REFERENCE" and _ENTITY in place.ref:
                # Entities are kept and not acted on, so nobody is misled by a text that stays empty.
                self.parts.note(place.name, f"names {refused.detail}, which the form does not have: it stays empty")
            else:
                self.fail(_problem(refused, place, source))
            return self.compiler.compile_tree(_BLANK, source, place)
        for remark in self.compiler.remarks.pop(source, ()):
            self.parts.note(place.name, remark)
        return found

    def _fill_one(self, each: Definition) -> None:
        bind = self.parts.binds.get(each.ref)
        if bind is not None:
            each.marks = self._marks(bind, each)
            each.relevant = self._of(bind, "relevant", each)
            each.readonly = self._of(bind, "readonly", each)
        try:
            self._texts(each, bind)
            if isinstance(each, Question):
                self._itemset(each)
        except Refused as refused:
            self.fail(_problem(refused, each, ""))
        except Problem as problem:
            self.fail(problem)
        if isinstance(each, Question):
            self._question(each, bind)
        if isinstance(each, Repeat):
            try:
                self._repeat(each)
            except Problem as problem:
                self.fail(problem)

    def _marks(self, bind: ET.Element, each: Definition) -> dict[str, str]:
        try:
            return _marks(bind, each)
        except Problem as problem:
            self.fail(problem)
            return {}

    def _of(self, bind: ET.Element, attribute: str, place: Definition) -> Expression | None:
        source = bind.get(attribute, "").strip()
        if not source or (attribute, source) in _IDLE:
            return None
        return self.compile(source, place)

    def _question(self, each: Question, bind: ET.Element | None) -> None:
        if bind is not None:
            each.required = self._of(bind, "required", each)
            each.constraint = self._of(bind, "constraint", each)
            each.calculate = self._of(bind, "calculate", each)
            each.required_message = self.maker.from_attribute(bind.get(f"{{{JR}}}requiredMsg"), each)
            each.constraint_message = self.maker.from_attribute(bind.get(f"{{{JR}}}constraintMsg"), each)
        marks = each.marks
        if "mode" not in marks and each.type == "calculate":
            each.marks = {**marks, "mode": "auto"}
        each.closed = marks.get("reserved") == "no" or each.type in ("calculate", "note")
        each.alone = frozenset(marks.get("alone", "").split())
        strictness = marks.get("required", "")
        if strictness in STRICTNESS:
            each.strictness = STRICTNESS[strictness]
        elif each.type == "calculate":
            each.strictness = "auto"
        else:
            each.strictness = "answer" if each.required is not None else "no"
        if each.strictness in ("block", "answer") and each.required is None:
            each.required = self.compile("true()", each)
        elif each.strictness in ("no", "auto"):
            each.required = None

    def _repeat(self, each: Repeat) -> None:
        each.code = each.marks.get("code", "")
        start = each.marks.get("start")
        if start is not None:
            if not start.isdecimal() or not start.isascii() or int(start) > 100:
                raise Problem("E_FORM_MARK", question=each.name, mark="start", value=start, allowed="0 to 100")
            each.starts = (None,) * int(start)
        control = self.parts.controls.get(each.ref)
        inner = control.repeat if control is not None else None
        count = inner.get(f"{{{JR}}}count", "").strip() if inner is not None else ""
        if count:
            each.count = self.compile(count, each)
            each.starts = ()
        each.fixed = inner is not None and inner.get(f"{{{JR}}}noAddRemove", "").strip() == "true()"

    # --- texts

    def _texts(self, each: Definition, bind: ET.Element | None) -> None:
        control = self.parts.controls.get(each.ref)
        if control is None:
            return
        label, hint = first(control.element, "label"), first(control.element, "hint")
        each.label = self.maker.from_element(label, each)
        each.hint = self.maker.from_element(hint, each)
        each.guidance = self.maker.from_element(hint, each, "guidance")
        each.media = self.maker.media_of(identity_of(label.get("ref")) if label is not None else None, each)
        if isinstance(each, Group) and each.hint is None and self.texts.has(f"{each.ref}:hint"):
            each.hint = self.maker.from_id(f"{each.ref}:hint", each)

    def _prompt(self, group: Group) -> None:
        group.prompt, group.hint = group.hint, None
        first_child = next(iter(group.children), None)
        named = first_child is not None and first_child.name == f"{group.name}_prompt"
        if group.prompt is None and named and isinstance(first_child, Question) and first_child.type == "note":
            group.prompt, first_child.hidden = first_child.label, True

    # --- choices

    def _itemset(self, each: Question) -> None:
        control = self.parts.controls.get(each.ref)
        if control is None or each.type not in ("select_one", "select_multiple", "rank"):
            return
        element, search = first(control.element, "itemset"), search_in(each.appearance)
        if element is None:
            items = tuple(self._items(control.element, each))
            each.itemset = Itemset(items=items) if search is None else self._search(search, items, each)
            return
        if search is not None:
            self.parts.note(each.name, "search() does nothing beside choices from a list with a filter")
        source = (element.get("nodeset") or "").strip()
        value, label = first(element, "value"), first(element, "label")
        made = Itemset(nodes=self.compile(source, each), value="name", label="label")
        made.whole = self._whole(source, each)
        made.value = _reference(value) or "name"
        written = _reference(label) or made.value
        if written.startswith("jr:itext(") and written.endswith(")"):
            made.by_itext, made.label = True, written[len("jr:itext(") : -1].strip()
            self._read_choice_texts()
        else:
            made.label = written
        self._columns(made, each, source)
        each.itemset = made

    def _items(self, element: ET.Element, each: Question) -> list[Item]:
        found = []
        for item in children(element, "item"):
            value, label = first(item, "value"), first(item, "label")
            code = (value.text or "").strip() if value is not None else ""
            media = self.maker.media_of(identity_of(label.get("ref")) if label is not None else None, each)
            found.append(Item(code, self.maker.from_element(label, each) or Text({"": (code,)}), media))
        return found

    def _search(self, written: str, items: tuple[Item, ...], each: Question) -> Itemset:
        try:
            name = table_name(self.compiler, written)
            return search_itemset(self.compiler, each, items, written, self.parts.table(name, name))
        except Refused as refused:
            raise _problem(refused, each, written) from None

    def _whole(self, source: str, each: Question) -> Expression:
        """The itemset's path without predicates and without shuffling."""
        tree = written = self.compiler.tree(source)
        while isinstance(tree, Call) and tree.name == "randomize" and tree.arguments:
            tree = tree.arguments[0]
        if isinstance(tree, PathTree) and any(step.predicates for step in tree.steps):
            tree = PathTree(tree.absolute, tree.base, tuple(replace(step, predicates=()) for step in tree.steps))
        if tree is written:
            return self.compile(source, each)
        return self._compile_tree(tree, source, each)

    def _compile_tree(self, tree: Tree, source: str, each: Question) -> Expression:
        try:
            return self.compiler.compile_tree(tree, source, each)
        except Refused as refused:
            raise _problem(refused, each, source) from None

    def _columns(self, made: Itemset, each: Question, source: str) -> None:
        """For choices that are entries of a repeat: value and label are compiled where the entries stand."""
        target = made.whole.target if made.whole is not None else None
        if target is None:
            if made.nodes is None or made.nodes.nodes is None:
                raise Problem(
                    "E_FORM_EXPRESSION", question=each.name, detail="a path is needed here", expression=source[:_QUOTED]
                )
            return
        made.value_at = self.compile(made.value, target)
        made.label_at = self.compile(made.label, target)
        made.gathered = _gathered(made, made.nodes)
        made.gathered_whole = _gathered(made, made.whole)

    def _read_choice_texts(self) -> None:
        if not self.choice_texts:
            root = self.compiler.root
            for identity in self.texts.elements:
                if not identity.startswith("/"):
                    found = self.maker.from_id(identity, root)
                    if found is not None:
                        self.choice_texts[identity] = found
                    if media := self.maker.media_of(identity, root):
                        self.choice_media[identity] = media


def _marks(bind: ET.Element, each: Definition) -> dict[str, str]:
    marks = {
        key.rpartition("}")[2]: value.strip() for key, value in bind.attrib.items() if key.startswith(f"{{{SVIDOK}}}")
    }
    for mark, value in list(marks.items()):
        allowed = _MARKS.get(mark)
        if not value:
            del marks[mark]
        elif allowed is not None and value not in allowed:
            raise Problem("E_FORM_MARK", question=each.name, mark=mark, value=value, allowed=", ".join(allowed))
    return marks


def _gathered(itemset: Itemset, nodes: Expression | None) -> Gathering | None:
    """What the entries give as choices, where both value and label are questions in them."""
    columns = [
        each.target
        for each in (itemset.value_at, itemset.label_at)
        if each is not None and each.kind == "node" and isinstance(each.target, Question)
    ]
    if nodes is None or nodes.gathering is None or len(columns) != 2:
        return None
    return nodes.gathering.with_columns(tuple(columns))


def _reference(element: ET.Element | None) -> str:
    return (element.get("ref") or "").strip() if element is not None else ""


def _problem(refused: Refused, place: Definition, source: str) -> Problem:
    facts: dict[str, str] = {"question": place.name, "ref": place.ref, "expression": source[:_QUOTED]}
    name = {"E_FORM_FUNCTION": "function", "E_FORM_REFERENCE": "name"}.get(refused.code, "detail")
    return Problem(refused.code, **facts, **{name: refused.detail})
