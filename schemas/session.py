"""One live interview on a form: an answer recalculates what depends on it and nothing else, and says what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.session_types import Changes, Choice, EntryState, Issue, Node, Value
from schemas.xform_model import Form, Path

__all__ = ["Changes", "Choice", "EntryState", "Issue", "Node", "Session", "Value"]


class Session:
    """A live interview. Not shared between threads."""

    def __init__(
        self, form: Form, *, clock: Callable[[], datetime], language: str | None = None, preset: Mapping[str, str] | None = None
    ) -> None:
        raise NotImplementedError

    def set(self, path: Path, value: Value) -> Changes:
        """Answer. Raises E_ANSWER_TYPE, E_ANSWER_CHOICE, E_ANSWER_PATH, E_ANSWER_READONLY; then nothing changed."""
        raise NotImplementedError

    def set_missing(self, path: Path, reason: str) -> Changes:
        """Reserved answer unknown, declined or not_asked. Raises E_ANSWER_RESERVED for a closed question."""
        raise NotImplementedError

    def clear(self, path: Path) -> Changes:
        """Take the answer away."""
        raise NotImplementedError

    def add(self, path: Path) -> tuple[Path, Changes]:
        """Add an entry to the repeat at `path` (its last step is the repeat's name). Gives the entry's path."""
        raise NotImplementedError

    def remove(self, path: Path) -> Changes:
        """Remove the entry at `path` (its last step is `(name, id)`); the id is never given again."""
        raise NotImplementedError

    def restore(self, entries: Iterable[EntryState], answers: Iterable[tuple[Path, Value, str | None]]) -> None:
        """Load a draft: entries, then answers (path, value, missing reason), then one full recalculation."""
        raise NotImplementedError

    @property
    def language(self) -> str:
        """The language of labels; may be set at any time, to a full name ("Ukrainian (uk)") or a code ("uk")."""
        raise NotImplementedError

    @language.setter
    def language(self, language: str) -> None:
        raise NotImplementedError

    def node(self, path: Path) -> Node:
        """The node as it is now. Raises E_ANSWER_PATH."""
        raise NotImplementedError

    def walk(self) -> list[Node]:
        """Every node in document order: groups, repeats, entries, questions, notes, relevant or not; no calculations."""
        raise NotImplementedError

    def sections(self) -> list[Node]:
        """The top-level groups and repeats."""
        raise NotImplementedError

    def entries(self) -> list[EntryState]:
        """Every entry that was ever made, removed ones too, as `restore` takes them."""
        raise NotImplementedError

    def codes(self) -> dict[str, Path]:
        """Entry codes in use (P1, W2) and the entries that bear them."""
        raise NotImplementedError

    def validity(self) -> list[Issue]:
        """What stands against the answers, in document order, relevant nodes only."""
        raise NotImplementedError

    def answers(self) -> list[tuple[Path, Value, str | None]]:
        """Relevant leaves that have a value or a missing reason, calculations too: what is exported."""
        raise NotImplementedError

    def kept(self) -> list[tuple[Path, Value, str | None]]:
        """As `answers`, with those that the form hides at this moment: what a draft keeps."""
        raise NotImplementedError

    def to_nested(self) -> dict[str, Any]:
        """Relevant answers by form structure: groups as maps, repeats as lists of maps, {"missing": reason}, files as {"attachment": hex}."""
        raise NotImplementedError
