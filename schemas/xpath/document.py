"""A document as XPath 1.0 sees it: nodes with parents and an order, and the axes between them (XPath 1.0 §2.2, §5).

Forms run on paths found when they are loaded (`schemas.xpath.paths`); this is for looking into an instance that
nobody knows beforehand. Names have no prefixes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET


class DocumentNode:
    """A node: `kind` is root, element, attribute or text; `place` is its position among siblings of its name."""

    __slots__ = ("attributes", "children", "definition", "kind", "name", "order", "parent", "place", "text")
    relevant = True

    def __init__(self, kind: str, name: str, parent: DocumentNode | None, text: str = "") -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.text = text
        self.children: list[DocumentNode] = []
        self.attributes: list[DocumentNode] = []
        self.order = 0
        self.place = 1
        self.definition = None

    @property
    def seen(self) -> str:
        """The node's text: of an element, all text inside (XPath 1.0 §5.2)."""
        if self.kind in ("attribute", "text"):
            return self.text
        return "".join(each.text for each in descendants(self) if each.kind == "text")

    raw = seen


def document_of(element: ET.Element) -> DocumentNode:
    """The document around an element: its root node, every node numbered in document order."""
    root = DocumentNode("root", "", None)
    _grow(root, element)
    for order, each in enumerate(_everything(root)):
        each.order = order
    return root


def _grow(parent: DocumentNode, element: ET.Element) -> None:
    name = element.tag.rpartition("}")[2]
    node = DocumentNode("element", name, parent)
    node.place = 1 + sum(each.name == name for each in parent.children)
    parent.children.append(node)
    for key, value in element.attrib.items():
        node.attributes.append(DocumentNode("attribute", key.rpartition("}")[2], node, value))
    _write(node, element.text)
    for each in element:
        _grow(node, each)
        _write(node, each.tail)


def _write(node: DocumentNode, text: str | None) -> None:
    if text:
        node.children.append(DocumentNode("text", "", node, text))


def _everything(node: DocumentNode) -> Iterator[DocumentNode]:
    yield node
    yield from node.attributes
    for each in node.children:
        yield from _everything(each)


def descendants(node: DocumentNode) -> Iterator[DocumentNode]:
    """What lies in a node, in document order, without attributes."""
    for each in node.children:
        yield each
        yield from descendants(each)


def ancestors(node: DocumentNode) -> Iterator[DocumentNode]:
    """The nodes around a node, nearest first."""
    each = node.parent
    while each is not None:
        yield each
        each = each.parent


def _siblings(node: DocumentNode, *, before: bool) -> Iterator[DocumentNode]:
    if node.parent is None or node.kind == "attribute":
        return
    row = node.parent.children
    place = next(index for index, each in enumerate(row) if each is node)
    yield from reversed(row[:place]) if before else row[place + 1 :]


def _beside(node: DocumentNode, *, before: bool) -> Iterator[DocumentNode]:
    """The axes preceding (nearest first) and following: everything outside, without ancestors."""
    for around in (node, *ancestors(node)):
        for each in _siblings(around, before=before):
            inner = [each, *descendants(each)]
            yield from reversed(inner) if before else inner


AXES: dict[str, Callable[[DocumentNode], Iterator[DocumentNode]]] = {
    "child": lambda node: iter(node.children),
    "parent": lambda node: iter(() if node.parent is None else (node.parent,)),
    "self": lambda node: iter((node,)),
    "attribute": lambda node: iter(node.attributes),
    "descendant": descendants,
    "descendant-or-self": lambda node: iter((node, *descendants(node))),
    "ancestor": ancestors,
    "ancestor-or-self": lambda node: iter((node, *ancestors(node))),
    "following-sibling": lambda node: _siblings(node, before=False),
    "preceding-sibling": lambda node: _siblings(node, before=True),
    "following": lambda node: _beside(node, before=False),
    "preceding": lambda node: _beside(node, before=True),
}


def fits(node: DocumentNode, axis: str, test: str) -> bool:
    """Whether the node passes a node test on an axis: a name, `*`, `node()` or `text()`."""
    if test == "node()" or (test == "*" and axis in ("self", "parent")):
        return True
    if test.endswith("()"):
        return node.kind == test[:-2]
    return node.kind == ("attribute" if axis == "attribute" else "element") and test in ("*", node.name)
