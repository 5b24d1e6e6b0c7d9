"""What is reported beside ZigZag's numbers, made from them afterwards: they never depend on it, nor does the cache.

The rules of sidecars, and what events are worth, are imported where there is a sidecar, or a run with events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx2zz.errors import Problem
from onnx2zz.formats.workload_entry import WorkloadEntry, as_meant, operations, read_layer, volumes

if TYPE_CHECKING:
    from onnx2zz.formats.accelerator import Hierarchy
    from onnx2zz.pricing.event_driven import Activities, LayerEvents, TotalEvents
    from onnx2zz.pricing.inputs import AcceleratorFile
    from onnx2zz.pricing.physical import LayerPhysical, TotalPhysical
    from onnx2zz.pricing.result import EventsFrom
    from onnx2zz.sidecar.figures import Sidecar
    from onnx2zz.zigzag.layer_price import LayerPrice


@dataclass(frozen=True)
class Supplement:
    """The accelerator's sidecar, and what a run of the network measured; None where there is none."""

    sidecar: "Sidecar | None" = None
    activities: "Activities | None" = None

    def problems(self, accelerator: str, in_memory: bool) -> tuple[Problem, ...]:
        """What cannot be said about an accelerator."""
        if not (self.activities and in_memory):
            return ()
        what = "an array that computes in memory works on whole vectors: events do not drive it"
        return (Problem(accelerator, what, "leave --events out, or take another accelerator"),)

    def physical(
        self, layers: Sequence[WorkloadEntry], prices: Mapping[int, "LayerPrice"], hierarchy: "Hierarchy"
    ) -> "dict[int, LayerPhysical]":
        """Layer id -> its price as the sidecar's rules have it; `prices` has those layers that have a price."""
        if self.sidecar is None:
            return {}
        from onnx2zz.pricing.physical import layer_physical
        from onnx2zz.pricing.silicon.density import layer_densities
        from onnx2zz.pricing.silicon.flow import PathTime, PricedLayer, Role
        from onnx2zz.pricing.silicon.output_path import handed_on, riders

        density = layer_densities(layers, self.sidecar.density, self.activities)
        # A layer without a price has no time, and nothing can ride on it.
        riding = riders([entry for entry in layers if entry["id"] in prices], self.sidecar.output_path)
        gone = handed_on(layers, riding)
        found: dict[int, LayerPhysical] = {}
        paths: dict[int, PathTime] = {}
        for entry in layers:
            number, rider = entry["id"], riding.get(entry["id"])
            readable = read_layer(0, entry)
            if number in prices and readable is not None:
                role = Role(
                    arriving=(rider.operand,) if rider else (),
                    handed_on=number in gone,
                    # The host runs before its riders, as workloads are in execution order; so its path is known by now.
                    path=paths[rider.host] if rider else None,
                )
                layer = PricedLayer(as_meant(readable), prices[number], hierarchy, density[number], role)
                own = found[number] = layer_physical(layer, self.sidecar)
                before = paths[rider.host] if rider else PathTime(0.0, 0.0)
                # What a rider adds is its own latency here: `layer_physical` has made the difference of it.
                paths[rider.host if rider else number] = before.with_layer(
                    own.latency_cycles, own.port_cycles, own.access_cycles
                )
        return found

    @property
    def without_rules(self) -> "Supplement":
        """What is left for layers that another accelerator prices: the clock."""
        if self.sidecar is None:
            return self
        from onnx2zz.sidecar.figures import Sidecar

        return Supplement(Sidecar(self.sidecar.path, self.sidecar.clock_mhz), self.activities)

    def notes(self, layers: Sequence[WorkloadEntry]) -> tuple[str, ...]:
        """What the user must know: stated layers that the network has not."""
        if self.sidecar is None or not self.sidecar.density:
            return ()
        from onnx2zz.pricing.silicon.density import unknown_layers

        unknown = unknown_layers(layers, self.sidecar.density)
        if not unknown:
            return ()
        return (f"note: {self.sidecar.path}: this network has no layer {', '.join(unknown)}: its density is not used",)

    def events(self, price: "LayerPrice", entry: WorkloadEntry) -> "LayerEvents | None":
        """What the layer would cost an event-driven core."""
        if self.activities is None:
            return None
        from onnx2zz.pricing.event_driven import layer_events

        return layer_events(
            price, operations(entry), volumes(entry), self.activities.layers[entry["id"]], self._noc_pj_per_event
        )

    def total_physical(
        self, layers: "Sequence[LayerPhysical]", accelerator: "AcceleratorFile"
    ) -> "TotalPhysical | None":
        """The sums over the priced layers, and the area."""
        if self.sidecar is None:
            return None
        from onnx2zz.pricing.physical import total_physical

        return total_physical(layers, self.sidecar, accelerator.hierarchy, accelerator.unit_area)

    def total_events(self, layers: "Sequence[LayerEvents]") -> "TotalEvents | None":
        """The sums over the priced layers."""
        if self.activities is None:
            return None
        from onnx2zz.pricing.event_driven import total_events

        return total_events(layers, self._noc_pj_per_event)

    @property
    def events_from(self) -> "EventsFrom | None":
        """How the events were counted."""
        if self.activities is None:
            return None
        from onnx2zz.pricing.result import EventsFrom

        return EventsFrom(self.activities.inputs, len(self.activities.random_weights), self.activities.not_run)

    @property
    def _noc_pj_per_event(self) -> float | None:
        return self.sidecar.noc_pj_per_event if self.sidecar else None


NOTHING = Supplement()
