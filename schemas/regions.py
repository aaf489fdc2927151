"""The regions of Ukraine as places: where the middle of each lies, roughly, and how far its ends are from there.

For a place of which a person knows no more than the region. The accuracy says so: it is the distance within which the
region lies. Names and codes as in ISO 3166-2:UA; middles to a tenth of a degree, distances to ten kilometres.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

LEAST_LETTERS: Final = 3
_KIND: Final = ("region", "область", "область")
_WITHOUT_KIND: Final = ("UA-30", "UA-40", "UA-43")
"""Two cities and Crimea."""


class Region(NamedTuple):
    """Code, names (en, uk, ru), degrees north and east of its middle, kilometres to its ends."""

    code: str
    names: tuple[str, str, str]
    north: str
    east: str
    reach: int

    @property
    def point(self) -> str:
        """As ODK keeps a place: latitude, longitude, altitude, accuracy in metres."""
        return f"{self.north} {self.east} 0 {self.reach * 1000}"


def _named(code: str, *names: str) -> tuple[str, str, str]:
    english, ukrainian, russian = (
        name if code in _WITHOUT_KIND else f"{name} {kind}" for name, kind in zip(names, _KIND, strict=True)
    )
    return english, ukrainian, russian


REGIONS: Final = tuple(
    Region(f"UA-{code}", _named(f"UA-{code}", english, ukrainian, russian), north, east, reach)
    for code, english, ukrainian, russian, north, east, reach in (
        ("05", "Vinnytsia", "Вінницька", "Винницкая", "48.9", "28.7", 120),
        ("07", "Volyn", "Волинська", "Волынская", "51.1", "24.9", 120),
        ("09", "Luhansk", "Луганська", "Луганская", "49", "39", 140),
        ("12", "Dnipropetrovsk", "Дніпропетровська", "Днепропетровская", "48.4", "34.9", 140),
        ("14", "Donetsk", "Донецька", "Донецкая", "48.1", "37.7", 140),
        ("18", "Zhytomyr", "Житомирська", "Житомирская", "50.6", "28.4", 130),
        ("21", "Zakarpattia", "Закарпатська", "Закарпатская", "48.4", "23.3", 110),
        ("23", "Zaporizhzhia", "Запорізька", "Запорожская", "47.3", "35.8", 130),
        ("26", "Ivano-Frankivsk", "Івано-Франківська", "Ивано-Франковская", "48.7", "24.6", 120),
        ("30", "Kyiv", "Київ", "Киев", "50.4", "30.5", 30),
        ("32", "Kyiv", "Київська", "Киевская", "50.3", "31", 130),
        ("35", "Kirovohrad", "Кіровоградська", "Кировоградская", "48.5", "31.7", 150),
        ("40", "Sevastopol", "Севастополь", "Севастополь", "44.6", "33.6", 30),
        ("43", "Crimea", "Крим", "Крым", "45.3", "34.4", 190),
        ("46", "Lviv", "Львівська", "Львовская", "49.7", "23.9", 130),
        ("48", "Mykolaiv", "Миколаївська", "Николаевская", "47.4", "31.8", 130),
        ("51", "Odesa", "Одеська", "Одесская", "46.8", "30.2", 220),
        ("53", "Poltava", "Полтавська", "Полтавская", "49.7", "33.8", 130),
        ("56", "Rivne", "Рівненська", "Ровенская", "51", "26.4", 130),
        ("59", "Sumy", "Сумська", "Сумская", "51", "34", 170),
        ("61", "Ternopil", "Тернопільська", "Тернопольская", "49.4", "25.6", 110),
        ("63", "Kharkiv", "Харківська", "Харьковская", "49.6", "36.5", 140),
        ("65", "Kherson", "Херсонська", "Херсонская", "46.6", "33.6", 140),
        ("68", "Khmelnytskyi", "Хмельницька", "Хмельницкая", "49.6", "27", 130),
        ("71", "Cherkasy", "Черкаська", "Черкасская", "49.2", "31.2", 140),
        ("74", "Chernihiv", "Чернігівська", "Черниговская", "51.3", "32", 150),
        ("77", "Chernivtsi", "Чернівецька", "Черновицкая", "48.3", "25.9", 90),
    )
)


def found(typed: str) -> tuple[Region, ...]:
    """The regions that somebody may mean who typed so much of a name, or a code; those alone of which it is all."""
    wanted = _plain(typed)
    for test in (_names, _short_names):
        whole = tuple(region for region in REGIONS if wanted in test(region))
        if whole:
            return whole
    if len(wanted) < LEAST_LETTERS:
        return ()
    return tuple(region for region in REGIONS if any(name.startswith(wanted) for name in _names(region)))


def of_point(value: str) -> Region | None:
    """The region whose middle this place is, with its accuracy."""
    return _by_point().get(value)


@cache
def _by_point() -> dict[str, Region]:
    return {region.point: region for region in REGIONS}


@cache
def _names(region: Region) -> tuple[str, ...]:
    return (_plain(region.code), *map(_plain, region.names))


@cache
def _short_names(region: Region) -> tuple[str, ...]:
    """Names without the word for the kind of region."""
    return tuple(_plain(name).removesuffix(f" {kind}") for name, kind in zip(region.names, _KIND, strict=True))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())
