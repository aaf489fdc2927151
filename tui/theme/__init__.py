"""Colours: a calm dark set, a light one, one of high contrast, one of the terminal's own 16 colours, and none at all.

The rule: meaning is never in the colour alone (every state has its word or sign), so that all of them say the same.
"""

from __future__ import annotations

from pathlib import Path

from textual.theme import BUILTIN_THEMES, Theme

STYLE = Path(__file__).parent / "svidok.tcss"
MONO_STYLE = Path(__file__).parent / "mono.tcss"

DARK = Theme(
    name="svidok-dark",
    primary="#7fb0cf",
    secondary="#8fa9bd",
    accent="#d9b878",
    warning="#d9b878",
    error="#e0958a",
    success="#93bf90",
    foreground="#dbe1e6",
    background="#12171c",
    surface="#181f26",
    panel="#212a33",
    variables={
        "muted": "#94a1ad",
        "faint": "#4a5763",
        "input-cursor-background": "#dbe1e6",
        "input-cursor-foreground": "#12171c",
        "input-selection-background": "#355a73",
        "block-cursor-background": "#2c4a5e",
        "block-cursor-foreground": "#f2f6f9",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#212a33",
        "block-cursor-blurred-foreground": "#dbe1e6",
        "block-cursor-blurred-text-style": "none",
        "button-color-foreground": "#12171c",
    },
)
LIGHT = Theme(
    name="svidok-light",
    primary="#1f5f86",
    secondary="#4a6578",
    accent="#7a5600",
    warning="#7a5600",
    error="#9c2f22",
    success="#2c6a33",
    foreground="#1b2329",
    background="#f6f4ef",
    surface="#fdfcf9",
    panel="#e9e5dc",
    dark=False,
    variables={
        "muted": "#55626c",
        "faint": "#b5b9b8",
        "input-cursor-background": "#1b2329",
        "input-cursor-foreground": "#fdfcf9",
        "input-selection-background": "#b9d4e4",
        "block-cursor-background": "#cfe1ec",
        "block-cursor-foreground": "#0d1b24",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e9e5dc",
        "block-cursor-blurred-foreground": "#1b2329",
        "block-cursor-blurred-text-style": "none",
        "button-color-foreground": "#fdfcf9",
    },
)
PLAIN = Theme(
    name="svidok-16",
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_yellow",
    warning="ansi_yellow",
    error="ansi_bright_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "muted": "ansi_default",
        "faint": "ansi_bright_black",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_blue",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-text-style": "reverse",
        "button-color-foreground": "ansi_black",
        "primary-muted": "ansi_blue",
    },
)
CONTRAST = Theme(
    name="svidok-contrast",
    primary="#66e0ff",
    secondary="#ffffff",
    accent="#ffe600",
    warning="#ffe600",
    error="#ff9d8f",
    success="#6dff6d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    variables={
        "muted": "#e6e6e6",
        "faint": "#b8b8b8",
        "input-cursor-background": "#ffe600",
        "input-cursor-foreground": "#000000",
        "input-selection-background": "#00509e",
        "block-cursor-background": "#ffe600",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#4d4d4d",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-blurred-text-style": "none",
        "button-color-foreground": "#000000",
        "primary-muted": "#00509e",
    },
)
_NONE = "ansi_default"
MONO = Theme(
    name="svidok-mono",
    primary=_NONE,
    secondary=_NONE,
    accent=_NONE,
    warning=_NONE,
    error=_NONE,
    success=_NONE,
    foreground=_NONE,
    background=_NONE,
    surface=_NONE,
    panel=_NONE,
    boost=_NONE,
    ansi=True,
    variables={
        **{
            name: _NONE if value.startswith("ansi_") else value
            for name, value in BUILTIN_THEMES["ansi-dark"].variables.items()
        },
        **dict.fromkeys(
            (
                "muted", "faint", "input-cursor-background", "input-cursor-foreground", "input-selection-background",
                "block-cursor-background", "block-cursor-foreground", "block-cursor-blurred-background",
                "block-cursor-blurred-foreground", "button-color-foreground", "primary-muted",
            ),
            _NONE,
        ),
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "underline",
        "input-cursor-text-style": "reverse",
    },
)  # fmt: skip
THEMES = (DARK, LIGHT, CONTRAST, PLAIN, MONO)
_OF_16 = (PLAIN.name, MONO.name)


def theme_for(color_system: str | None, chosen: str | None = None, *, no_color: bool = False) -> str:
    """The theme that a terminal with this colour system (as rich names it) can show: the one that was chosen, if it
    can. `no_color`: the person asked for no colours in any program (NO_COLOR).
    """
    if no_color or color_system is None:
        return MONO.name
    if color_system == "standard":
        return chosen if chosen in _OF_16 else PLAIN.name
    return chosen if chosen in [theme.name for theme in THEMES] else DARK.name
