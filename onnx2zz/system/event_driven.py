"""A schedule's numbers on cores that work where an input is not zero, beside the dense ones (docs/systems.md).

Every tile keeps its place and its time; what changes is how many of its operations and accesses take place, as on one
core (pricing/event_driven.py), and what transfers carry. All tiles of a layer have its densities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from onnx2zz.formats.workload_entry import operations, volumes
from onnx2zz.pricing.event_driven import (
    Activities,
    Activity,
    LayerEvents,
    TotalEvents,
    layer_events,
    together,
    total_events,
)
from onnx2zz.pricing.result import Evaluation, EventsFrom
from onnx2zz.pricing.system_result import EventUse
from onnx2zz.system.event_traffic import EventTraffic, Packets, event_energy, hops
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.network import CoreId
from onnx2zz.system.outcome import SystemOutcome
from onnx2zz.system.plan import Tile, Transfer
from onnx2zz.system.prices import Prices
from onnx2zz.zigzag.layer_price import LayerPrice


@dataclass(frozen=True)
class EventDriven:
    """The outcome of one frame (or of a batch: each has its share), with the prices of its tiles, and what a run of the
    network measured."""

    outcome: SystemOutcome
    graph: LayerGraph
    prices: Mapping[CoreId, Prices]
    activities: Activities

    def beside(self, evaluation: Evaluation) -> Evaluation:
        """The evaluation with events beside its dense numbers."""
        layers = tuple(replace(one, events=self._of_layer(n)) for n, one in enumerate(evaluation.layers))
        found = [one.events for one in layers if one.events is not None]
        assert evaluation.system is not None
        return replace(
            evaluation,
            layers=layers,
            total=replace(evaluation.total, events=self._total(found)),
            events_from=EventsFrom(
                self.activities.inputs, len(self.activities.random_weights), self.activities.not_run
            ),
            system=replace(evaluation.system, events=self._use(found)),
        )

    def _total(self, layers: list[LayerEvents]) -> TotalEvents:
        # Here links have energies of their own, and no price an event.
        return replace(total_events(layers, None), noc_energy_pj=sum(one.noc_energy_pj or 0.0 for one in layers))

    def _of_layer(self, layer: int) -> LayerEvents:
        """All tiles together; what is sent is told of the first layer that reads it."""
        own = self.outcome.first_frame(layer)
        tiles = together([self._of_tile(tile) for tile in own])
        points = sum(operations(self.prices[tile.core].entries[tile.layer, tile.box]) for tile in own)
        sent = [one for one in self._first_packets if self._traffic.readers(self._transfers[one])[0] == layer]
        return replace(
            tiles,
            operations_executed=round(self._activity(layer).executed * points),  # not of each tile: that rounds often
            noc_events=sum(self._packets[one].values for one in sent),
            noc_energy_pj=sum(self._link_energy(self._transfers[one]) for one in sent),
        )

    def _of_tile(self, tile: Tile) -> LayerEvents:
        """A tile's; partial sums are added whatever they are."""
        prices, wanted = self.prices[tile.core], (tile.layer, tile.box)
        price, entry = prices.outcome(wanted), prices.entries[wanted]
        assert isinstance(price, LayerPrice)
        found = layer_events(price, operations(entry), volumes(entry), self._activity(tile.layer))
        adding = (prices.energy(wanted) or 0.0) - price.energy_pj
        return replace(found, energy_pj=found.energy_pj + adding) if tile.adds else found

    def _activity(self, layer: int) -> Activity:
        return self.activities.layers[self.graph.entries[layer]["id"]]

    def _use(self, layers: list[LayerEvents]) -> EventUse:
        network, of_a_frame = self.outcome.system.network, self.outcome.of_a_frame
        carried, first = self._packets, self._first_packets.values()
        moved = {one.number: one for one in self.outcome.moved}
        wires = {number: network.wire_bits(one.bits) for number, one in moved.items()}
        dense = sum(wires[number] * self._hops(one) for number, one in moved.items())
        spared = sum((wires[number] - one.wire_bits) * self._hops(moved[number]) for number, one in carried.items())
        return EventUse(
            energy={
                "cores_pj": sum(one.energy_pj for one in layers),
                "links_pj": of_a_frame(sum(self._link_energy(one) for one in moved.values())),
                "offchip_pj": of_a_frame(self.outcome.energy["offchip_pj"]),
            },
            events=sum(one.values for one in first),
            header_flits=sum(one.header_flits for one in first),
            payload_flits=sum(one.payload_flits for one in first),
            wire_bit_hops=of_a_frame(dense - spared),
            dense_wire_bit_hops=of_a_frame(dense),
            busiest_core_cycles=of_a_frame(max(self._busy_cores().values(), default=0.0)),
            busiest_link_cycles=of_a_frame(max(self._busy_links().values(), default=0.0)),
        )

    def _busy_cores(self) -> dict[CoreId, float]:
        """Cycles that each core works, of each tile the share of its operations that are executed."""
        found: dict[CoreId, float] = {}
        for tile in self.outcome.tiles:
            prices, wanted = self.prices[tile.core], (tile.layer, tile.box)
            own = prices.own_cycles(wanted) or 0.0
            adding = (prices.cycles(wanted) or 0.0) - own if tile.adds else 0.0
            found[tile.core] = found.get(tile.core, 0.0) + own * self._activity(tile.layer).executed + adding
        return found

    def _busy_links(self) -> dict[str, float]:
        """Cycles that each link is taken, hops left out."""
        network = self.outcome.system.network
        found: dict[str, float] = {}
        for one in self.outcome.moved:
            packets = self._packets.get(one.number)
            for link in self.outcome.schedule.routes[one.number].links:
                wire = network.wire_bits(one.bits) if packets is None else packets.wire_bits
                bits = one.bits if link is network.port else wire
                found[link.id] = found.get(link.id, 0.0) + bits / link.bandwidth
        return found

    def _link_energy(self, transfer: Transfer) -> float:
        """pJ on the links: dense of what is not driven by events."""
        if transfer.number not in self._packets:
            return self.outcome.link_energy[transfer.number]
        route = self.outcome.schedule.routes[transfer.number]
        return event_energy(self.outcome.system.network, route, self._packets[transfer.number], transfer.bits)

    def _hops(self, transfer: Transfer) -> int:
        return hops(self.outcome.system.network, self.outcome.schedule.routes[transfer.number])

    @cached_property
    def _traffic(self) -> EventTraffic:
        return EventTraffic(self.outcome.system.network, self.graph, self.activities)

    @cached_property
    def _transfers(self) -> Mapping[int, Transfer]:
        return {one.number: one for one in self.outcome.moved}

    @cached_property
    def _packets(self) -> Mapping[int, Packets]:
        """Of the transfers that carry events."""
        driven = (one for one in self.outcome.moved if self._traffic.driven(one))
        return {one.number: self._traffic.packets(one) for one in driven}

    @cached_property
    def _first_packets(self) -> Mapping[int, Packets]:
        """Those of the first frame: no frame has others."""
        return {number: one for number, one in self._packets.items() if not self._transfers[number].frame}
