"""Reading XML that may come from anyone: no document type, no entities, bounded in size and depth, UTF-8.

Without a document type there is nothing to expand and nothing to fetch, so the standard parser is safe with the rest.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from schemas.problems import Problem

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100

XFORMS = "http://www.w3.org/2002/xforms"
XHTML = "http://www.w3.org/1999/xhtml"
JR = "http://openrosa.org/javarosa"
ODK = "http://www.opendatakit.org/xforms"


def read(data: bytes) -> ET.Element:
    """The root element. Raises E_FORM_XML."""
    if len(data) > MAX_BYTES:
        raise Problem("E_FORM_XML", detail="more than 16 MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("E_FORM_XML", detail="not UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Problem("E_FORM_XML", detail="a document type")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise Problem("E_FORM_XML", detail=f"line {error.position[0]}") from None
    _check_depth(root)
    return root


def _check_depth(root: ET.Element) -> None:
    row, depth = [root], 1
    while row:
        if depth > MAX_DEPTH:
            raise Problem("E_FORM_XML", detail="elements nested more than 100 deep")
        row = [inner for each in row if len(each) for inner in each]
        depth += 1


def local(element: ET.Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def first(parent: ET.Element, name: str) -> ET.Element | None:
    """The first child with this local name."""
    return next((each for each in parent if local(each) == name), None)


def children(parent: ET.Element, name: str) -> list[ET.Element]:
    """The children with this local name."""
    return [each for each in parent if local(each) == name]
