"""The `temporal_ordering` of a mapping entry, on layers that do not have every loop that it names.

ZigZag leaves out a loop that the layer lacks (workload/layer_attributes.py:223), but not one of size 1 or one that is
unrolled whole: no ordering has it where it is wanted, and the layer ends in NoValidLoopOrderingFoundException. An entry
that serves all convolutions (`[[K, "*"]]`: output channels innermost) would stop at each depthwise one.
"""

import copy
from collections.abc import Generator
from typing import Any

from zigzag.opt.loma.engine import LomaEngine
from zigzag.stages.stage import Stage, StageCallable
from zigzag.workload.layer_attributes import LayerTemporalOrdering
from zigzag.workload.layer_node import LayerNode


class TemporalOrderingStage(Stage):
    """Leaves out of the user's ordering the loops that do not run in time. Stands before the temporal search.

    `ordering_notes`, a list, receives a sentence for each layer and spatial mapping where something was left out.
    """

    def __init__(self, list_of_callables: list[StageCallable], *, layer: LayerNode, **kwargs: Any):
        super().__init__(list_of_callables, **kwargs)
        self.layer = layer

    def run(self) -> Generator[Any, None, None]:
        arguments = self.kwargs | {"layer": self._layer_with_what_runs()}
        yield from self.list_of_callables[0](self.list_of_callables[1:], **arguments).run()

    def _layer_with_what_runs(self) -> LayerNode:
        asked = self.layer.temporal_ordering.data
        running = self._temporal_loops() if asked else {}
        idle = [str(dim) for dim, _ in asked if dim not in running]
        if not idle:
            return self.layer
        self.kwargs.get("ordering_notes", []).append(
            f"temporal_ordering names {', '.join(idle)}, which has no loop in time here (size 1, or unrolled whole): "
            "priced without; stock ZigZag stops at such a layer"
        )
        layer = copy.copy(self.layer)
        layer.temporal_ordering = LayerTemporalOrdering([])
        layer.temporal_ordering.data = [(dim, size) for dim, size in asked if dim in running]
        return layer

    def _temporal_loops(self) -> dict[Any, Any]:
        engine = LomaEngine(layer=self.layer, mapping_type=self.kwargs["temporal_mapping_type"], **self.kwargs)
        return engine.get_temporal_loops()
