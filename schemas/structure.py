"""Typed records in canonical msgpack: a wrong type is refused, never converted.

A record is a frozen dataclass whose annotations are the schema:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Receipt:
        eid: Annotated[bytes, Size(16)]
        at: Annotated[int, Between(0, MAX_TIME)]
        code: str | None = None            # left out of the map when it is None

Arrays are `tuple[T, ...]` (any length) or `tuple[A, B]` (exactly these). Every field must be there, except one that is
None by default: that one is left out when it is None. A key that the record does not have is refused, unless it begins
with `x-` and the record has a field `extra`: there such keys are kept, never interpreted (docs/spec/protocol.md §3.3).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from schemas import canonical
from schemas.problems import Problem

R = TypeVar("R")
Check = Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Size:
    """Length of bytes, text (in UTF-8 bytes) or an array: exactly `low`, or from `low` to `high`."""

    low: int
    high: int | None = None

    def refuse(self, value: Any) -> bool:
        """Whether `value` has a length outside the bounds."""
        length = len(value.encode()) if type(value) is str else len(value)
        return not self.low <= length <= (self.low if self.high is None else self.high)


@dataclass(frozen=True, slots=True)
class Between:
    """An integer from `low` to `high`, both included."""

    low: int
    high: int

    def refuse(self, value: int) -> bool:
        """Whether `value` is outside the bounds."""
        return not self.low <= value <= self.high


def encode(record: Any, limits: canonical.Limits = canonical.WIRE) -> bytes:
    """The canonical bytes of a record, checked against its own schema first (strict in both directions).

    Raises E_SCHEMA, E_CMP_SIZE, E_CMP_ITEMS, E_CMP_DEPTH.
    """
    plain = to_plain(record)
    from_plain(type(record), plain)
    return canonical.dump(plain, limits)


def decode(kind: type[R], data: bytes, limits: canonical.Limits = canonical.WIRE) -> R:
    """The record that `data` holds. Raises E_CMP_* and E_SCHEMA."""
    return from_plain(kind, canonical.load(data, limits))


def to_plain(value: Any) -> Any:
    """Maps, lists and scalars for a record; fields that are None by default and None now are left out."""
    if type(value) is dict:
        return {key: to_plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        plain = {
            _key(field.name): to_plain(getattr(value, field.name))
            for field in fields(value)
            if field.name != "extra" and not (field.default is None and getattr(value, field.name) is None)
        }
        return {**plain, **getattr(value, "extra", {})}
    if type(value) in (tuple, list):
        return [to_plain(item) for item in value]
    if isinstance(value, bytearray):
        return bytes(value)
    return value


def from_plain(kind: type[R], plain: Any) -> R:
    """The record for maps, lists and scalars. Raises E_SCHEMA with the place in the fact `where`."""
    record: R = _check_for(cast(Hashable, kind))(plain, kind.__name__)
    return record


def _key(name: str) -> str:
    """The wire's key for a field: Python's reserved words carry a trailing underscore."""
    return name.removesuffix("_")


def _refuse(where: str) -> Problem:
    return Problem("E_SCHEMA", where=where)


@cache
def _check_for(annotation: Hashable) -> Check:
    """The checking function for one annotation, built once."""
    origin = get_origin(annotation)
    if annotation is Any:
        return lambda value, _where: value
    if origin is Annotated:
        return _check_bounded(annotation)
    if origin is Literal:
        return _check_literal(get_args(annotation))
    if origin in (Union, types.UnionType):
        return _check_union(get_args(annotation))
    if origin is tuple:
        return _check_array(get_args(annotation))
    if origin is dict:
        return _check_map(get_args(annotation)[1])
    if is_dataclass(annotation):
        return _check_record(annotation)
    if annotation in (int, str, bytes, bool, types.NoneType):
        return _check_scalar(annotation)
    raise TypeError(f"no schema for {annotation!r}")


def _check_scalar(kind: Any) -> Check:
    def check(value: Any, where: str) -> Any:
        if type(value) is not kind:
            raise _refuse(where)
        return value

    return check


def _check_literal(allowed: tuple[Any, ...]) -> Check:
    def check(value: Any, where: str) -> Any:
        if not any(type(value) is type(item) and value == item for item in allowed):
            raise _refuse(where)
        return value

    return check


def _check_bounded(annotation: Any) -> Check:
    inner, *bounds = get_args(annotation)
    check_inner = _check_for(inner)

    def check(value: Any, where: str) -> Any:
        value = check_inner(value, where)
        if value is not None and any(bound.refuse(value) for bound in bounds):
            raise _refuse(where)
        return value

    return check


def _check_union(members: tuple[Any, ...]) -> Check:
    checks = [_check_for(member) for member in members if member is not types.NoneType]
    optional = len(checks) < len(members)

    def check(value: Any, where: str) -> Any:
        if value is None and optional:
            return None
        for attempt in checks[:-1]:
            try:
                return attempt(value, where)
            except Problem:
                continue
        return checks[-1](value, where)

    return check


def _check_array(members: tuple[Any, ...]) -> Check:
    if len(members) == 2 and members[1] is Ellipsis:
        check_item = _check_for(members[0])

        def check_any(value: Any, where: str) -> Any:
            if type(value) not in (list, tuple):
                raise _refuse(where)
            return tuple(check_item(item, f"{where}[{place}]") for place, item in enumerate(value))

        return check_any
    checks = [_check_for(member) for member in members]

    def check_exact(value: Any, where: str) -> Any:
        if type(value) not in (list, tuple) or len(value) != len(checks):
            raise _refuse(where)
        return tuple(
            item_check(item, f"{where}[{i}]") for i, (item_check, item) in enumerate(zip(checks, value, strict=True))
        )

    return check_exact


def _check_map(value_annotation: Any) -> Check:
    check_item = _check_for(value_annotation)

    def check(value: Any, where: str) -> Any:
        if type(value) is not dict or any(type(key) is not str for key in value):
            raise _refuse(where)
        return {key: check_item(item, f"{where}{{}}") for key, item in value.items()}

    return check


def _check_record(kind: Any) -> Check:
    hints = get_type_hints(kind, include_extras=True)
    own = [field for field in fields(kind) if field.name != "extra"]
    keeps_extra = any(field.name == "extra" for field in fields(kind))
    checks = {_key(field.name): (field.name, _check_for(hints[field.name])) for field in own}
    needed = {_key(field.name) for field in own if field.default is not None}
    omitted_when_none = {_key(field.name) for field in own if field.default is None}

    def check(value: Any, where: str) -> Any:
        if type(value) is not dict or not needed <= value.keys():
            raise _refuse(where)
        unknown = {key: item for key, item in value.items() if key not in checks}
        if any(value[key] is None for key in omitted_when_none & value.keys()):
            raise _refuse(where)
        if any(not (keeps_extra and key.startswith("x-")) for key in unknown):
            raise _refuse(where)
        values = {
            checks[key][0]: checks[key][1](item, f"{where}.{key}") for key, item in value.items() if key in checks
        }
        return kind(**values, extra=unknown) if keeps_extra else kind(**values)

    return check
