"""The split of every layer, and the best schedule found.

Each layer has a few tilings that are worth a price. What each costs, and what each pair of neighbours has to move, are
tables; the cheapest choice over all of them is exact (choice.py). But tables know nothing of memory over time, of the
port and of overlap, so several choices are scheduled, one core among them, and the best is kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from onnx2zz.system.candidates import rounds, splits, unrolled, with_turns
from onnx2zz.system.choice import cheapest
from onnx2zz.system.description import Core, System
from onnx2zz.system.elements import Elements, common, count
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.operands import Told
from onnx2zz.system.order import Overfull, ordered
from onnx2zz.system.placement import Placed
from onnx2zz.system.plan import OPERANDS, Plan, plan
from onnx2zz.system.prices import Prices
from onnx2zz.system.reads import Edge
from onnx2zz.system.schedule import Schedule, schedule
from onnx2zz.system.tile import Box
from onnx2zz.system.tiling import Share, Tiling, placed
from onnx2zz.zigzag.objective import ObjectiveName, objective

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
LARGE = 64
"""Cores beyond which a schedule takes so long to make that one level and one weight of movement are tried."""
REPAIRS = 12
"""How often layers that do not fit are cut finer."""
WEIGHTS = (1.0, 0.3, 0.1)
"""How much movement counts beside work; transfers overlap with work, the more the longer tiles are."""
PER_FILL, FULL = 8.0, 0.5
"""Where memory is short, a layer that fills more than half a core's memory costs so many times more for each share."""
HEAVY_WEIGHTS = (4.0,)
"""Where memory is short: what is not moved is held once."""


@dataclass(frozen=True)
class Candidate:
    """A tiling of a layer on cores: the cycles of the core that takes longest, and pJ of all. `fill`: the share of a
    core's memory that its activations of the layer take all together, with the weights of one turn."""

    tiling: Tiling
    cores: tuple[CoreId, ...]
    cycles: float
    energy: float
    fill: float = 0.0


@dataclass(frozen=True)
class Best:
    """The best schedule, with the tilings that it came from and how many were tried."""

    schedule: Schedule
    tilings: Mapping[int, Candidate]
    latency: float
    energy: float
    tried: int


