"""What waits at a port behind an input.

What a port passes once may be hidden behind the computation, the longest first, as far as the port has cycles left
(loading.py). So before anything that is shorter is hidden, the longer one has taken all that can be hidden of it. Of
the two inputs only one counts before the computation; the other one, whose loads are all hidden, still takes cycles in
which results and the first one are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Flags, Floats
from .border import Behind, Ends
from .least_loads import flows_back, links_of
from .nest import READ_TO_HIGH, WRITE_FROM_HIGH, Transfer
from .passage import Passage
from .spread import Spread, widest


@dataclass(frozen=True)
class Ahead:
    """An input's outermost transfer at a port, each (C,): cycles if it happens once, and those of them that are hidden
    before anything shorter is, no more than the array has steps."""

    transfer: Transfer
    cycles: Floats
    hidden: Floats


@dataclass(frozen=True)
class Queues:
    """Of candidates. `iterations`: (C,) steps of the array; `whole`: per operand and memory (C,), elements that it
    holds if all loops run below it."""

    spread: Spread
    iterations: Floats
    whole: Sequence[Sequence[Floats]]

    def of(
        self, op: int, passages: Sequence[Passage], loading: Mapping[Ends, Floats], steps: Floats
    ) -> dict[Behind, Floats]:
        """What a border adds to the cycles of each queue. `passages`: what passes it; `loading`: what its links take
        before or after the computation; `steps`: between one tile and the next."""
        found: dict[Behind, Floats] = {}
        for (port, one), ahead in self._queues.items():
            if op == ahead.transfer[0]:
                for passage in passages:
                    if passage.transfer == ahead.transfer:
                        # What passes more than once has its share of every cycle.
                        often = np.minimum(passage.often(steps, self.iterations), self.iterations)
                        found[port, one] = np.where(passage.times == 1, ahead.hidden, often)
            elif op in (0, one):
                found[port, one] = self._behind(op, port, ahead, passages, loading)
        return found

    def _behind(
        self, op: int, port: int, ahead: Ahead, passages: Sequence[Passage], loading: Mapping[Ends, Floats]
    ) -> Floats:
        """What an operand loads: at the port all that passes once, hidden or not, if it is shorter."""
        waits = self._waits(op, port, ahead)
        total = np.zeros(1)
        for ends, cycles in loading.items():
            total = total + (np.where(waits[ends], 0.0, cycles) if ends in waits else cycles)
        for passage in passages:
            ends = next((ends for ends, transfer in self._loaded(op, port) if transfer == passage.transfer), None)
            if ends is not None:
                total = total + np.where((passage.times == 1) & waits[ends], passage.taken, 0.0)
        return total

    @cached_property
    def _queues(self) -> dict[Behind, Ahead]:
        """Those that may take longer than the array."""
        found: dict[Behind, Ahead] = {}
        inputs = self.spread.ground.nest.inputs
        for port in range(len(self.spread.ground.nest.ports)):
            for one, other in ((a, b) for a in inputs for b in inputs if a != b):
                ahead = self._ahead(other, port)
                if ahead is not None and self._matters(port, one, ahead):
                    found[port, one] = ahead
        return found

    def _matters(self, port: int, one: int, ahead: Ahead) -> bool:
        taken = ahead.hidden
        for op in (0, one):
            for ends, transfer in self._loaded(op, port):
                taken = taken + np.where(self._waits(op, port, ahead)[ends], self._cycles(transfer, most=True), 0.0)
        return bool((taken > self.iterations).any())

    def _ahead(self, op: int, port: int) -> Ahead | None:
        ground, operand = self.spread.ground, self.spread.ground.nest.operands[op]
        # Ports that lead out of the highest memory have directions, too, in which nothing passes.
        own = [one for one in ground.nest.ports[port].transfers if one[0] == op and 0 < _level(one) <= operand.top]
        if not own:
            return None
        outermost = max(own, key=_level)
        cycles = self._cycles(outermost)
        # The lowest memory's tile is not hidden (loading.py), which is no larger than that memory.
        lowest = np.minimum(self.whole[op][0] * operand.precision, operand.levels[0].capacity)
        rest = np.maximum(cycles - np.ceil(lowest / ground.nest.ports[port].width), 0.0)
        return Ahead(outermost, cycles, np.minimum(rest, self.iterations))

    def _waits(self, op: int, port: int, ahead: Ahead) -> dict[Ends, Flags]:
        """Links of an operand that end at a port: for which candidates (C,) they come after the one ahead for sure, if
        both happen once."""
        order = self.spread.ground.nest.ports[port].transfers
        found: dict[Ends, Flags] = {}
        for ends, transfer in self._loaded(op, port):
            cycles = self._cycles(transfer, most=True)
            # Of equals the one that the port has first.
            first = order.index(ahead.transfer) < order.index(transfer)
            found[ends] = ahead.cycles >= cycles if first else ahead.cycles > cycles
        return found

    def _loaded(self, op: int, port: int) -> Iterator[tuple[Ends, Transfer]]:
        """The links that end at a port, with the transfer there."""
        ground = self.spread.ground
        for link in links_of(ground, op).values():
            if port in link.ends:
                own = (one for one in ground.nest.ports[port].transfers if one[0] == op and not flows_back(op, one[2]))
                yield link.ends, next(one for one in own if _level(one) == link.level)

    def _cycles(self, transfer: Transfer, *, most: bool = False) -> Floats:
        """(C,): of a transfer that happens once, at least or at `most`."""
        op, memory, way = transfer
        level = _level(transfer)
        operand = self.spread.ground.nest.operands[op]
        bits = self.whole[op][level - 1] * self._precision(op, level)
        # The port of the memory above sees what several units below it get (border_costs.py).
        if memory == level:
            bits = bits * (self.spread.boost_at_most(op, level) if most else self.spread.boost(op, level))
        return np.ceil(bits / operand.levels[memory].widths[way].greatest)

    def _precision(self, op: int, level: int) -> Floats | float:
        operand = self.spread.ground.nest.operands[op]
        if operand.partial or not operand.is_output:
            return float(widest(operand))
        reduced = self.spread.reduced_above(op, level)
        return np.where(reduced, float(operand.precision), float(operand.final_precision))


def _level(transfer: Transfer) -> int:
    """The border that it crosses."""
    _, memory, way = transfer
    return memory + 1 if way in (READ_TO_HIGH, WRITE_FROM_HIGH) else memory
