"""The tilings of a layer that are worth a price, and what fills a core's memory with them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onnx2zz.system.candidates import (
    rounds,
    splits,
    stripe_splits,
    unrolled,
    with_row_turns,
    with_summed_turns,
    with_turns,
)
from onnx2zz.system.description import System
from onnx2zz.system.elements import count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.placement import Placed
from onnx2zz.system.prices import Prices
from onnx2zz.system.tiling import Tiling, placed
from onnx2zz.system.uniform import MOST_TILES, OverCores, uniform_splits

OnCores = tuple[Tiling, tuple[CoreId, ...]]
"""A tiling, and the cores that it runs on."""
LOOKED_AT = 24
"""Splits of a layer for which turns are looked for."""
KEPT = 6
"""Splits of a layer that are priced."""
SHORT_ROUNDS = 20_000
"""A layer of fewer rounds on its busiest core is looked at on fewer cores, too, where it has less to send around."""
LEVELS = ((0.9, 1), (0.45, 1), (0.45, 4), (0.22, 8), (0.11, 16), (0.11, 32), (0.06, 64))
"""How finely a layer is cut: the share of a core's memory that a tile may fill, and turns along the rows at least.
Finer tiles leave more for what waits and comes early; with rows in turns a reader can begin, and free them, soon."""
FIRST_ROWS = 4
"""Turns along the rows of a layer that reads the network's input: work begins when the first rows are there."""
TRIED_LEVELS = 2
"""Levels that all layers are cut at together; only where none of them fits, single layers are cut finer."""
PER_FILL, FULL = 8.0, 0.5
"""Where memory is short, a layer that fills more than half a core's memory costs so many times more for each share."""


