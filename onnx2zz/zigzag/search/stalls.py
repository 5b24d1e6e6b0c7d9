"""Cycles lost because a port is too narrow for all that shares it (cost_model/cost_model.py:693-807)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats
from .merge_down import Borders
from .nest import READ_TO_HIGH, WRITE_FROM_HIGH, Nest, Transfer
from .traffic import Flows


@dataclass(frozen=True)
class PortActivity:
    """A transfer at its port, per period and each (N,): cycles it takes, cycles it may take, and the periods."""

    real: Floats
    allowed: Floats
    period: Floats
    count: Floats


def activities(
    nest: Nest, flows: Flows, borders: Sequence[Borders], buffered: Sequence[Sequence[Flags]]
) -> dict[Transfer, PortActivity]:
    """flows: under the integer unrolling; buffered: which memories prefetch, and so may take the whole period."""
    result: dict[Transfer, PortActivity] = {}
    for (op, level, direction), flow in flows.items():
        width = nest.operands[op].levels[level].widths.get(direction)
        # Without a port ZigZag counts no cycles here, where its energy model raises (:509): so nobody gets this far
        # with data.
        real = np.ceil(flow.bits / width.greatest) if width else np.zeros_like(flow.bits)
        # Whether a tile may come while another is in use depends on the lower of the two memories: that one needs the
        # room.
        filled = level if direction in (READ_TO_HIGH, WRITE_FROM_HIGH) else level - 1
        allowed = flow.period
        # The array has no room to prefetch and no run of loops of its own, so its window is the whole period.
        if filled >= 0:
            allowed = np.where(buffered[op][filled], allowed, allowed / borders[op].irrelevant_run[filled])
        result[op, level, direction] = PortActivity(real, allowed, flow.period, flow.count)
    return result


def stall(nest: Nest, activity: dict[Transfer, PortActivity], total: float) -> Floats:
    """(N,): the ports work in parallel, so the worst one counts."""
    worst = np.zeros(1)
    for port in nest.ports:
        sharing = [activity[transfer] for transfer in port.transfers if transfer in activity]
        if sharing:
            worst = np.maximum(worst, port_stall(sharing, total))
    return worst


def port_stall(sharing: Sequence[PortActivity], total: float) -> Floats:
    """(N,) of one port: stalls add up; slack helps only where windows of different transfers do not overlap."""
    # A transfer alone at its port may have slack (a negative stall): the port then waits for the computation, and the
    # worst port decides in `stall`.
    if len(sharing) == 1:
        (one,) = sharing
        return (one.real - one.allowed) * np.where(one.count > 0, one.count - 1, 0)
    real = np.array([one.real for one in sharing], dtype=np.float64)
    allowed = np.array([one.allowed for one in sharing], dtype=np.float64)
    period = np.array([one.period for one in sharing], dtype=np.float64)
    count = np.array([one.count for one in sharing], dtype=np.float64)
    active = count > 0
    repeats = np.where(active, count - 1, 0)
    stalls: Floats = (real - allowed) * repeats
    # Several at one port cannot lend each other cycles in which both must run.
    # One window fewer than there are periods: the first tile is loaded before the computation begins.
    windows = (allowed * repeats).sum(axis=0)
    union = open_cycles(period, allowed, active, total)
    slack = np.minimum(stalls, 0).sum(axis=0)
    combined: Floats = np.maximum(stalls, 0).sum(axis=0) + np.maximum(0, slack + windows - union)
    several: Flags = active.sum(axis=0) > 1
    alone: Floats = stalls.sum(axis=0)
    return np.where(several, combined, alone)


def open_cycles(period: Floats, allowed: Floats, active: Flags, total: float) -> Floats:
    """(N,): cycles of the whole computation in which any transfer may run; all of them if one always may (:396-439)."""
    result = np.full(period.shape[1], total)
    # A transfer that may run all the time opens the port all the time. For those rows the answer is the whole
    # computation, and the costly union of windows is left to the others.
    rows = np.flatnonzero(~(active & (period == allowed)).any(axis=0))
    if len(rows):
        period, allowed = np.where(active, period, 1.0)[:, rows], np.where(active, allowed, 0.0)[:, rows]
        result[rows] = union(period, allowed) * (total / period.max(axis=0))
    return result


def union(period: Floats, allowed: Floats) -> Floats:
    """(M,): cycles within the longest period in which a window is open; window k: the first allowed[k] of period[k].

    ZigZag marks every cycle (:429-436). All windows open together at cycle 0 and every period divides the longer ones,
    so counting them shortest first is enough: in a period of window k, the shorter windows count from its closing on.
    """
    # Which windows are how long differs from ordering to ordering, so each column is sorted for itself.
    order = np.argsort(period, axis=0, kind="stable")
    period, allowed = np.take_along_axis(period, order, axis=0), np.take_along_axis(allowed, order, axis=0)
    in_period: list[Floats] = []
    in_window: list[Floats] = []

    def opened(windows: int, until: Floats) -> Floats:
        """Cycles before `until` in which one of the first `windows` windows is open."""
        if windows == 0:
            return np.zeros_like(until)
        last = windows - 1
        periods: Floats = np.floor(until / period[last])
        rest: Floats = until - periods * period[last]
        after: Floats = allowed[last] + opened(last, rest) - in_window[last]
        return periods * in_period[last] + np.where(rest <= allowed[last], rest, after)

    for window in range(len(period)):
        in_window.append(opened(window, allowed[window]))
        in_period.append(allowed[window] + opened(window, period[window]) - in_window[window])
    return in_period[-1]
