"""What a considerate colleague adds to a gate: why it is there, what to offer the person now, and what is kept.

The rule: a gate never leaves a documenter alone with a No. Every case says why in one sentence, names something that
can be offered at this moment, and tells what stays of the interview: nothing, where the rule says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.gates_advice_after import AFTER
from schemas.gates_advice_before import BEFORE
from schemas.gates_texts import Advice

__all__ = ["ADVICE"]

ADVICE: Mapping[tuple[str, str], Advice] = {**BEFORE, **AFTER}
"""By gate and case, as `schemas.gates_texts.TEXTS`."""
