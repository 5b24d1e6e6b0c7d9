"""CPU time of work in this process."""

import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

Result = TypeVar("Result")


def least_seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The least of a few runs: what the work takes where nothing disturbs it."""
    return min(_timed(work)[0] for _ in range(runs))


def median_seconds(work: Callable[[], Result], runs: int) -> tuple[float, Result]:
    """The median, and a result: a run of milliseconds may meet Python's collector on its way through all of ZigZag's
    objects."""
    took = [_timed(work) for _ in range(runs)]
    return median(seconds for seconds, _ in took), took[-1][1]


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result
