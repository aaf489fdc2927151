"""The allow-list of functions: nothing else can be called from a form.

No function reaches a file, the network or another program.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.xpath import (
    functions_data,
    functions_dates,
    functions_geo,
    functions_nodes,
    functions_numbers,
    functions_text,
)
from schemas.xpath.registry import Function

FUNCTIONS: Mapping[str, Function] = {
    **functions_text.FUNCTIONS,
    **functions_numbers.FUNCTIONS,
    **functions_nodes.FUNCTIONS,
    **functions_dates.FUNCTIONS,
    **functions_geo.FUNCTIONS,
    **functions_data.FUNCTIONS,
}