@dataclass(frozen=True)
class Offers:
    """What is looked at on one system; `fixed`: where layers (by id) run that the user has placed."""

    system: System
    graph: LayerGraph
    prices: Mapping[CoreId, Prices]
    fixed: Mapping[int, Placed]

    @property
    def alone(self) -> bool:
        """Whether there is one core and nothing to overlap its work with: layers stay whole there, as on a core without
        a system, though ZigZag's cycles for two halves of one may be fewer."""
        return len(self.system.cores) == 1 and self.system.offchip is None

    def tilings(self, told: Told, level: int) -> list[OnCores]:
        """What is priced of a layer, on each kind of core that may run it; where it cannot be cut so finely, less."""
        if told.placed.id in self.fixed:
            return self._as_placed(told, self.fixed[told.placed.id], level)
        for possible in range(level, -1, -1):
            found: dict[OnCores, None] = {}
            for cores in self._groups(told):
                room, rows = LEVELS[possible] if not self.alone else (1.0, 1)
                if possible and told.placed.id not in self.graph.edges:
                    rows = max(rows, FIRST_ROWS)
                for tiling in self._of_group(told, cores, room, rows, short=possible >= TRIED_LEVELS):
                    found[tiling, self.system.nearest(cores, tiling.cores)] = None
            found |= dict.fromkeys(self.uniform(told).values() if possible < TRIED_LEVELS else ())
            if found:
                return list(found)
        return self._in_summed_turns(told, level)

    def stripes(self, told: Told, level: int) -> list[OnCores]:
        """The layer in stripes of rows, each core's turn after turn: what its readers need of a stripe lies in few
        others. Over all cores of each kind that may run it, half of them, and so on; its
        channels are shared out, too. Nothing of a layer that the user has placed."""
        if told.placed.id in self.fixed:
            return []
        found: dict[OnCores, None] = {}
        for cores in self._groups(told):
            capacity = min(self.system.by_id[core].capacity for core in cores) * LEVELS[0][0]
            used, rows = len(cores), LEVELS[level][1]
            while used:
                for split in stripe_splits(told, used):
                    tiling = with_row_turns(told, split, capacity, rows) or with_turns(told, split, capacity, {}, rows)
                    if tiling is not None:
                        found[replace(tiling, striped=True), self.system.nearest(cores, tiling.cores)] = None
                used //= 2
        return list(found)

    def _in_summed_turns(self, told: Told, level: int) -> list[OnCores]:
        """What is priced of a layer of which not even one row and channel fits a core."""
        found: dict[OnCores, None] = {}
        for cores in self._groups(told):
            capacity = min(self.system.by_id[core].capacity for core in cores)
            for split in splits(told, len(cores)):
                if (tiling := with_summed_turns(told, split, capacity * LEVELS[level][0])) is not None:
                    found[tiling, self.system.nearest(cores, tiling.cores)] = None
        return sorted(found, key=lambda one: -one[0].cores)[:KEPT]

    def uniform(self, told: Told) -> dict[OverCores, OnCores]:
        """The layer split over all cores that may run it, and fewer, in each of the ways in which all layers can be;
        none where that would be too much to price."""
        cores = tuple(sorted(core for group in self._groups(told) for core in group))
        if told.placed.id in self.fixed or len(self.graph.layers) * len(self.system.cores) > MOST_TILES:
            return {}
        capacity = min(self.system.by_id[core].capacity for core in cores) * LEVELS[0][0]
        found: dict[OverCores, OnCores] = {}
        for way, split in uniform_splits(told, len(cores)).items() if len(cores) > 1 else ():
            tiling = with_turns(told, split, capacity, {})
            if tiling is not None:
                found[way] = tiling, self.system.nearest(cores, tiling.cores)
        return found

    def _of_group(self, told: Told, cores: tuple[CoreId, ...], room: float, rows: int, short: bool) -> list[Tiling]:
        """The tilings over cores of one kind on which the busiest has least to do, and one core's."""
        capacity = min(self.system.by_id[core].capacity for core in cores) * room
        first = self.prices[cores[0]]
        array = dict(first.inputs.hardware.array)
        units = unrolled(first.mapping_of(told.placed.id), told.sizes, array) if first.search is None else {}
        filled = cores if short else ()
        # Turns are costly to find, so splits are ranked without them first. One core is always among them: a choice
        # of fewer cores needs a tiling of each layer there.
        promising = sorted(
            splits(told, len(cores)), key=lambda split: self._promise(told, Tiling(split), units, filled, turned=False)
        )
        looked_at = [*promising[:LOOKED_AT], ()]
        # Splits over few cores have more rounds, and would all fall behind: the best of each number are looked at.
        for most in fewer(len(cores)):
            looked_at += [split for split in promising[LOOKED_AT:] if Tiling(split).cores <= most][:LOOKED_AT]
        tilings = [with_turns(told, split, capacity, units, rows) for split in dict.fromkeys(looked_at)]
        ranked = sorted(
            dict.fromkeys(tiling for tiling in tilings if tiling is not None),
            key=lambda tiling: self._promise(told, tiling, units, filled, turned=True),
        )
        kept = ranked[:KEPT]
        if ranked and rounds(told, ranked[0], units) < SHORT_ROUNDS:
            for most in fewer(len(cores)):
                kept += [tiling for tiling in ranked if tiling.cores <= most][:KEPT]
        # A layer that is not cut ranks last, and is what the schedule on one core is made of.
        return list(dict.fromkeys([*kept, *(tiling for tiling in ranked[KEPT:] if not tiling.split)]))

    def _promise(
        self, told: Told, tiling: Tiling, units: Mapping[str, int], filled: tuple[CoreId, ...], turned: bool
    ) -> tuple[object, ...]:
        """The lower the better: rounds of the busiest core, then few cuts; on cores to be filled as little as can be,
        more for what fills them (weights count once turns are known)."""
        busiest = rounds(told, tiling, units)
        if filled:
            busiest *= 1 + PER_FILL * max(0.0, self.fill(told.placed.id, tiling, filled, turned) - FULL)
        return busiest, len(tiling.turns), len(tiling.split), tiling.split

    def _as_placed(self, told: Told, own: Placed, level: int) -> list[OnCores]:
        """What the user has said of a layer; turns are found where nothing is said of them."""
        if own.turns is not None:
            return [(Tiling(own.split, own.turns), own.cores)]
        for room, rows in reversed(LEVELS[: level + 1]):
            capacity = min(self.system.by_id[core].capacity for core in own.cores) * room
            tiling = with_turns(told, own.split, capacity, {}, rows)
            if tiling is not None:
                return [(tiling, own.cores)]
        capacity = min(self.system.by_id[core].capacity for core in own.cores) * LEVELS[level][0]
        tiling = with_summed_turns(told, own.split, capacity)
        return [] if tiling is None else [(tiling, own.cores)]

    def _groups(self, told: Told) -> list[tuple[CoreId, ...]]:
        """The cores of one kind that may run a layer, a group for each kind."""
        groups = [
            tuple(core.id for core in cores if core.runs(self.graph.operators[told.placed.id]))
            for cores in self.system.kinds.values()
        ]
        return [group for group in groups if group]

    def fill(self, layer: int, tiling: Tiling, cores: tuple[CoreId, ...], weights: bool) -> float:
        """The share of a core's memory that its activations of a layer take all together, with the weights of one
        turn if they count."""
        told = self.graph.layers[layer]
        turn = placed(told.placed.layer, tiling, cores)[0][1]
        whole = placed(told.placed.layer, Tiling(tiling.split, (), tiling.grain), cores)[0][1]
        widths, ranges = told.placed.widths, told.ranges(dict(whole.box.ranges))
        bits = count(told.told("O", ranges)) * widths.O_final + count(told.told("I", ranges)) * widths.I
        if weights and len(told.placed.layer.inputs) > 1:
            bits += count(told.told("W", told.ranges(dict(turn.box.ranges)))) * widths.W
        return bits / min(self.system.by_id[core].capacity for core in cores)


def fewer(cores: int) -> list[int]:
    """Numbers of cores that a small network may do better on: fewer have less to send to each other."""
    found: list[int] = []
    while cores >= 8:
        cores //= 4
        found.append(cores)
    return found
