"""Canonical msgpack: one sequence of bytes for each value, everything else refused (docs/spec/protocol.md §3.3).

Only nil, bool, integers, str, bin, array and map with sorted str keys exist. Bytes are scanned for bounds before an
object is built, so that hostile input costs no memory; what was read is written again and compared, so that no second
spelling passes. The only import of msgpack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgpack

from schemas.problems import Problem

_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1
_BIN_WIDTH = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_INT_WIDTH = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_ARRAY_WIDTH = {0xDC: 2, 0xDD: 4}
_MAP_WIDTH = {0xDE: 2, 0xDF: 4}
_SHORT = bytes(
    1 if kind <= 0x7F or kind >= 0xE0 or kind in (0xC0, 0xC2, 0xC3)
    else 1 + (kind & 31) if 0xA0 <= kind <= 0xBF
    else 1 + _INT_WIDTH.get(kind, -1)
    for kind in range(256)
)  # fmt: skip
"""Bytes of a value, its type byte included, where that byte alone tells; 0 where it does not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one block: bytes, values (containers, scalars and keys), nesting (a scalar counts as one level)."""

    size: int
    items: int
    depth: int = 12


WIRE = Limits(size=1 << 20, items=65_536)
DOCUMENT = Limits(size=4 << 20, items=262_144)


def dump(value: Any, limits: Limits = WIRE) -> bytes:
    """The canonical bytes of `value`.

    Raises E_CMP_TYPE for a value that the format does not have, E_CMP_SIZE, E_CMP_ITEMS or E_CMP_DEPTH beyond `limits`.
    """
    counter = [0]
    ordered = _ordered(value, limits, counter, 1)
    data: bytes = msgpack.packb(ordered, use_bin_type=True)
    if len(data) > limits.size:
        raise Problem("E_CMP_SIZE")
    return data


def load(data: bytes | bytearray | memoryview, limits: Limits = WIRE) -> Any:
    """The value that `data` spells canonically. Raises E_CMP_* (docs/spec/protocol.md §14)."""
    data = bytes(data)
    if len(data) > limits.size:
        raise Problem("E_CMP_SIZE")
    _scan(data, limits)
    unordered: list[bool] = []
    try:
        value = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            object_pairs_hook=lambda pairs: _map(pairs, unordered),
            use_list=True,
        )
    except Problem:
        raise
    except (ValueError, TypeError, msgpack.UnpackException):
        raise Problem("E_CMP_DECODE") from None
    # Types and bounds were seen by the scan, and the order of the keys just now: what is left is the spelling.
    if unordered or msgpack.packb(value, use_bin_type=True) != data:
        raise Problem("E_CMP_NONCANON")
    return value


def _ordered(value: Any, limits: Limits, counter: list[int], depth: int) -> Any:
    counter[0] += 1
    if counter[0] > limits.items:
        raise Problem("E_CMP_ITEMS")
    if depth > limits.depth:
        raise Problem("E_CMP_DEPTH")
    kind = type(value)
    if kind is str:
        return _checked_text(value)
    if value is None or kind is bool or kind is bytes:
        return value
    if kind is int:
        if not _INT_MIN <= value <= _INT_MAX:
            raise Problem("E_CMP_TYPE")
        return value
    if kind is list or kind is tuple:
        return [_ordered(item, limits, counter, depth + 1) for item in value]
    if kind is dict:
        return _ordered_map(value, limits, counter, depth)
    raise Problem("E_CMP_TYPE")


def _ordered_map(value: dict[Any, Any], limits: Limits, counter: list[int], depth: int) -> dict[str, Any]:
    if any(type(key) is not str for key in value):
        raise Problem("E_CMP_TYPE")
    counter[0] += len(value)
    keys = sorted(value, key=lambda key: _checked_text(key).encode())
    return {key: _ordered(value[key], limits, counter, depth + 1) for key in keys}


def _checked_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Problem("E_CMP_TYPE") from None
    return text


def _map(pairs: list[tuple[Any, Any]], unordered: list[bool]) -> dict[str, Any]:
    """A map of str keys without duplicates; msgpack itself lets bytes keys and duplicates through. Keys that do not
    ascend are noted: by code point, which is the order of their UTF-8.
    """
    result = dict(pairs)
    keys = list(result)
    if any(type(key) is not str for key in keys):
        raise Problem("E_CMP_TYPE")
    if len(keys) != len(pairs):
        raise Problem("E_CMP_DUPKEY")
    if keys != sorted(keys):
        unordered.append(True)
    return result


def _scan(data: bytes, limits: Limits) -> None:
    """Check bounds, counts, nesting and type bytes without building an object. Raises E_CMP_*."""
    end, position, items = len(data), 0, 0
    left = 1
    above: list[int] = []
    while left or above:
        if not left:
            left = above.pop()
            continue
        left -= 1
        items += 1
        if items > limits.items:
            raise Problem("E_CMP_ITEMS")
        if position >= end:
            raise Problem("E_CMP_TRUNC")
        short = _SHORT[data[position]]
        if short:
            position += short
            if position > end:
                raise Problem("E_CMP_TRUNC")
            continue
        position, children = _step(data, position, end)
        if children is not None:
            _check_container(children, end - position, len(above) + 1, limits)
            above.append(left)
            left = children
    if position != end:
        raise Problem("E_CMP_TRAILING")


def _check_container(children: int, room: int, containers: int, limits: Limits) -> None:
    if children > room:
        raise Problem("E_CMP_COUNT")
    if containers >= limits.depth:
        raise Problem("E_CMP_DEPTH")


def _step(data: bytes, position: int, end: int) -> tuple[int, int | None]:
    """Pass a container's type byte, or a value whose length stands behind it.

    Returns the next position, and the number of children of a container.
    """
    kind = data[position]
    position += 1
    if 0x80 <= kind <= 0x8F:
        return position, 2 * (kind & 15)
    if 0x90 <= kind <= 0x9F:
        return position, kind & 15
    if kind in _BIN_WIDTH:
        length, position = _number(data, position, _BIN_WIDTH[kind], end)
        return _within(position + length, end), None
    if kind in _ARRAY_WIDTH:
        count, position = _number(data, position, _ARRAY_WIDTH[kind], end)
        return position, count
    if kind in _MAP_WIDTH:
        count, position = _number(data, position, _MAP_WIDTH[kind], end)
        return position, 2 * count
    raise Problem("E_CMP_TYPE")


def _number(data: bytes, position: int, width: int, end: int) -> tuple[int, int]:
    after = _within(position + width, end)
    return int.from_bytes(data[position:after], "big"), after


def _within(position: int, end: int) -> int:
    if position > end:
        raise Problem("E_CMP_TRUNC")
    return position
