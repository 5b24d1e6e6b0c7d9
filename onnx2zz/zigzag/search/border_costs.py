"""The costs of a border at its places: energies, and cycles of the ports at its two ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import mul
from typing import TypeVar

import numpy as np

from .arrays import Flags, Floats
from .border import Border
from .least_loads import flows_back, is_loaded, loads_of
from .nest import FROM_ABOVE, READ_TO_LOW, WRITE_FROM_LOW, DataDirection, Operand
from .passage import Passage
from .place import Place
from .queues import Queues
from .spread import Spread, narrowest

Key = TypeVar("Key")


@dataclass(frozen=True)
class Asked:
    """Which costs: pJ; cycles in which ports are busy; and those that the array waits, or that lie before or after the
    computation."""

    energy: bool = False
    cycles: bool = False
    loads: bool = False


@dataclass(frozen=True)
class BorderCosts:
    """Of candidates. `iterations`: (C,) steps of the array; `whole`: per operand and memory (C,), elements that it
    holds if all loops run below it."""

    spread: Spread
    iterations: Floats
    whole: Sequence[Sequence[Floats]]

    def of(self, op: int, level: int, place: Place, tile: Floats, fits: Flags | None, asked: Asked) -> Border:
        """`tile`: elements below the border, `fits`: where it may lie."""
        # ZigZag's words and energies (energy.py), every part that depends on the order at its least: that is what keeps
        # a sum over borders below a price.
        passages = list(self._passages(op, level, place, tile))
        spent, busy = np.zeros(1), dict[int, Floats]()
        for one in passages:
            if asked.energy:
                _, memory, way = one.transfer
                spent = spent + one.words * self._operand(op).levels[memory].access_energy(way)
            if asked.cycles:
                _add(busy, one.port, one.taken * one.again)
        if fits is not None and not fits.all():
            spent = np.where(fits, spent, np.inf)
            busy = {port: np.where(fits, taken, np.inf) for port, taken in busy.items()}
        found = Border(place.view, spent, busy)
        return self._with_loads(found, op, level, place, tile, passages) if asked.loads else found

    def _with_loads(
        self, border: Border, op: int, level: int, place: Place, tile: Floats, passages: Sequence[Passage]
    ) -> Border:
        window = self._window(op, level, place, tile)
        waiting, passing, steady = dict[int, Floats](), dict[int, Floats](), dict[int, Floats]()
        for one in passages:
            _add(waiting, one.port, np.maximum(one.taken - window, 0) * one.again)
            if not flows_back(op, one.transfer[2]):
                often = one.often(place.iterations, self.iterations)
                once = np.where(one.times == 1, one.taken, 0.0) if is_loaded(self.spread.ground, op, level) else 0.0
                _add(steady, one.port, often)
                _add(passing, one.port, often + once)
        loading = loads_of(self.spread, op, level, tile, self.iterations / place.iterations) if level > 0 else {}
        queued = self._queues.of(op, passages, loading, place.iterations)
        return replace(border, waiting=waiting, loading=loading, passing=passing, steady=steady, queued=queued)

    @cached_property
    def _queues(self) -> Queues:
        return Queues(self.spread, self.iterations, self.whole)

    def _operand(self, op: int) -> Operand:
        return self.spread.ground.nest.operands[op]

    def _passages(self, op: int, level: int, place: Place, tile: Floats) -> Iterator[Passage]:
        operand, port = self._operand(op), self.spread.ground.port
        for direction, bits, flows in self._ways(op, level, place, tile):
            times = self.iterations / place.iterations * flows
            # The memory above serves several distinct tiles at once, to different units: its port sees all of them, and
            # there are fewer of it. The port of a memory below sees its own tile only.
            ends = [(level, direction, bits * self.spread.boost(op, level), self.spread.units(op, level + 1))]
            if level > 0:
                ends.append((level - 1, FROM_ABOVE[direction], bits, self.spread.units(op, level)))
            for memory, way, passed, units in ends:
                width = operand.levels[memory].widths.get(way)
                # Where data pass a memory without a port ZigZag raises, and there is no price that a bound could be
                # above.
                if width is not None:
                    yield Passage((op, memory, way), port[op, memory, way], width, passed, times, units)

    def _window(self, op: int, level: int, place: Place, tile: Floats) -> Floats:
        """Cycles of a period in which a tile may pass the border, at most (stalls.py). Where the memory below is more
        than half full there is no room to prefetch, and only the first of the loops that do not move the operand are
        left: one step, if the tile is that of one step."""
        if level == 0:
            return place.iterations
        operand = self._operand(op)
        # The loops of the topmost run over one operand may be counted out of the tile (double_buffering.py): at most
        # all that move it.
        run = reduce(mul, (place.size(dim) for dim in operand.relevant), np.ones(1))
        kept = np.floor(tile * self._kept_precision(op, level, place) / run)
        prefetches = kept <= operand.levels[level - 1].capacity * (0.5 + 1e-9)
        moves = np.zeros(1, dtype=np.bool_)
        for axis, ladder in enumerate(place.ladders):
            if ladder.dim not in operand.irrelevant:
                moves = moves | place.along(axis, ladder.below > 1)
        return np.where(prefetches | moves | np.array(level > 1), place.iterations, 1.0)

    def _kept_precision(self, op: int, level: int, place: Place) -> Floats | float:
        operand = self._operand(op)
        if not operand.is_output:
            return float(operand.precision)
        if operand.partial:
            return float(narrowest(operand))
        partial = place.left(operand.irrelevant) | self.spread.reduced_above(op, level)
        return np.where(partial, float(operand.precision), float(operand.final_precision))

    def _ways(
        self, op: int, level: int, place: Place, tile: Floats
    ) -> Iterator[tuple[DataDirection, Floats, Floats | float]]:
        """Directions in which a border is crossed, bits of a tile, and whether it is (traffic.py)."""
        operand = self._operand(op)
        if not operand.is_output:
            yield READ_TO_LOW, tile * operand.precision, 1.0
        elif operand.partial:  # what returns depends on rounded products: nothing does, at least
            yield WRITE_FROM_LOW, tile * narrowest(operand), 1.0
        else:
            returns = (place.left(operand.irrelevant) | self.spread.reduced_above(op, level)).astype(float)
            width = np.where(returns > 0, float(operand.precision), float(operand.final_precision))
            yield WRITE_FROM_LOW, tile * width, 1.0
            yield READ_TO_LOW, tile * operand.precision, returns


def _add(found: dict[Key, Floats], key: Key, cycles: Floats) -> None:
    found[key] = found.get(key, 0.0) + cycles
