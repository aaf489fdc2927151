"""Places in words: as people write coordinates, and the regions of Ukraine by their names."""

from __future__ import annotations

from schemas import humane, regions
from tui.locale import _, current_language

_LANGUAGES = ("en", "uk", "ru")
_OFFERED = 4
"""Regions that are named where several begin as it was typed."""


def region_name(region: regions.Region) -> str:
    """Its name in the language of the screen."""
    language = current_language()
    return region.names[_LANGUAGES.index(language) if language in _LANGUAGES else 0]


def place_shown(value: str) -> str:
    """A place, or a line of them, as people write it; the middle of a region by its name."""
    region = regions.of_point(value)
    return region_name(region) if region is not None else humane.line_shown(value)


def region_words(value: str) -> str:
    """What is meant by the middle of a region; empty for another place."""
    region = regions.of_point(value)
    if region is None:
        return ""
    return _("{region}: its middle, give or take {reach} km", region=region_name(region), reach=region.reach)


def regions_meant(typed: str) -> str:
    """The regions that begin so, where there are several."""
    meant = regions.found(typed)
    if len(meant) < 2:
        return ""
    names = " · ".join(region_name(region) for region in meant[:_OFFERED])
    return _("one of {names}", names=f"{names} · …" if len(meant) > _OFFERED else names)
