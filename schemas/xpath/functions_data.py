"""Functions of data: digests, Base64, signed texts, look-ups in tables.

No key is known here: who verifies the signature of extract-signed() is said by the caller of the session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from schemas.xpath.code import Code, Context, Leaf, Refused, text
from schemas.xpath.registry import Functions
from schemas.xpath.tree import Call, String, Tree

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job

FUNCTIONS = Functions()

_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_ENCODINGS = ("base64", "hex")
_SIGNATURE = 64


def digest(message: str, algorithm: str, encoding: str = "base64") -> str:
    """The digest of the text's UTF-8 (XForms 1.1 §7.8.2); empty for an algorithm or encoding that is none."""
    name, form = _ALGORITHMS.get(algorithm.strip().upper()), encoding.strip().lower() or "base64"
    if name is None or form not in _ENCODINGS:
        return ""
    found = hashlib.new(name, message.encode(), usedforsecurity=False).digest()  # a form's checksum, no secret
    return found.hex() if form == "hex" else base64.b64encode(found).decode()


def decoded(written: str) -> bytes:
    """The bytes of Base64 text, spaces and missing padding forgiven; nothing when it is none."""
    plain_text = "".join(written.split()).rstrip("=")
    try:
        return base64.b64decode(plain_text + "=" * (-len(plain_text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def base64_text(written: str) -> str:
    """The text that Base64 of UTF-8 stands for; empty when it is none."""
    try:
        return decoded(written).decode()
    except UnicodeDecodeError:
        return ""


@FUNCTIONS.register("digest", 2, 3)
def _digest(job: Job, trees: tuple[Tree, ...]) -> Code:
    for tree, allowed in zip(trees[1:], ((*_ALGORITHMS,), _ENCODINGS), strict=False):
        names = [each.upper() for each in allowed]
        if isinstance(tree, String) and tree.value.strip().upper() not in names:
            raise Refused("E_FORM_EXPRESSION", f"digest() knows {', '.join(allowed)}")
    codes = [job.code(tree) for tree in trees]
    runs = [text(each) for each in codes]
    return Code("text", lambda c: digest(*[run(c) for run in runs]), local=any(each.local for each in codes))


FUNCTIONS.plain("base64-decode", "text", "t", base64_text)


@FUNCTIONS.register("extract-signed", 2, 2)
def _extract_signed(job: Job, trees: tuple[Tree, ...]) -> Code:
    """The text behind a signature of 64 bytes, both in Base64, if it holds under the key; else empty (JavaRosa)."""
    codes = [job.code(tree) for tree in trees]
    signed, key = (text(each) for each in codes)

    def run(c: Context) -> str:
        contents, public = decoded(signed(c)), decoded(key(c))
        signature, message = contents[:_SIGNATURE], contents[_SIGNATURE:]
        if len(signature) < _SIGNATURE or not public or not c.world.verified(public, signature, message):
            return ""
        try:
            return message.decode()
        except UnicodeDecodeError:
            return ""

    return Code("text", run, local=any(each.local for each in codes))


@FUNCTIONS.register("pulldata", 4, 4)
def _pulldata(job: Job, trees: tuple[Tree, ...]) -> Code:
    """`instance(1)/root/item[3 = 4]/2`, of the first item that there is."""
    table = job.instance(Call("instance", trees[:1]))
    codes = [job.code(tree) for tree in trees[1:]]
    wanted, column, key = (text(each) for each in codes)
    rows = [item for root in table.children for item in root.named("item")]
    indexes: dict[str, dict[str, Leaf]] = {}

    def run(c: Context) -> str:
        name = column(c)
        index = indexes.get(name)
        if index is None:
            if len(indexes) >= 50:
                indexes.clear()
            index = indexes[name] = {}
            for row in rows:
                index.setdefault(row.text(name), row)
        found = index.get(key(c))
        return found.text(wanted(c)) if found is not None else ""

    return Code("text", run, local=any(each.local for each in codes))
