"""Every sentence that a screen can show, found in the sources: what a catalogue has to translate."""

from __future__ import annotations

import ast
from pathlib import Path

from schemas.problems import CATALOGUE
from schemas.problems.reasons import REASONS
from schemas.session_view import SENTENCES

TUI = Path(__file__).resolve().parents[2] / "tui"


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def in_sources() -> tuple[set[str], set[tuple[str, str]]]:
    """Sentences given to `_` and `N_`, and pairs given to `ngettext`, as literals."""
    single: set[str] = set()
    plural: set[tuple[str, str]] = set()
    for path in sorted(TUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            first = _literal(node.args[0])
            if node.func.id in ("_", "N_") and first:
                single.add(first)
            if node.func.id == "ngettext" and first:
                second = _literal(node.args[1])
                assert second is not None, f"{path.name}: ngettext needs two literals"
                plural.add((first, second))
    return single, plural


def in_problems() -> set[str]:
    """Sentences of the catalogue of problems, the reasons that stand in them, and what is said of open answers."""
    entries = {text for entry in CATALOGUE.values() for text in (entry.what, entry.safe, entry.remedy)}
    return entries | {*REASONS.values()} | {*SENTENCES.values()}
