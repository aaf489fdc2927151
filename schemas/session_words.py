"""What a session shows in words: texts in its language with fallback, and the choices that a question offers.

A text is shown in the session's language, else in the form's own, else in the first language that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from schemas.problems import Problem
from schemas.session_live import Live, LiveRepeat, Scope
from schemas.session_types import Choice
from schemas.xform_model import Definition, Form, Group, Itemset, Question, Text
from schemas.xform_values import cleaned
from schemas.xpath.code import Context, Leaf
from schemas.xpath.gathered import Gathering
from schemas.xpath.tallies import Offers

MAX_TEXTS = 20
"""How deep texts may show texts: labels that show the label of a choice, whose label shows a label."""


class Words:
    """Texts and choices of one session. Choices that no answer can change are made once for each language."""

    def __init__(self, form: Form, language: str, context: Context) -> None:
        self.form = form
        self.context = context
        self.language = language
        self._fixed: dict[Itemset, tuple[Choice, ...]] = {}
        self._codes: dict[Itemset, frozenset[str]] = {}
        self._depth = 0

    def switch(self, language: str) -> None:
        """Sets the language; choices that were made in another are forgotten."""
        self.language = language
        self._fixed.clear()

    def say(self, text: Text | None, scope: Scope) -> str:
        """The text as it is shown now; empty when there is none."""
        if text is None:
            return ""
        found = text.by_language
        parts = found.get(self.language) or found.get(self.form.default_language) or next(iter(found.values()), ())
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        context = self.context
        context.scope = context.origin = scope
        if self._depth > MAX_TEXTS:
            raise Problem("E_FORM_LIMIT")
        self._depth += 1
        try:
            return cleaned("".join(part if isinstance(part, str) else part.text(context) for part in parts)).strip()
        finally:
            self._depth -= 1

    def texts_of(self, definition: Definition) -> tuple[Text | None, ...]:
        """Label, hint, guidance, prompt, message of the constraint, message of the requirement."""
        prompt = definition.prompt if isinstance(definition, Group) else None
        messages: tuple[Text | None, Text | None] = (None, None)
        if isinstance(definition, Question):
            messages = (definition.constraint_message, definition.required_message)
        return (definition.label, definition.hint, definition.guidance, prompt, *messages)

    def shown(self, live: Live | Scope) -> tuple[str, ...]:
        """All texts of a node or entry as they are shown now, in the order of `texts_of`."""
        scope = self.scope_of(live)
        self.context.steps = 0
        return tuple(self.say(text, scope) for text in self.texts_of(live.definition))

    def scope_of(self, live: Live | Scope) -> Scope:
        """Where the texts of a node are evaluated."""
        if isinstance(live, Scope):
            return live
        return live.template() if isinstance(live, LiveRepeat) else live.scope

    # --- choices

    def choices(self, live: Live) -> tuple[Choice, ...]:
        """The choices that the question offers now."""
        question = live.definition
        if not isinstance(question, Question) or question.itemset is None:
            return ()
        itemset = question.itemset
        self.context.steps = 0
        if itemset.filtered:
            return self._made(itemset, live)
        found = self._fixed.get(itemset)
        if found is None:
            found = self._fixed[itemset] = self._made(itemset, live)
        return found

    def _made(self, itemset: Itemset, live: Live) -> tuple[Choice, ...]:
        if itemset.nodes is None:
            return tuple(
                Choice(item.value, self.say(item.text, live.scope), self.media(item.media, live.scope))
                for item in itemset.items
            )
        return tuple(
            Choice(value, self._label(itemset, node), self._media(itemset, node, live.scope))
            for node, value in self._pairs(itemset, live, whole=False)
            if value
        )

    def media(self, media: Mapping[str, Text], scope: Scope) -> dict[str, str]:
        """The files beside a text in the session's language, by kind."""
        return {kind: self.say(text, scope) for kind, text in media.items()} if media else {}

    def _media(self, itemset: Itemset, node: Leaf | Live | Scope, scope: Scope) -> dict[str, str]:
        if not itemset.by_itext or not isinstance(node, Leaf):
            return {}
        return self.media(self.form.media.get(node.text(itemset.label), {}), scope)

    def _pairs(self, itemset: Itemset, live: Live, *, whole: bool) -> list[tuple[Any, str]]:
        expression = itemset.whole if whole else itemset.nodes
        if expression is None or expression.nodes is None:
            return []
        context = self.context
        context.scope = context.origin = live.scope
        return [(node, self._value(itemset, node)) for node in expression.nodes(context)]

    def _value(self, itemset: Itemset, node: Leaf | Live | Scope) -> str:
        if isinstance(node, Leaf):
            return node.text(itemset.value)
        if itemset.value_at is None:
            return node.seen
        context = self.context
        context.scope = context.origin = node if isinstance(node, Scope) else node.scope
        return itemset.value_at.text(context)

    def _label(self, itemset: Itemset, node: Leaf | Live | Scope) -> str:
        if isinstance(node, Leaf):
            written = node.text(itemset.labels.get(self.language, itemset.label))
            if not itemset.by_itext:
                return cleaned(written) or node.text(itemset.value)
            text = self.form.texts.get(written)
            return self.say(text, self.context.scope) if text is not None else node.text(itemset.value)
        if itemset.label_at is None:
            return node.seen
        context = self.context
        context.scope = context.origin = node if isinstance(node, Scope) else node.scope
        return itemset.label_at.text(context)

    def _offers(self, gathering: Gathering, live: Live) -> Offers:
        return self.context.gathered.tally(gathering, Offers, self.context.enter(live.scope))

    def offered(self, live: Live) -> tuple[object, ...]:
        """What tells whether choices changed: codes and labels that depend on answers, or a mark of them."""
        question = live.definition
        if not isinstance(question, Question) or question.itemset is None:
            return ()
        itemset = question.itemset
        self.context.steps = 0
        if itemset.gathered is not None:
            return self._offers(itemset.gathered, live).mark
        pairs = self._pairs(itemset, live, whole=False)
        if itemset.label_at is None:
            return tuple(value for _, value in pairs if value)
        return tuple(each for node, value in pairs if value for each in (value, self._label(itemset, node)))

    def offers(self, live: Live, codes: list[str]) -> bool:
        """Whether all these codes are offered now."""
        question = live.definition
        if not isinstance(question, Question) or question.itemset is None:
            return True
        itemset = question.itemset
        self.context.steps = 0
        if itemset.gathered is not None:
            return self._offers(itemset.gathered, live).values.keys() >= set(codes)
        if itemset.filtered:
            return {value for _, value in self._pairs(itemset, live, whole=False)}.issuperset(codes)
        return self.known(live) >= set(codes)

    def known(self, live: Live) -> Set[str]:
        """The codes that may be an answer to the question, whatever is filtered now."""
        question = live.definition
        if not isinstance(question, Question) or question.itemset is None:
            return frozenset()
        itemset = question.itemset
        if itemset.gathered_whole is not None:
            self.context.steps = 0
            return self._offers(itemset.gathered_whole, live).values.keys()
        found = self._codes.get(itemset)
        if found is None:
            self.context.steps = 0
            if itemset.nodes is None:
                found = frozenset(item.value for item in itemset.items)
            else:
                found = frozenset(value for _, value in self._pairs(itemset, live, whole=True))
            if itemset.value_at is None:
                self._codes[itemset] = found
        return found

    def choice_label(self, live: Live, value: str) -> str:
        """The label of one code of the question, as jr:choice-name() gives it; empty when it has none."""
        question = live.definition
        if not isinstance(question, Question) or question.itemset is None or not value:
            return ""
        context = self.context
        kept = (context.scope, context.origin)
        try:
            itemset = question.itemset
            if itemset.nodes is None:
                return next((self.say(each.text, live.scope) for each in itemset.items if each.value == value), "")
            pairs = self._pairs(itemset, live, whole=True)
            context.spend(len(pairs))
            for node, code in pairs:
                if code == value:
                    return self._label(itemset, node)
            return ""
        finally:
            context.scope, context.origin = kept
