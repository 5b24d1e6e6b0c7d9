"""The split of every layer, and the best schedule found.

Each layer has a few tilings that are worth a price. What each costs, and what each pair of neighbours has to move, are
tables; the cheapest choice over all of them is exact (choice.py). But tables know nothing of memory over time, of the
port and of overlap, so several choices are scheduled, fewer cores and one core among them, and the best is kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from onnx2zz.system.apart import apart
from onnx2zz.system.best import Best
from onnx2zz.system.candidate import Candidate
from onnx2zz.system.choice import cheapest
from onnx2zz.system.description import Core, System
from onnx2zz.system.energy import schedule_energy
from onnx2zz.system.finer_turns import FINER, in_turns, of_different_splits
from onnx2zz.system.improvement import LARGEST, MOST_JOBS, improved, on_other_cores
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.movement import Options, movement, per_bit
from onnx2zz.system.network import CoreId
from onnx2zz.system.offers import FULL, LEVELS, PER_FILL, TRIED_LEVELS, Offers, OnCores, fewer
from onnx2zz.system.operands import Told
from onnx2zz.system.order import Overfull, ordered, ordered_leaving
from onnx2zz.system.placement import Placed
from onnx2zz.system.plan import Plan, Tile
from onnx2zz.system.planning import plan
from onnx2zz.system.prices import Prices, Wanted
from onnx2zz.system.schedule import TileCycles, schedule
from onnx2zz.system.spills import fetch
from onnx2zz.system.tile import Box
from onnx2zz.system.tiling import Tiling, placed
from onnx2zz.system.uniform import OverCores
from onnx2zz.zigzag.objective import ObjectiveName, objective

LARGE = 64
"""Cores beyond which a schedule takes so long to make that one level and one weight of movement are tried."""
REPAIRS = 12
"""How often layers that do not fit are cut finer."""
SPILLED_REPAIRS = 3
"""How often finer ones are tried after there is a schedule, if outputs leave the chip in it."""
WEIGHTS = (1.0, 0.3, 0.1)
"""How much movement counts beside work; transfers overlap with work, the more the longer tiles are."""
HEAVY_WEIGHTS = (4.0,)
"""Where memory is short (what is not moved is held once), and where off-chip data go over the same bus."""


@dataclass
class Search:
    """One system's search. `prices` by kind of core; `fixed`: where layers (by id) run that the user has placed;
    `watch` is told of each schedule before it is made; `unplaced`: why no schedule was found; `made`: the schedules
    that are short enough to be made better; `looked_at`: the candidates of each layer that have their price;
    `may_spill`: outputs may go off the chip and come back."""

    system: System
    graph: LayerGraph
    prices: Mapping[CoreId, Prices]
    opt: ObjectiveName
    watch: Callable[[int, int, str], None] = lambda done, total, name: None
    fixed: Mapping[int, Placed] = field(default_factory=dict[int, Placed])
    unplaced: list[str] = field(default_factory=list[str])
    overfull: set[int] = field(default_factory=set[int])
    made: list[Best] = field(default_factory=list[Best])
    looked_at: dict[int, dict[Candidate, None]] = field(default_factory=dict[int, dict[Candidate, None]])
    tried: int = 0
    may_spill: bool = False

    def best(self) -> Best | None:
        """The best schedule; None where none fits."""
        found: Best | None = None
        layers = [told.placed.id for told in self.graph.layers]
        large = len(self.system.cores) > LARGE
        # Work on one core alone overlaps with nothing, so that finer tiles gain nothing. On many cores there is time
        # for one level, and tiles of the finer one fit where others do not.
        for level in (0,) if self.offers.alone else range(TRIED_LEVELS - 1 if large else 0, TRIED_LEVELS):
            weights = WEIGHTS[1:2] if large else self._weights
            found = self._better(found, self._at(dict.fromkeys(layers, level), weights))
        if found is None:
            found = self._repaired(dict.fromkeys(layers, TRIED_LEVELS - 1))
        # Only schedules that are short enough to be made again hundreds of times are made better one layer at a time.
        if self.made and len(self.system.cores) > 1:
            found = self._better(found, improved(self.made, self._changes(), self._scheduled, self._merit))
            found = self._better(found, self._in_turns([*([found] if found else []), *self.made]))
        return None if found is None else self._refined(found)

    def _repaired(self, levels: dict[int, int]) -> Best | None:
        """The best schedule where memory is short: layers that do not fit are cut finer until all fit; until then
        outputs may leave the chip."""
        found: Best | None = None
        tries = 0
        self.may_spill = self.system.offchip is not None
        for _ in range(REPAIRS):
            for layer in self._to_cut_finer():
                levels[layer] = min(levels[layer] + 1, len(LEVELS) - 1)
            one = self._at(levels, HEAVY_WEIGHTS, short=True)
            found = self._better(found, one)
            tries += found is not None
            if one is not None and (not one.spills or tries > SPILLED_REPAIRS):
                break
        return found

    def _refined(self, best: Best) -> Best:
        """The best with the mappings of its tiles chosen with the whole budget. Its tiles have these prices from then
        on, so what was timed before is not an answer any more, even if it should have been less."""
        again = self._scheduled(best.tilings) if self.refine(best.schedule.plan.tiles) else None
        return best if again is None else again

    def refine(self, tiles: Sequence[Tile]) -> bool:
        """Choose the mappings of tiles with the whole budget; whether any may have changed."""
        changed = False
        for prices, wanted in self.by_price(tiles):
            changed = prices.refine(wanted) or changed
        return changed

    def confirm(self, tiles: Sequence[Tile]) -> bool:
        """Have ZigZag price what is scheduled; whether it says what it was scheduled by."""
        confirmed = [prices.confirm(wanted) for prices, wanted in self.by_price(tiles)]
        return all(confirmed)

    def by_price(self, tiles: Sequence[Tile]) -> list[tuple[Prices, list[Wanted]]]:
        """The prices of each kind of core, and what is wanted of them for some tiles."""
        own = {id(self.prices[core.id]): self.prices[core.id] for core in self.system.cores}
        return [
            (prices, [(tile.layer, tile.box) for tile in tiles if self.prices[tile.core] is prices])
            for prices in own.values()
        ]

    @property
    def _weights(self) -> Sequence[float]:
        # Where cores send to each other over the bus that off-chip data take, all that they move holds these up.
        return (*HEAVY_WEIGHTS, *WEIGHTS) if self.system.network.with_port else WEIGHTS

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.system, self.graph, self.prices, self.fixed)

    def _better(self, first: Best | None, second: Best | None) -> Best | None:
        made = [best for best in (first, second) if best is not None]
        return min(made, key=self._merit, default=None)

    def _in_turns(self, made: Sequence[Best]) -> Best | None:
        """The best that comes of schedules whose layers are cut in more turns than memory asks for."""
        starts: list[Best] = []
        options: dict[int, dict[Candidate, None]] = {told.placed.id: {} for told in self.graph.layers}
        # Schedules of the same split come to the same once cut: their tilings differ in turns alone.
        for best in of_different_splits(sorted((one for one in made if one.jobs <= LARGEST), key=self._merit)):
            for number in FINER:
                chosen = self.finer(best.tilings, number)
                one = self._scheduled(chosen) if len(chosen) == len(options) else None
                starts += [one] if one is not None else []
                for layer, used in chosen.items():
                    # Not every layer gains: one by one each may go back to how it was before.
                    options[layer] |= {best.tilings[layer]: None, used: None}
        tried = {layer: list(own) for layer, own in options.items()}
        return improved(starts, tried, self._scheduled, self._merit, MOST_JOBS // 2) if starts else None

    def finer(self, chosen: Mapping[int, Candidate], number: int) -> dict[int, Candidate]:
        """A choice with its layers in so many turns; those are left out whose tiles then have no price."""
        layers = self.graph.layers
        cut = {layer: in_turns(layers[layer], used.tiling, number) for layer, used in chosen.items()}
        # Layers that the user has placed stay as they are.
        asked = {layer: used.tiling if layer in self.fixed else cut[layer] for layer, used in chosen.items()}
        priced = self._priced({layer: [(tiling, chosen[layer].cores)] for layer, tiling in asked.items()})
        return {layer: own[0] for layer, own in priced.items() if own}

    def _changes(self) -> dict[int, list[Candidate]]:
        """The candidates of each layer that were looked at, on the same cores and on others; layers that the user has
        placed stay where they are."""
        found: dict[int, list[Candidate]] = {}
        for layer, alike in self._alike().items():
            found[layer] = list(self.looked_at.get(layer, ()))
            if layer not in self.fixed:
                found[layer] += [one for known in found[layer] for one in on_other_cores(known, alike)]
            found[layer] = list(dict.fromkeys(found[layer]))
        return found

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
        choices = self._choices(options, weights, short) if options is not None else ()
        if options is not None and short:
            choices = [*choices, self._apart(options, levels)]
        for done, chosen in enumerate(choices):
            self.watch(done, len(choices), "schedules")
            one = self._scheduled(chosen)
            found = self._better(found, one)
            self.made += [one] if one is not None and one.jobs <= LARGEST else []
        self.watch(len(choices), len(choices), "")
        return found

    def _apart(self, options: Options, levels: Mapping[int, int]) -> Mapping[int, Candidate]:
        """A choice in which each layer runs on other cores than what it reads lies on: room is left there, and outputs
        can leave the chip."""
        layers = [told for told in self.graph.layers if told.placed.id not in self.fixed]
        stripes = self._priced({told.placed.id: self.offers.stripes(told, levels[told.placed.id]) for told in layers})
        either = {layer: stripes.get(layer) or own for layer, own in options.items()}
        return apart(self.graph, either, self._alike(), self.system)

    def _merit(self, best: Best) -> tuple[float, ...]:
        return objective(self.opt).value(best.energy, best.latency), best.latency, best.energy

    def _options(self, levels: Mapping[int, int]) -> dict[int, list[Candidate]] | None:
        """The priced candidates of each layer."""
        wanted: dict[int, list[OnCores]] = {}
        for told in self.graph.layers:
            wanted[told.placed.id] = self.offers.tilings(told, levels[told.placed.id])
        found = self._priced(wanted)
        for layer, own in found.items():
            if not own:
                self.unplaced.append(self._why_not(layer, wanted[layer]))
                return None
            self.looked_at.setdefault(layer, {}).update(dict.fromkeys(own))
        return found

    def _priced(self, wanted: Mapping[int, Sequence[OnCores]]) -> dict[int, list[Candidate]]:
        """Those of each layer's tilings whose tiles all have a price."""
        for core in {id(self.prices[core.id]): core for core in self.system.cores}.values():
            self.prices[core.id].find(self._boxes(wanted, core))
        priced = {layer: [self._candidate(layer, *one) for one in tilings] for layer, tilings in wanted.items()}
        return {layer: [one for one in own if one is not None] for layer, own in priced.items()}

    def _why_not(self, layer: int, tilings: Sequence[OnCores]) -> str:
        told = self.graph.layers[layer]
        for tiling, cores in tilings:
            for core, share in placed(told.placed.layer, tiling, cores):
                wanted = layer, share.box
                for outcome in (self.prices[core].outcome(wanted), self.prices[core].addition(wanted)):
                    if isinstance(outcome, str):
                        return f"{told.placed.name}: {outcome}"
        return f"{told.placed.name}: its smallest tiles do not fit a core's highest memory"

    def _boxes(self, wanted: Mapping[int, Sequence[OnCores]], core: Core) -> Iterable[tuple[int, Box]]:
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
        return Candidate(
            tiling, cores, max(load.values()), energy, self.offers.fill(layer, tiling, cores, weights=True)
        )

    def _choices(
        self, options: Mapping[int, Sequence[Candidate]], weights: Sequence[float], short: bool
    ) -> Sequence[Mapping[int, Candidate]]:
        """What is scheduled: the cheapest by the tables, with movement counted less and more; the cheapest on fewer
        cores; one core. Where memory is `short`, the first of these only."""
        nodes = {layer: np.array([self._node(one, short) for one in own]) for layer, own in options.items()}
        moving = movement(self.graph, options, per_bit(self.system.network, self.opt))
        all_cores = len(self.system.cores)
        # Movement hides behind work as far as nobody waits for it, which no table knows: so it is weighed in several
        # ways, and what schedules best is kept.
        tables = [({pair: table * weight for pair, table in moving.items()}, all_cores) for weight in weights]
        tables += [] if short else [(moving, most) for most in fewer(all_cores)]
        found = [picked for pairs, most in tables if (picked := _cheapest_on(most, options, nodes, pairs)) is not None]
        if not short:
            found.append({layer: min(own, key=lambda one: one.tiling.cores) for layer, own in options.items()})
            found += self._uniform(options)
        # Small networks come to the same choice by most of these, and a schedule takes far longer than to compare
        # them.
        different: dict[tuple[Candidate, ...], Mapping[int, Candidate]] = {}
        for chosen in found:
            different.setdefault(tuple(chosen[layer] for layer in options), chosen)
        return list(different.values())

    def _uniform(self, options: Options) -> list[Mapping[int, Candidate]]:
        """Every layer split the same way, in each way that fits everywhere."""
        ways: dict[OverCores, dict[int, Candidate]] = {}
        for layer, own in options.items():
            known = {(one.tiling, one.cores): one for one in own}
            for way, wanted in self.offers.uniform(self.graph.layers[layer]).items():
                if wanted in known:
                    ways.setdefault(way, {})[layer] = known[wanted]
        return [chosen for chosen in ways.values() if len(chosen) == len(options)]

    def _node(self, candidate: Candidate, short: bool) -> float:
        """What a candidate costs; where memory is short, the more the fuller it makes the cores."""
        costs = candidate.energy if self.opt == "energy" else candidate.cycles
        return costs * (1 + PER_FILL * max(0.0, candidate.fill - FULL)) if short else costs

    def _scheduled(self, chosen: Mapping[int, Candidate]) -> Best | None:
        self.tried += 1
        made = self.planned(chosen)
        capacity = {core.id: float(core.capacity) for core in self.system.cores}
        order = ordered(made, capacity)
        if not isinstance(order, Overfull):
            return self._timed(made, order, chosen)
        name = self.graph.layers[order.layer].placed.name
        self.overfull |= {order.layer, *order.waited_for}
        self.unplaced.append(
            f"{name}: core {order.core} would hold {order.held:,.0f} bit, it has {order.capacity:,.0f}"
        )
        return self._spilling(made, chosen, capacity) if self.may_spill else None

    def _spilling(self, made: Plan, chosen: Mapping[int, Candidate], capacity: Mapping[CoreId, float]) -> Best | None:
        """The schedule of a choice some of whose outputs leave the chip."""
        assert self.system.offchip is not None
        order = ordered_leaving(made, capacity)
        if isinstance(order, Overfull):
            self.overfull |= {order.layer, *order.waited_for}
            return None
        fetch(made, order.fetched, self.system.offchip.id)
        return self._timed(made, order.tiles, chosen)

    def _timed(self, made: Plan, order: Sequence[Tile], chosen: Mapping[int, Candidate]) -> Best:
        timed = schedule(made, order, self.cycles_of(made), self.system)
        energy = schedule_energy(timed, self.system, self.prices)
        return Best(timed, dict(chosen), timed.latency, energy, self.tried)

    def _alike(self) -> dict[int, list[CoreId]]:
        """By layer the cores that may run it, where all of them are alike and nobody has placed it."""
        found: dict[int, list[CoreId]] = {}
        for told in self.graph.layers:
            may_run = [core.id for core in self.system.cores if core.runs(self.graph.operators[told.placed.id])]
            alike = len({id(self.prices[core]) for core in may_run}) == 1 and told.placed.id not in self.fixed
            found[told.placed.id] = may_run if alike else []
        return found

    def cycles_of(self, made: Plan) -> TileCycles:
        """How long the tiles of a plan take, all of which have a price."""
        total = {tile.number: self.prices[tile.core].cycles((tile.layer, tile.box)) or 0.0 for tile in made.tiles}
        adding = [tile for tile in made.tiles if tile.adds]
        own = {tile.number: self.prices[tile.core].own_cycles((tile.layer, tile.box)) or 0.0 for tile in adding}
        return TileCycles(total, own)

    def planned(
        self, chosen: Mapping[int, Candidate], brought: Callable[[Told, str], bool] = lambda told, operand: True
    ) -> Plan:
        """The plan of a choice; `brought`: what comes from off the chip, of what may."""
        shared = {
            layer: placed(self.graph.layers[layer].placed.layer, candidate.tiling, candidate.cores)
            for layer, candidate in chosen.items()
        }
        offchip = self.system.offchip.id if self.system.offchip else None
        multicast = self.system.network.multicast
        graph, broadcast = self.graph, {layer for layer, candidate in chosen.items() if candidate.tiling.broadcast}
        return plan(graph.layers, graph.edges, graph.results, shared, offchip, multicast, brought, broadcast)


def _cheapest_on(
    most: int, options: Options, nodes: Mapping[int, np.ndarray], pairs: Mapping[tuple[int, int], np.ndarray]
) -> Mapping[int, Candidate] | None:
    """The cheapest choice of candidates on at most so many cores; None where a layer has none."""
    few = {layer: [n for n, one in enumerate(own) if one.tiling.cores <= most] for layer, own in options.items()}
    if not all(few.values()):
        return None
    allowed = {layer: nodes[layer][numbers] for layer, numbers in few.items()}
    tables = {(a, b): table[np.ix_(few[a], few[b])] for (a, b), table in pairs.items()}
    return {layer: options[layer][few[layer][number]] for layer, number in cheapest(allowed, tables).items()}
