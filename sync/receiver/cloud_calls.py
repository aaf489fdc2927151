"""Calls to the object store: tried again for a bounded time, and their errors as problems.

Rule: only calls that may be repeated come here; what the object store says in an error (names of buckets, requests)
goes no further than its kind.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from obstore import exceptions

from schemas.problems import Problem

R = TypeVar("R")
_PAUSES: Final = (0.2, 1.0)
_FINAL: Final = (
    exceptions.PermissionDeniedError,
    exceptions.UnauthenticatedError,
    exceptions.InvalidPathError,
    exceptions.NotSupportedError,
)


class Missing(Exception):
    """There is no such object."""


async def again(what: str, call: Callable[[], Awaitable[R]]) -> R:
    """One call, repeated after a passing fault; the client below repeats single requests by itself.

    Raises Missing, E_RECEIVER_FULL (a quota), E_RECEIVER_BACKEND.
    """
    for pause in (*_PAUSES, None):
        try:
            return await call()
        except (exceptions.BaseError, OSError, ValueError) as error:
            said = str(error)
            if "NoSuchBucket" in said:
                raise Problem("E_RECEIVER_BACKEND", where="object store, no such bucket") from None
            if isinstance(error, FileNotFoundError):
                raise Missing from None
            if "QuotaExceeded" in said:
                raise Problem("E_RECEIVER_FULL") from None
            if pause is None or isinstance(error, _FINAL):
                raise Problem("E_RECEIVER_BACKEND", where=f"object store, {what}, {type(error).__name__}") from None
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
    raise Problem("E_RECEIVER_BACKEND", where=f"object store, {what}")
