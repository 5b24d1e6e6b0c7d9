"""Pareto fronts of points: those that no other is better than in one number without being worse in another."""

from collections.abc import Sequence

Point = Sequence[float]


def on_front(points: Sequence[Point]) -> list[int]:
    """The numbers of the points on the front, by their first values; less is better. Equal ones are all on it."""
    found: list[int] = []
    # A point can only be beaten by one that comes before it in this order: so nothing ever has to be taken off the
    # front.
    by_value = sorted(range(len(points)), key=lambda number: tuple(points[number]))
    for number in by_value:  # whoever is better comes before
        if not any(_better(points[other], points[number]) for other in found):
            found.append(number)
    return found


def _better(one: Point, other: Point) -> bool:
    return tuple(one) != tuple(other) and all(a <= b for a, b in zip(one, other, strict=True))
