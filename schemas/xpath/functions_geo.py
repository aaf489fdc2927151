"""Functions of places: area, length, whether a point lies in a shape, whether a line crosses itself.

Places are ODK's texts: `latitude longitude [altitude [accuracy]]` in degrees and metres, several joined by semicolons.
The Earth is a sphere with the radius of its equator and altitudes do not count (ODK XForms specification, "Geographic
Functions"); results are rounded to centimetres. A text that is no place makes a number NaN and a condition false.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from schemas.xpath.code import Code
from schemas.xpath.registry import MANY, Function, Functions, texts_of
from schemas.xpath.values import NAN

if TYPE_CHECKING:
    from schemas.xpath.compiler import Job
    from schemas.xpath.tree import Tree

FUNCTIONS = Functions()

RADIUS = 6_378_100.0
Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees."""


def points_of(texts: list[str]) -> list[Point] | None:
    """The points of geopoints, geotraces and geoshapes; None when one of them is no point on Earth."""
    found: list[Point] = []
    for whole in texts:
        for part in whole.strip().rstrip(";").split(";"):
            point = _point(part.split())
            if point is None:
                return None
            found.append(point)
    return found


def _point(numbers: list[str]) -> Point | None:
    if not 2 <= len(numbers) <= 4:
        return None
    try:
        latitude, longitude = float(numbers[0]), float(numbers[1])
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def area(texts: list[str]) -> float:
    """Square metres inside the points; 0 for two, NaN for fewer."""
    points = points_of(texts)
    if points is None or len(points) < 2:
        return NAN
    if points[0] != points[-1]:
        points.append(points[0])
    total = sum(
        math.radians(end[1] - start[1]) * (2 + math.sin(math.radians(start[0])) + math.sin(math.radians(end[0])))
        for start, end in pairwise(points)
    )
    return round(abs(total * RADIUS * RADIUS / 2), 2)


def distance(texts: list[str]) -> float:
    """Metres along the points; NaN for fewer than two."""
    points = points_of(texts)
    if points is None or len(points) < 2:
        return NAN
    return round(sum(_between(start, end) for start, end in pairwise(points)), 2)


def _between(start: Point, end: Point) -> float:
    """Along the great circle, by the formula that keeps its digits for points side by side."""
    first, second = math.radians(start[0]), math.radians(end[0])
    half = math.sin((second - first) / 2) ** 2
    half += math.cos(first) * math.cos(second) * math.sin(math.radians(end[1] - start[1]) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(half)))


def inside(point: str, shape: str) -> bool:
    """Whether the point lies in the shape or on its border, by the even-odd rule."""
    places, corners = points_of([point]), points_of([shape])
    if places is None or corners is None or len(places) != 1 or len(corners) < 3:
        return False
    (y, x), odd = places[0], False
    if corners[0] != corners[-1]:
        corners.append(corners[0])
    for (y1, x1), (y2, x2) in pairwise(corners):
        if _on((y, x), (y1, x1), (y2, x2)):
            return True
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on(point: Point, start: Point, end: Point) -> bool:
    return _turn(start, end, point) == 0 and all(
        min(start[axis], end[axis]) <= point[axis] <= max(start[axis], end[axis]) for axis in (0, 1)
    )


def crosses_itself(trace: str) -> bool:
    """Whether two parts of the line meet elsewhere than where one follows the other; a closed line may close."""
    points = points_of([trace])
    if points is None or len(points) > 1_000:
        return False
    parts = [part for part in pairwise(points) if part[0] != part[1]]
    closed = len(points) > 2 and points[0] == points[-1]
    for index, part in enumerate(parts):
        for other in range(index + 2, len(parts)):
            if not (closed and index == 0 and other == len(parts) - 1) and _meet(*part, *parts[other]):
                return True
    return False


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    if _on(a, c, d) or _on(b, c, d) or _on(c, a, b) or _on(d, a, b):
        return True
    return (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0) and (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0)


def _measured(function: Callable[[list[str]], float], most: int) -> Function:
    def build(job: Job, trees: tuple[Tree, ...]) -> Code:
        run, local = texts_of(job, trees)
        return Code("number", lambda c: function(run(c)), local=local)

    return Function(1, most, build)


FUNCTIONS["area"] = FUNCTIONS["enclosed-area"] = _measured(area, 1)
FUNCTIONS["distance"] = _measured(distance, MANY)
FUNCTIONS.plain("geofence", "boolean", "tt", inside)
FUNCTIONS.plain("intersects", "boolean", "t", crosses_itself)
