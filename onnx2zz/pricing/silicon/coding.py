"""How many bits are left of a tensor with zeros, coded."""

from math import exp, lgamma, log

from onnx2zz.sidecar.figures import Coding

WORD, RUN, LAST = 64, 5, 1
"""A word of the run-length code of Eyeriss: values each with the zeros before it (up to 31), and one bit that tells
whether it is the last word of the code (Chen et al., JSSC 52(1) 2017: three values of 16 b in 64 b)."""


def coded_share(coding: Coding, density: float, width: int, row: int) -> float:
    """Bits left of a bit, at most 1: a tensor that does not get smaller is sent as it is.

    `density`: the share of elements that are not zero, spread evenly. `width`: bits of an element. `row`: elements
    after which the code ends, for `rlc_rows` and `rlc_term`.
    """
    if width <= 0:
        return 1.0
    # One bit for each element says whether it is there, and is sent even where all are.
    if coding == "bitmap":
        return min(1.0, density + 1 / width)
    # Whole values only: the code pads what is left of a word.
    values = (WORD - LAST) // (RUN + width)
    # An element wider than a word holds cannot be coded.
    if not values:
        return 1.0
    if coding == "rlc":
        return min(1.0, density * WORD / (values * width))
    words = _words_of_a_row(density, row, values) if coding == "rlc_rows" else _words_to_the_end(density, row, values)
    return min(1.0, words * WORD / (row * width))


def _words_of_a_row(density: float, row: int, values: int) -> float:
    """The words that a row takes on average. Its last element is coded whatever it is; of the others those that are not
    zero, which are as many as a binomial distribution has them."""
    others = row - 1
    return sum(_chance(full, others, density) * -(-(full + 1) // values) for full in range(others + 1))


def _words_to_the_end(density: float, row: int, values: int) -> float:
    """The same where zeros at the end of a row are left to who reads it. A row of zeros takes a word, which says that
    the code ends."""
    return sum(_chance(full, row, density) * max(1, -(-full // values)) for full in range(row + 1))


def _chance(full: int, elements: int, density: float) -> float:
    """The binomial probability of `full` among `elements`."""
    # Their logarithm is none, and the answer is certain.
    if density in (0.0, 1.0):
        return float(full == elements * density)
    # By logarithms: a row of a few hundred elements has more arrangements than a float can hold.
    ways = lgamma(elements + 1) - lgamma(full + 1) - lgamma(elements - full + 1)
    return exp(ways + full * log(density) + (elements - full) * log(1.0 - density))
