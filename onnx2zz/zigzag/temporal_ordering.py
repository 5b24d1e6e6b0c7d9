"""The `temporal_ordering` of a mapping entry, on layers that do not have every loop that it names.

ZigZag leaves out a loop that the layer lacks (workload/layer_attributes.py:223), but not one of size 1 or one that is
unrolled whole: no ordering has it where it is wanted, and the layer ends in NoValidLoopOrderingFoundException. An entry
that serves all convolutions (`[[K, "*"]]`: output channels innermost) would stop at each depthwise one.

An order whose sizes are not those of the loops ends in NoValidLoopOrderingFoundException too, or in one of Python's own
exceptions, which speak of `factorial()` or of an index: here it is named.
"""

import copy
from collections.abc import Generator
from math import prod
from typing import Any

from zigzag.opt.loma.engine import LomaEngine
from zigzag.stages.stage import Stage, StageCallable
from zigzag.workload.layer_attributes import LayerTemporalOrdering
from zigzag.workload.layer_node import LayerNode


class OrderingError(Exception):
    """The user's ordering cannot be that of the layer's loops; the message says why."""


class TemporalOrderingStage(Stage):
    """Leaves out of the user's ordering the loops that do not run in time. Stands before the temporal search, and
    raises OrderingError where that fails at the ordering.

    `ordering_notes`, a list, receives a sentence for each layer and spatial mapping where something was left out.
    """

    def __init__(self, list_of_callables: list[StageCallable], *, layer: LayerNode, **kwargs: Any):
        super().__init__(list_of_callables, **kwargs)
        self.layer = layer

    def run(self) -> Generator[Any, None, None]:
        layer = self._layer_with_what_runs()
        try:
            yield from self.list_of_callables[0](self.list_of_callables[1:], **self.kwargs | {"layer": layer}).run()
        except Exception as error:
            if (why := self._does_not_fit(layer)) is not None:
                raise OrderingError(why) from error
            raise

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
        # A copy: the layer serves all spatial mappings, and the next one may leave another loop to run in time.
        layer = copy.copy(self.layer)
        layer.temporal_ordering = LayerTemporalOrdering([])
        layer.temporal_ordering.data = [(dim, size) for dim, size in asked if dim in running]
        return layer

    def _does_not_fit(self, layer: LayerNode) -> str | None:
        """What keeps an ordering from being one of the layer's loops; None where nothing does."""
        asked: list[tuple[Any, int | None]] = layer.temporal_ordering.data
        running = self._temporal_loops() if asked else {}
        # ZigZag's exception comes from deep inside its engine and names neither loop nor size. Two causes cover what
        # users write: sizes that are no part of the loops that run in time, and more free loops than ZigZag may order.
        given = {dim: prod(size for other, size in asked if other == dim and size) for dim, _ in asked}
        if wrong := [dim for dim, size in given.items() if running.get(dim, size) % size]:
            said = "; ".join(f"{given[dim]} of {dim}, of which {running[dim]} run in time" for dim in wrong)
        elif asked and self._breaks(layer):
            open_ = ", ".join(
                f"{dim} {size // given.get(dim, 1)}" for dim, size in running.items() if size != given.get(dim)
            )
            limit = self.kwargs.get("loma_lpf_limit")
            said = f"{len(asked)} loops and not {open_}, and ZigZag orders {limit} factors in all (--lpf-limit)"
        else:
            return None
        order = ", ".join(f"{dim} {size or '*'}" for dim, size in asked)
        return f"the temporal_ordering of its mapping entry ({order}) does not fit its loops: it names {said}"

    def _breaks(self, layer: LayerNode) -> bool:
        """Whether ZigZag fails already as it sorts out the loops that the ordering leaves free."""
        engine = self._engine(layer)
        engine.set_constraints(layer.temporal_ordering.get_constraints())
        engine.temporal_loop_dim_size = engine.get_temporal_loops()
        try:
            # The first steps of the engine's own `run` (engine.py:92-96), in its order and without the allocation
            # behind them.
            engine.update_min_lpf_factor(engine.temporal_loop_dim_size)
            engine.get_prime_factors()
        except Exception:  # ZigZag raises anything
            return True
        return False

    def _temporal_loops(self) -> dict[Any, Any]:
        return self._engine(self.layer).get_temporal_loops()

    def _engine(self, layer: LayerNode) -> LomaEngine:
        return LomaEngine(layer=layer, mapping_type=self.kwargs["temporal_mapping_type"], **self.kwargs)
