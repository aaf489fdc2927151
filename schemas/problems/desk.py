"""Coded problems of this area: desk."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

ENTRIES: tuple[Entry, ...] = ()
