"""The least traffic of a main memory above one buffer, against all tilings of a product counted here."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import inf, prod

import pytest

from scripts.benchmarks.accelforge import AccelforgeLine, falls_short, least_traffic, tables
from tests.small_workloads import gemm

Loop = tuple[int, int]
"""(dimension, steps); the dimensions of a product are m, k and n."""
MOVES = ((0, 1), (1, 2), (0, 2))
"""The dimensions that move the input, the weights and the results."""


def orders(loops: Sequence[Loop]) -> Iterator[tuple[Loop, ...]]:
    """Each order once, though loops are alike."""
    if not loops:
        yield ()
    for first in dict.fromkeys(loops):
        rest = list(loops)
        rest.remove(first)
        for order in orders(rest):
            yield first, *order


def brute_force(loops: Sequence[Loop], buffer: int) -> float:
    """The least over all orders of the loops, innermost first, and all tiles that fit the buffer together."""
    least = inf
    for order in orders(loops):
        # Per operand what each of its tiles takes, and moves.
        options = [[tile(order, cut, op) for cut in range(len(order) + 1)] for op in range(3)]
        for chosen in product(*options):
            if sum(size for size, _ in chosen) <= buffer:
                least = min(least, sum(moved for _, moved in chosen))
    return least


def tile(order: Sequence[Loop], cut: int, op: int) -> tuple[int, int]:
    """Values of the tile below a cut, and how many pass the main memory."""
    size = prod(steps for dim, steps in order[:cut] if dim in MOVES[op])
    above = list(order[cut:])
    # The tile stays while a loop runs that does not move it.
    while above and above[0][0] not in MOVES[op]:
        above.pop(0)
    periods = prod(steps for _, steps in above)
    if op < 2:
        return size, size * periods
    distinct = prod(steps for dim, steps in above if dim in MOVES[op])
    # Sums that are not complete come back, but for the first time.
    return size, size * (2 * periods - distinct)


@pytest.mark.parametrize("buffer", [9, 17, 31])
def test_a_product_moves_no_more_than_the_best_tiling(buffer: int) -> None:
    loops = [(0, 2), (0, 3), (1, 2), (1, 2), (2, 2), (2, 5)]
    price, bound = least_traffic(gemm(0, None, "product", b=6, c=4, k=10), buffer, units=(1,))
    assert price == bound == brute_force(loops, buffer)


def line(read: float, ours: float) -> AccelforgeLine:
    crossing = {"I": {"read": read, "write": 0.0}, "O": {"read": 0.0, "write": 24.0}}
    return {
        "layer": "product 6x4x10",
        "buffer": 1024,
        "crossing": crossing,
        "ours": ours,
        "bound": 90.0,
        "versions": {},
        "accelforge_s": 2.0,
        "ours_s": 0.5,
    }


def test_ours_falls_short_where_it_moves_more() -> None:
    assert not falls_short(line(76, 100))
    assert falls_short(line(75, 100))


def test_the_table_has_the_last_measurement_of_a_case() -> None:
    text = tables([line(50, 100), line(101, 100)])["accelforge"]
    assert "| product 6x4x10 | 1,024 B | 125 | 2.0 s | 100 | 90 | 0.5 s | 0.8000 |" in text
    assert text.count("product 6x4x10") == 1
