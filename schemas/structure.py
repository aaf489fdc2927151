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
Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Size:
    """Length of bytes, text (in UTF-8 bytes) or an array: exactly `low`, or from `low` to `high`."""

    low: int
    high: int | None = None

    def refuse(self, value: Any) -> bool:
        """Whether `value` has a length outside the bounds."""
        length = len(value) if type(value) is not str or value.isascii() else len(value.encode())
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
    try:
        record: R = _check_for(cast(Hashable, kind))(plain)
    except _Unfit as unfit:
        raise Problem("E_SCHEMA", where=kind.__name__ + "".join(reversed(unfit.steps))) from None
    return record


class _Unfit(Exception):
    """A value that its annotation refuses. Each container adds its own step on the way out: places cost nothing while
    all is well.
    """

    def __init__(self) -> None:
        self.steps: list[str] = []

    def within(self, step: str) -> _Unfit:
        """The same, one level further out."""
        self.steps.append(step)
        return self


def _key(name: str) -> str:
    """The wire's key for a field: Python's reserved words carry a trailing underscore."""
    return name.removesuffix("_")


@cache
def _check_for(annotation: Hashable) -> Check:
    """The checking function for one annotation, built once."""
    origin = get_origin(annotation)
    if annotation is Any:
        return lambda value: value
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
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise _Unfit
        return value

    return check


def _check_literal(allowed: tuple[Any, ...]) -> Check:
    # 1, True and 1.0 are equal and of one hash: the type is part of what is compared.
    known = frozenset((type(item), item) for item in allowed)

    def check(value: Any) -> Any:
        if type(value) not in (str, int, bool, bytes, types.NoneType) or (type(value), value) not in known:
            raise _Unfit
        return value

    return check


def _check_bounded(annotation: Any) -> Check:
    inner, *bounds = get_args(annotation)
    check_inner = _check_for(inner)

    def check(value: Any) -> Any:
        value = check_inner(value)
        if value is not None:
            for bound in bounds:
                if bound.refuse(value):
                    raise _Unfit
        return value

    return check


def _accepted(annotation: Any) -> tuple[type, ...]:
    """The Python types of plain values that an annotation may accept; no other needs to be tried."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _accepted(get_args(annotation)[0])
    if origin is Literal:
        return tuple({type(item) for item in get_args(annotation)})
    if origin in (Union, types.UnionType):
        return tuple({kind for member in get_args(annotation) for kind in _accepted(member)})
    if origin is tuple:
        return list, tuple
    if origin is dict or is_dataclass(annotation):
        return (dict,)
    return (annotation,)


def _check_union(members: tuple[Any, ...]) -> Check:
    by_type: dict[type, list[Check]] = {}
    for member in members:
        for kind in _accepted(member):
            by_type.setdefault(kind, []).append(_check_for(member))

    def check(value: Any) -> Any:
        checks = by_type.get(type(value))
        if checks is None:
            raise _Unfit
        for attempt in checks[:-1]:
            try:
                return attempt(value)
            except _Unfit:
                continue
        return checks[-1](value)

    return check


def _check_array(members: tuple[Any, ...]) -> Check:
    if len(members) == 2 and members[1] is Ellipsis:
        check_item = _check_for(members[0])

        def check_any(value: Any) -> Any:
            if type(value) not in (list, tuple):
                raise _Unfit
            done: list[Any] = []
            try:
                for item in value:
                    done.append(check_item(item))  # how far it came tells the place
            except _Unfit as unfit:
                raise unfit.within(f"[{len(done)}]") from None
            return tuple(done)

        return check_any
    checks = [_check_for(member) for member in members]

    def check_exact(value: Any) -> Any:
        if type(value) not in (list, tuple) or len(value) != len(checks):
            raise _Unfit
        done: list[Any] = []
        try:
            for check_item, item in zip(checks, value, strict=True):
                done.append(check_item(item))  # how far it came tells the place
        except _Unfit as unfit:
            raise unfit.within(f"[{len(done)}]") from None
        return tuple(done)

    return check_exact


def _check_map(value_annotation: Any) -> Check:
    check_item = _check_for(value_annotation)

    def check(value: Any) -> Any:
        if type(value) is not dict or any(type(key) is not str for key in value):
            raise _Unfit
        try:
            return {key: check_item(item) for key, item in value.items()}
        except _Unfit as unfit:
            raise unfit.within("{}") from None

    return check


def _check_record(kind: Any) -> Check:
    hints = get_type_hints(kind, include_extras=True)
    own = [field for field in fields(kind) if field.name != "extra"]
    keeps_extra = any(field.name == "extra" for field in fields(kind))
    checks = {_key(field.name): (field.name, _check_for(hints[field.name])) for field in own}
    needed = {_key(field.name) for field in own if field.default is not None}
    omitted_when_none = {_key(field.name) for field in own if field.default is None}

    def check(value: Any) -> Any:
        if type(value) is not dict or not needed <= value.keys():
            raise _Unfit
        unknown = {key: item for key, item in value.items() if key not in checks}
        if any(value[key] is None for key in omitted_when_none & value.keys()):
            raise _Unfit
        if any(not (keeps_extra and key.startswith("x-")) for key in unknown):
            raise _Unfit
        values: dict[str, Any] = {}
        for key, item in value.items():
            if key in checks:
                name, check_item = checks[key]
                try:
                    values[name] = check_item(item)
                except _Unfit as unfit:
                    raise unfit.within(f".{key}") from None
        return kind(**values, extra=unknown) if keeps_extra else kind(**values)

    return check
