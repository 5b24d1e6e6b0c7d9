"""A technology node and its supply as options name them."""

from collections.abc import Iterator

from onnx2zz.errors import Problem
from onnx2zz.technology.scaling import LEAST_VOLTS, MOST_VOLTS, NEWEST_NM, OLDEST_NM

RANGE = f"{NEWEST_NM:g} to {OLDEST_NM:g} nm"


def node_problems(nanometres: float | str, volts: float | None) -> Iterator[Problem]:
    """What is wrong with `--tech` and `--voltage`."""
    try:
        number = float(nanometres)
    except ValueError:
        yield Problem("--tech", f"{nanometres!r} is no node", f"write nanometres: {RANGE}")
    else:
        if not NEWEST_NM <= number <= OLDEST_NM:
            yield Problem("--tech", f"there are no figures for {nanometres} nm", f"there are for {RANGE}")
    if volts is not None and not LEAST_VOLTS <= volts <= MOST_VOLTS:
        what = f"{volts:g} V is outside of what the scaling law was fitted to"
        yield Problem("--voltage", what, f"{LEAST_VOLTS:g} to {MOST_VOLTS:g} V, or leave it out")
