"""Cycles before the first and after the last operation, when data only moves (cost_model/cost_model.py:809-1041)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats
from .double_buffering import level_precision
from .nest import READ_TO_HIGH, READ_TO_LOW, WRITE_FROM_HIGH, WRITE_FROM_LOW, Nest, PhysicalPort, Transfer
from .profiles import Profile
from .python_sum import sum_of_numbers
from .reading import NotCoveredError
from .stalls import PortActivity


@dataclass(frozen=True)
class Load:
    """Cycles (N,) of a transfer's first (or last) period, and whether both inputs share its port."""

    cycles: Floats
    shared: bool


@dataclass(frozen=True)
class _Entry:
    """A transfer at one port, each (N,).

    once: it happens a single time; cycles: it takes; least: for the lowest memory's first tile; bandwidth: bit/cycle.
    """

    once: Flags
    cycles: Floats
    least: Floats
    bandwidth: Floats


def loads(
    nest: Nest,
    profiles: Sequence[Profile],
    cycles: Sequence[Sequence[Floats]],
    activity: Mapping[Transfer, PortActivity],
    busy: Floats,
) -> dict[Transfer, Load]:
    """profiles, cycles, activity: under the integer unrolling; busy (N,): cycles of the computation with its stalls.

    What a port moves only once may overlap with the computation, as far as the port's other traffic leaves it room
    (:809-882). Raises NotCoveredError where ZigZag's own check of that would stop it (:1226-1229).
    """
    result: dict[Transfer, Load] = {}
    for port in nest.ports:
        served = [transfer for transfer in port.transfers if transfer in activity and not _flows_back(transfer)]
        # Most ports move nothing only once: nothing can overlap with the computation there.
        remaining = [activity[transfer].real for transfer in served]
        if any((activity[transfer].count == 1).any() for transfer in served):
            entries = [_entry(nest, port, transfer, profiles, cycles, activity[transfer]) for transfer in served]
            remaining = _reduced(port, entries, busy)
        for transfer, left in zip(served, remaining, strict=True):
            result[transfer] = Load(left, port.shared_by_inputs)
    return result


def _flows_back(transfer: Transfer) -> bool:
    """Partial sums on their way down (:939-943)."""
    op, _, direction = transfer
    return op == 0 and direction in (READ_TO_LOW, WRITE_FROM_HIGH)


def _entry(
    nest: Nest,
    port: PhysicalPort,
    transfer: Transfer,
    profiles: Sequence[Profile],
    cycles: Sequence[Sequence[Floats]],
    activity: PortActivity,
) -> _Entry:
    op, level, direction = transfer
    operand, held = nest.operands[op], profiles[op].elements
    below = direction in (READ_TO_LOW, WRITE_FROM_LOW)
    # Towards the array the tile is that of the level below; in levels of the architecture, where the array is 0.
    moved = level if below else level + 1
    bandwidth = held[moved] * level_precision(operand, profiles[op], moved) / cycles[op][moved]
    if below:
        bandwidth = bandwidth * operand.integer.boost[level]
    return _Entry(
        once=activity.count == 1,
        cycles=activity.real,
        # Always of the lowest memory (:823), whichever memory this port belongs to: so ZigZag has it.
        least=np.ceil(held[1] * level_precision(operand, profiles[op], 1) / port.width),
        # mapping.py:509 and 512 cut it to whole bits; the `ceil` of :959 then changes nothing.
        bandwidth=np.trunc(bandwidth),
    )


def _reduced(port: PhysicalPort, entries: Sequence[_Entry], busy: Floats) -> list[Floats]:
    """What remains of each transfer's cycles: the longest is hidden first (reduce_ordered, :1194-1231)."""
    once = np.array([entry.once for entry in entries])
    needed = np.where(once, 0.0, [entry.bandwidth for entry in entries]).sum(axis=0)
    room = np.maximum(0, (port.width - needed) / port.width * busy)
    cycles = np.array([entry.cycles for entry in entries])
    least = np.array([entry.least for entry in entries])
    # `reduce_ordered` returns before its own check where there is no room (:1197), so only the rest would stop ZigZag.
    if (once & (room > 0) & (cycles < least)).any():
        raise NotCoveredError("a transfer takes fewer cycles than its lowest memory's first tile")
    return list(_hide_longest_first(cycles, np.where(once, cycles - least, 0.0), room, np.where(once, cycles, 0.0)))


def _hide_longest_first(cycles: Floats, hideable: Floats, room: Floats, rank: Floats) -> Floats:
    left = cycles.copy()
    columns = np.arange(int(left.shape[1]))
    # The cycles left over at a port hide the longest transfer first, then the next, as far as they reach. The sort is
    # stable, so that equal transfers keep the port's order, as in ZigZag.
    for longest in np.argsort(-rank, axis=0, kind="stable"):
        hidden = np.where(room > 0, np.minimum(np.maximum(0.0, hideable[longest, columns]), room), 0.0)
        left[longest, columns] -= hidden
        room = room - hidden
    return left


def onloading(nest: Nest, load: Mapping[Transfer, Load]) -> Floats:
    """(N,): the inputs' way down, where they can wait for each other at shared ports (:969-1021)."""
    parts = [_input_parts(nest, op, load) for op in nest.inputs]
    # ZigZag forgets what a single input loads through a port that both inputs could share (:1002), and so must we.
    if len(parts) == 1:
        return parts[0].separate
    # Both inputs may want a shared port at the same time. ZigZag tries either one first and takes the better of the
    # two; with one input there is nobody to wait for.
    first, second = parts
    return np.minimum(_after(first, second), _after(second, first))


@dataclass(frozen=True)
class _Parts:
    """Cycles of one input by how its ports are shared with the other's: not, at one end of a link, at both ends."""

    separate: Floats
    half: Floats
    shared: Floats


def _after(first: _Parts, second: _Parts) -> Floats:
    """The first input takes the shared ports before the second one does."""
    return first.shared + np.maximum(second.shared + second.half + second.separate, first.half + first.separate)


def _input_parts(nest: Nest, op: int, load: Mapping[Transfer, Load]) -> _Parts:
    separate = half = shared = np.zeros(1)
    for level in range(nest.operands[op].top):
        lower, upper = _load(load, (op, level, WRITE_FROM_HIGH)), _load(load, (op, level + 1, READ_TO_LOW))
        longest = np.maximum(lower.cycles, upper.cycles)
        if lower.shared and upper.shared:
            shared = shared + longest
        elif lower.shared or upper.shared:
            half = longest  # the last such link replaces the others (:1000)
        else:
            separate = separate + longest
    return _Parts(separate, half, shared)


def offloading(nest: Nest, load: Mapping[Transfer, Load]) -> Floats:
    """(N,): the output's way up, one link after the other (:1023-1041)."""
    links = [
        np.maximum(_load(load, (0, level, READ_TO_HIGH)).cycles, _load(load, (0, level + 1, WRITE_FROM_LOW)).cycles)
        for level in range(nest.output.top)
    ]
    return sum_of_numbers(links)


def _load(load: Mapping[Transfer, Load], transfer: Transfer) -> Load:
    if transfer not in load:
        raise NotCoveredError(f"no port serves operand {transfer[0]} at level {transfer[1]} {transfer[2]}")
    return load[transfer]
