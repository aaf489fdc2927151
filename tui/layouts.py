"""What somebody meant who typed with another keyboard layout switched on.

The rule: a guess only helps to find something. It is asked when what was typed as it stands finds nothing, and it never
becomes an answer.
"""

from __future__ import annotations

from typing import Final

_LATIN: Final = "`qwertyuiop[]\\asdfghjkl;'zxcvbnm,."
_UKRAINIAN: Final = "'йцукенгшщзхїґфівапролджєячсмитьбю"
_RUSSIAN: Final = "ёйцукенгшщзхъ\\фывапролджэячсмитьбю"
_LAYOUTS: Final = (_LATIN, _UKRAINIAN, _RUSSIAN)
_KEYS: Final = tuple(str.maketrans(typed, meant) for typed in _LAYOUTS for meant in _LAYOUTS if typed != meant)


def readings(typed: str) -> tuple[str, ...]:
    """The text as it was typed, then what the same keys give in the other layouts; small letters, none twice."""
    text = typed.casefold()
    return tuple(dict.fromkeys((text, *(text.translate(keys) for keys in _KEYS))))
