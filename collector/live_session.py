"""The session of an interview on this machine: its clock, its record code, and who checks signatures in its form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from collector import crypto
from schemas.session import Session
from schemas.xform_model import Form


def begin(form: Form, code: str, clock: Callable[[], float]) -> Session:
    """An empty session. `clock` gives seconds since 1970; `code` is the record code, for a form with a place for it:
    one of another tool has none.
    """
    placed = sum(each.name == "record_code" for each in form.nodes.values()) == 1
    return Session(
        form,
        clock=lambda: datetime.fromtimestamp(max(0, clock())).astimezone(),
        preset={"record_code": code} if placed else None,
        verify=crypto.signature_holds,
    )
