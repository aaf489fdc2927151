"""Coded problems of data from elsewhere: canonical msgpack and record schemas (docs/spec/protocol.md §3.3)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_SAFE = "Nothing was taken over from it, and nothing that you have was changed."
_AGAIN = "Ask for the file again. If it comes damaged a second time, tell the office this code."


def _refused(code: str, what: str) -> Entry:
    return Entry(code, what, _SAFE, _AGAIN)


ENTRIES = (
    _refused("E_CMP_SIZE", "A data block is larger than the format allows."),
    _refused("E_CMP_TRUNC", "A data block ends too early."),
    _refused("E_CMP_COUNT", "A data block claims to hold more items than it has bytes."),
    _refused("E_CMP_ITEMS", "A data block holds more items than the format allows."),
    _refused("E_CMP_DEPTH", "A data block is nested deeper than the format allows."),
    _refused("E_CMP_TYPE", "A data block holds a kind of value that the format does not have."),
    _refused("E_CMP_DUPKEY", "A data block names one field twice."),
    _refused("E_CMP_DECODE", "A data block cannot be read."),
    _refused("E_CMP_NONCANON", "A data block is not written in the one permitted way."),
    _refused("E_CMP_TRAILING", "Something follows after the end of a data block."),
    _refused("E_SCHEMA", "A data block does not have the fields that its kind must have ({where})."),
    _refused("E_FORMAT", "This is not a file of the expected kind ({where})."),
    _refused("E_PAD", "Padding that must be empty is not."),
)
