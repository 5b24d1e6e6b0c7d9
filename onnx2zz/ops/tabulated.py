"""What is told apart element by element: the weights of an interpolation, the turns of a Fourier transform."""

import math

MOST = 1 << 24
"""An image has a few thousand elements along an axis, a transform of 4,096 points 8 million turns."""


def within_reason(*sizes: int, of: str) -> None:
    """Raises ValueError where a table of these sizes would fill the memory; `of` says what is in it."""
    if math.prod(sizes) > MOST:
        text = " x ".join(f"{size:,}" for size in sizes)
        raise ValueError(f"{text} {of} would have to be told apart; no network has more than {MOST:,}")
