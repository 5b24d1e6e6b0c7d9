"""What is reported beside ZigZag's numbers, made from them afterwards: they never depend on it, nor does the cache."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx2zz.errors import Problem
from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.workload_entry import WorkloadEntry, operations, volumes
from onnx2zz.pricing.event_driven import Activities, LayerEvents, TotalEvents, layer_events, total_events
from onnx2zz.pricing.inputs import AcceleratorFile
from onnx2zz.pricing.physical import LayerPhysical, TotalPhysical, layer_physical, total_physical
from onnx2zz.pricing.result import EventsFrom
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.zigzag.layer_price import LayerPrice


@dataclass(frozen=True)
class Supplement:
    """The accelerator's sidecar, and what a run of the network measured; None where there is none."""

    sidecar: Sidecar | None = None
    activities: Activities | None = None

    def problems(self, accelerator: str, in_memory: bool) -> tuple[Problem, ...]:
        """What cannot be said about an accelerator."""
        if not (self.activities and in_memory):
            return ()
        what = "an array that computes in memory works on whole vectors: events do not drive it"
        return (Problem(accelerator, what, "leave --events out, or take another accelerator"),)

    def physical(self, price: LayerPrice, entry: WorkloadEntry, hierarchy: Hierarchy) -> LayerPhysical | None:
        """A layer's price corrected, over time, with static energy."""
        if self.sidecar is None:
            return None
        widths = entry["operand_precision"]
        return layer_physical(price, operations(entry), widths, self.sidecar, hierarchy)

    def events(self, price: LayerPrice, entry: WorkloadEntry) -> LayerEvents | None:
        """What the layer would cost an event-driven core."""
        if self.activities is None:
            return None
        return layer_events(
            price, operations(entry), volumes(entry), self.activities.layers[entry["id"]], self._noc_pj_per_event
        )

    def total_physical(self, layers: Sequence[LayerPhysical], accelerator: AcceleratorFile) -> TotalPhysical | None:
        """The sums over the priced layers, and the area."""
        if self.sidecar is None:
            return None
        return total_physical(layers, self.sidecar, accelerator.hierarchy, accelerator.unit_area)

    def total_events(self, layers: Sequence[LayerEvents]) -> TotalEvents | None:
        """The sums over the priced layers."""
        return total_events(layers, self._noc_pj_per_event) if self.activities else None

    @property
    def events_from(self) -> EventsFrom | None:
        """How the events were counted."""
        if self.activities is None:
            return None
        return EventsFrom(self.activities.inputs, len(self.activities.random_weights), self.activities.not_run)

    @property
    def _noc_pj_per_event(self) -> float | None:
        return self.sidecar.noc_pj_per_event if self.sidecar else None


NOTHING = Supplement()