@dataclass
class Search:
    """One system's search. `prices` by kind of core; `fixed`: where layers (by id) run that the user has placed;
    `watch` is told of each schedule before it is made; `unplaced`: why no schedule was found."""

    system: System
    graph: LayerGraph
    prices: Mapping[CoreId, Prices]
    opt: ObjectiveName
    watch: Callable[[int, int, str], None] = lambda done, total, name: None
    fixed: Mapping[int, Placed] = field(default_factory=dict[int, Placed])
    unplaced: list[str] = field(default_factory=list[str])
    overfull: set[int] = field(default_factory=set[int])
    tried: int = 0

    def best(self) -> Best | None:
        """The best schedule; None where none fits."""
        found: Best | None = None
        layers = [told.placed.id for told in self.graph.layers]
        large = len(self.system.cores) > LARGE
        for level in (0,) if self._alone else range(TRIED_LEVELS - 1 if large else 0, TRIED_LEVELS):
            weights = WEIGHTS[1:2] if large else WEIGHTS
            found = self._better(found, self._at(dict.fromkeys(layers, level), weights))
        levels = dict.fromkeys(layers, TRIED_LEVELS - 1)
        for _ in range(REPAIRS):
            if found is not None:
                break
            for layer in self._to_cut_finer():
                levels[layer] = min(levels[layer] + 1, len(LEVELS) - 1)
            found = self._at(levels, HEAVY_WEIGHTS, short=True)
        return found

    @property
    def _alone(self) -> bool:
        """Whether there is one core and nothing to overlap its work with: layers stay whole there, as on a core without
        a system, though ZigZag's cycles for two halves of one may be fewer."""
        return len(self.system.cores) == 1 and self.system.offchip is None

    def _better(self, first: Best | None, second: Best | None) -> Best | None:
        made = [best for best in (first, second) if best is not None]
        return min(made, key=self._merit, default=None)

    def _to_cut_finer(self) -> set[int]:
        """The layers that did not fit, those that have yet to read what is held, and those that feed these: what lies
        between two layers is held less long if both go in finer turns."""
        found = set(self.overfull)
        found |= {edge.producer for layer in self.overfull for edge in self.graph.edges.get(layer, ())}
        self.overfull.clear()
        return found

    def _at(self, levels: Mapping[int, int], weights: Sequence[float], short: bool = False) -> Best | None:
        """The best of the choices with layers cut as finely as `levels` say; `short`: memory is what lacks."""
        options = self._options(levels)
        found: Best | None = None
        choices = list(self._choices(options, weights, short)) if options is not None else []
        for done, chosen in enumerate(choices):
            self.watch(done, len(choices), "schedules")
            found = self._better(found, self._scheduled(chosen))
        self.watch(len(choices), len(choices), "")
        return found

    def _merit(self, best: Best) -> tuple[float, ...]:
        return objective(self.opt).value(best.energy, best.latency), best.latency, best.energy

    def _groups(self, told: Told) -> list[tuple[CoreId, ...]]:
        """The cores of one kind that may run a layer, a group for each kind."""
        groups = [
            tuple(core.id for core in cores if core.runs(self.graph.operators[told.placed.id]))
            for cores in self.system.kinds.values()
        ]
        return [group for group in groups if group]

    def _options(self, levels: Mapping[int, int]) -> dict[int, list[Candidate]] | None:
        """The priced candidates of each layer."""
        wanted: dict[int, list[tuple[Tiling, tuple[CoreId, ...]]]] = {}
        for told in self.graph.layers:
            wanted[told.placed.id] = self._tilings(told, levels[told.placed.id])
        for core in {id(self.prices[core.id]): core for core in self.system.cores}.values():
            self.prices[core.id].find(self._boxes(wanted, core))
        found: dict[int, list[Candidate]] = {}
        for layer, tilings in wanted.items():
            priced = [self._candidate(layer, tiling, cores) for tiling, cores in tilings]
            found[layer] = [candidate for candidate in priced if candidate is not None]
            if not found[layer]:
                self.unplaced.append(self._why_not(layer, tilings))
                return None
        return found

    def _why_not(self, layer: int, tilings: Sequence[tuple[Tiling, tuple[CoreId, ...]]]) -> str:
        told = self.graph.layers[layer]
        for tiling, cores in tilings:
            for core, share in placed(told.placed.layer, tiling, cores):
                outcome = self.prices[core].outcome((layer, share.box))
                if isinstance(outcome, str):
                    return f"{told.placed.name}: {outcome}"
        return f"{told.placed.name}: its smallest tiles do not fit a core's highest memory"

    def _tilings(self, told: Told, level: int) -> list[tuple[Tiling, tuple[CoreId, ...]]]:
        """What is priced of a layer, on each kind of core that may run it; where it cannot be cut so finely, less."""
        if told.placed.id in self.fixed:
            return self._as_placed(told, self.fixed[told.placed.id], level)
        for possible in range(level, -1, -1):
            found: dict[tuple[Tiling, tuple[CoreId, ...]], None] = {}
            for cores in self._groups(told):
                room, rows = LEVELS[possible] if not self._alone else (1.0, 1)
                if possible and told.placed.id not in self.graph.edges:
                    rows = max(rows, FIRST_ROWS)
                for tiling in self._of_group(told, cores, room, rows, short=possible >= TRIED_LEVELS):
                    found[tiling, self.system.nearest(cores, tiling.cores)] = None
            if found:
                return list(found)
        return []

    def _of_group(self, told: Told, cores: tuple[CoreId, ...], room: float, rows: int, short: bool) -> list[Tiling]:
        """The tilings over cores of one kind on which the busiest has least to do, and one core's."""
        capacity = min(self.system.by_id[core].capacity for core in cores) * room
        first = self.prices[cores[0]]
        array = dict(first.inputs.hardware.array)
        units = unrolled(first.mapping_of(told.placed.id), told.sizes, array) if first.search is None else {}
        filled = cores if short else ()
        promising = sorted(
            splits(told, len(cores)), key=lambda split: self._promise(told, Tiling(split), units, filled, turned=False)
        )
        looked_at = [*promising[:LOOKED_AT], ()]
        for most in _fewer(len(cores)):
            looked_at += [split for split in promising[LOOKED_AT:] if Tiling(split).cores <= most][:LOOKED_AT]
        tilings = [with_turns(told, split, capacity, units, rows) for split in dict.fromkeys(looked_at)]
        ranked = sorted(
            dict.fromkeys(tiling for tiling in tilings if tiling is not None),
            key=lambda tiling: self._promise(told, tiling, units, filled, turned=True),
        )
        kept = ranked[:KEPT]
        if ranked and rounds(told, ranked[0], units) < SHORT_ROUNDS:
            for most in _fewer(len(cores)):
                kept += [tiling for tiling in ranked if tiling.cores <= most][:KEPT]
        return list(dict.fromkeys([*kept, *(tiling for tiling in ranked[KEPT:] if not tiling.split)]))

    def _promise(
        self, told: Told, tiling: Tiling, units: Mapping[str, int], filled: tuple[CoreId, ...], turned: bool
    ) -> tuple[object, ...]:
        """The lower the better: rounds of the busiest core, then few cuts; on cores to be filled as little as can be,
        more for what fills them (weights count once turns are known)."""
        busiest = rounds(told, tiling, units)
        if filled:
            busiest *= 1 + PER_FILL * max(0.0, self._fill(told.placed.id, tiling, filled, turned) - FULL)
        return busiest, len(tiling.turns), len(tiling.split), tiling.split

    def _as_placed(self, told: Told, own: Placed, level: int) -> list[tuple[Tiling, tuple[CoreId, ...]]]:
        """What the user has said of a layer; turns are found where nothing is said of them."""
        if own.turns is not None:
            return [(Tiling(own.split, own.turns), own.cores)]
        for room, rows in reversed(LEVELS[: level + 1]):
            capacity = min(self.system.by_id[core].capacity for core in own.cores) * room
            tiling = with_turns(told, own.split, capacity, {}, rows)
            if tiling is not None:
                return [(tiling, own.cores)]
        return []

    def _boxes(
        self, wanted: Mapping[int, Sequence[tuple[Tiling, tuple[CoreId, ...]]]], core: Core
    ) -> Iterable[tuple[int, Box]]:
        mine = self.prices[core.id]
        for layer, tilings in wanted.items():
            for tiling, cores in tilings:
                for identity, share in placed(self.graph.layers[layer].placed.layer, tiling, cores):
                    if self.prices[identity] is mine:
                        yield layer, share.box

    def _candidate(self, layer: int, tiling: Tiling, cores: tuple[CoreId, ...]) -> Candidate | None:
        load: dict[CoreId, float] = {}
        energy = 0.0
        for core, share in placed(self.graph.layers[layer].placed.layer, tiling, cores):
            cycles = self.prices[core].cycles((layer, share.box))
            price = self.prices[core].energy((layer, share.box))
            if cycles is None or price is None:
                return None
            load[core] = load.get(core, 0.0) + cycles
            energy += price
        return Candidate(tiling, cores, max(load.values()), energy, self._fill(layer, tiling, cores, weights=True))

    def _fill(self, layer: int, tiling: Tiling, cores: tuple[CoreId, ...], weights: bool) -> float:
        told = self.graph.layers[layer]
        turn = placed(told.placed.layer, tiling, cores)[0][1]
        whole = placed(told.placed.layer, Tiling(tiling.split, (), tiling.grain), cores)[0][1]
        widths, ranges = told.placed.widths, told.ranges(dict(whole.box.ranges))
        bits = count(told.told("O", ranges)) * widths.O_final + count(told.told("I", ranges)) * widths.I
        if weights and len(told.placed.layer.inputs) > 1:
            bits += count(told.told("W", told.ranges(dict(turn.box.ranges)))) * widths.W
        return bits / min(self.system.by_id[core].capacity for core in cores)

    def _choices(
        self, options: Mapping[int, Sequence[Candidate]], weights: Sequence[float], short: bool
    ) -> Iterable[Mapping[int, Candidate]]:
        """What is scheduled: the cheapest by the tables, with movement counted less and more; the same split all over;
        one core."""
        seen: set[tuple[Candidate, ...]] = set()
        nodes = {layer: np.array([self._node(candidate, short) for candidate in own]) for layer, own in options.items()}
        moving = self._pairs(options)
        for weight in weights:
            pairs = {pair: table * weight for pair, table in moving.items()}
            picked = cheapest(nodes, pairs)
            chosen = {layer: options[layer][number] for layer, number in picked.items()}
            if tuple(chosen.values()) not in seen:
                seen.add(tuple(chosen.values()))
                yield chosen
        if short:
            return
        for most in _fewer(len(self.system.cores)):
            few = {layer: [n for n, c in enumerate(own) if c.tiling.cores <= most] for layer, own in options.items()}
            if all(few.values()):
                fewer = {layer: nodes[layer][numbers] for layer, numbers in few.items()}
                pairs = {(a, b): table[np.ix_(few[a], few[b])] for (a, b), table in moving.items()}
                picked = cheapest(fewer, pairs)
                chosen = {layer: options[layer][few[layer][number]] for layer, number in picked.items()}
                if tuple(chosen.values()) not in seen:
                    seen.add(tuple(chosen.values()))
                    yield chosen
        whole = {layer: min(own, key=lambda candidate: candidate.tiling.cores) for layer, own in options.items()}
        if tuple(whole.values()) not in seen:
            yield whole

    def _node(self, candidate: Candidate, short: bool) -> float:
        """What a candidate costs; where memory is short, the more the fuller it makes the cores."""
        costs = candidate.energy if self.opt == "energy" else candidate.cycles
        return costs * (1 + PER_FILL * max(0.0, candidate.fill - FULL)) if short else costs

    def _pairs(self, options: Mapping[int, Sequence[Candidate]]) -> dict[tuple[int, int], np.ndarray]:
        found: dict[tuple[int, int], np.ndarray] = {}
        scale = self._per_bit()
        for edges in self.graph.edges.values():
            for edge in edges:
                table = self._moved(edge, options) * scale
                pair = (edge.producer, edge.reader)
                found[pair] = found[pair] + table if pair in found else table
        return found

    def _per_bit(self) -> float:
        """What a bit that a core has to get costs, in what candidates are compared by: cycles of the links into it, or
        pJ over one of them."""
        network = self.system.network
        if self.opt == "energy":
            return max((link.energy_per_bit for link in network.links), default=0.0)
        return 1 / network.into_a_core

    def _moved(self, edge: Edge, options: Mapping[int, Sequence[Candidate]]) -> np.ndarray:
        """Bits that the core that gets most has to get, for each pair of candidates."""
        made = [self._made(edge.producer, candidate) for candidate in options[edge.producer]]
        read = [self._read(edge, candidate) for candidate in options[edge.reader]]
        width = self.graph.layers[edge.producer].placed.widths.O_final
        table = np.zeros((len(made), len(read)))
        for i, mine in enumerate(made):
            for j, theirs in enumerate(read):
                most = 0
                for core, boxes in theirs.items():
                    wanted = sum(map(count, boxes))
                    here = sum(count(common(box, own)) for box in boxes for own in mine.get(core, ()))
                    most = max(most, wanted - here)
                table[i, j] = most * width
        return table

    def _made(self, layer: int, candidate: Candidate) -> dict[CoreId, list[Elements]]:
        told = self.graph.layers[layer]
        found: dict[CoreId, list[Elements]] = {}
        for core, share in _at_once(told, candidate):
            found.setdefault(core, []).append(told.told("O", told.ranges(dict(share.box.ranges))))
        return found

    def _read(self, edge: Edge, candidate: Candidate) -> dict[CoreId, list[Elements]]:
        told, producer = self.graph.layers[edge.reader], self.graph.layers[edge.producer]
        number = OPERANDS.index(edge.operand) if edge.operand in OPERANDS else None
        found: dict[CoreId, list[Elements]] = {}
        for core, share in _at_once(told, candidate):
            ranges = told.ranges(dict(share.box.ranges))
            seen = told.seen(told.placed.layer.inputs[number], ranges) if number is not None else ()
            boxes = [producer.written(box)[0] for box in edge.needed(seen)[0]]
            found.setdefault(core, []).extend(box for box in boxes if all(box))
        return found

    def _scheduled(self, chosen: Mapping[int, Candidate]) -> Best | None:
        self.tried += 1
        made = self.planned(chosen)
        capacity = {core.id: float(core.capacity) for core in self.system.cores}
        order = ordered(made, capacity)
        if isinstance(order, Overfull):
            name = self.graph.layers[order.layer].placed.name
            self.overfull |= {order.layer, *order.waited_for}
            self.unplaced.append(
                f"{name}: core {order.core} would hold {order.held:,.0f} bit, it has {order.capacity:,.0f}"
            )
            return None
        cycles = {tile.number: self.prices[tile.core].cycles((tile.layer, tile.box)) or 0.0 for tile in made.tiles}
        timed = schedule(made, order, cycles, self.system)
        energy = self.energy(timed)
        return Best(timed, dict(chosen), timed.latency, energy, self.tried)

    def planned(self, chosen: Mapping[int, Candidate]) -> Plan:
        shared = {
            layer: placed(self.graph.layers[layer].placed.layer, candidate.tiling, candidate.cores)
            for layer, candidate in chosen.items()
        }
        offchip = self.system.offchip.id if self.system.offchip else None
        return plan(self.graph.layers, self.graph.edges, self.graph.results, shared, offchip)

    def energy(self, timed: Schedule) -> float:
        tiles = sum(self.prices[tile.core].energy((tile.layer, tile.box)) or 0.0 for tile in timed.plan.tiles)
        return tiles + sum(self.transfer_energy(timed, number) for number in timed.transfers)

    def transfer_energy(self, timed: Schedule, number: int) -> float:
        transfer = timed.plan.transfers[number]
        moved = self.system.network.energy(timed.routes[number], transfer.bits)
        return moved + self.offchip_energy(timed, number)

    def offchip_energy(self, timed: Schedule, number: int) -> float:
        """What the off-chip memory itself takes for a transfer."""
        transfer, offchip = timed.plan.transfers[number], self.system.offchip
        if offchip is None:
            return 0.0
        if transfer.source == offchip.id:
            return transfer.bits * offchip.read_pj_per_bit
        return transfer.bits * offchip.write_pj_per_bit if offchip.id in transfer.to else 0.0


def _fewer(cores: int) -> list[int]:
    """Numbers of cores that a small network may do better on: fewer have less to send to each other."""
    found: list[int] = []
    while cores >= 8:
        cores //= 4
        found.append(cores)
    return found


def _at_once(told: Told, candidate: Candidate) -> list[tuple[CoreId, Share]]:
    """What each core has of a layer, its turns together."""
    without = Tiling(candidate.tiling.split, (), candidate.tiling.grain)
    return placed(told.placed.layer, without, candidate.cores)
