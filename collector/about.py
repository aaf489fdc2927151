"""Which program this is: what requests and manifests say of it (docs/spec/protocol.md §6.4, `app`)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable


@cache
def version() -> str:
    """The version of the installed program; `0+source` when it runs without having been installed."""
    try:
        return metadata.version("svidok")
    except metadata.PackageNotFoundError:
        return "0+source"


@cache
def build() -> str:
    """A hash over the source of the packages that seal, in hex: which code made an entry."""
    digest = hashlib.sha256()
    for package in ("schemas", "collector"):
        for name, item in _sources(resources.files(package), package):
            digest.update(f"{name}\0".encode() + hashlib.sha256(item.read_bytes()).digest())
    return digest.hexdigest()


def app() -> tuple[str, str]:
    """Version and build."""
    return version(), build()


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{prefix}/{item.name}"
        if item.is_dir() and item.name != "__pycache__":
            found += _sources(item, name)
        elif item.name.endswith((".py", ".sql")):
            found.append((name, item))
    return found
