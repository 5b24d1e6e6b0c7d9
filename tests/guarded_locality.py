"""ZigZag's own search for data locality with its two `next(...)` guarded and nothing else: the oracle for networks on
which it stops.

It asks every layer but the first for a layer before it, and every one but the last for one behind it
(stages/exploit_data_locality_stages.py:157 and 178, 3.9.1). Here it asks those that have one.
"""

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any

import zigzag.stages.exploit_data_locality_stages as module

GUARDS = {
    "is_first_layer = layer == layer_list_without_dummy[0]": "is_first_layer = not graph.in_degree(layer)",
    "is_final_layer = layer == layer_list_without_dummy[-1]": "is_final_layer = not graph.out_degree(layer)",
}


def _guarded_method() -> Any:
    source = textwrap.dedent(inspect.getsource(module.SearchInterLayerDataLocalityStage.update_top_mem_level))
    for line, guarded in GUARDS.items():
        assert source.count(line) == 1, "this is another ZigZag"
        source = source.replace(line, guarded.replace("graph", "self.workload_no_dummy"))
    namespace = dict(vars(module))
    exec(source, namespace)
    return namespace["update_top_mem_level"]


def guarded_search(edges: Sequence[tuple[int, int]] = ()) -> type[module.SearchInterLayerDataLocalityStage]:
    """The stage, which adds `edges` (ids of producer and consumer) to the workload that it is given."""

    class Guarded(module.SearchInterLayerDataLocalityStage):
        update_top_mem_level = _guarded_method()

        def __init__(self, list_of_callables: Any, *, workload: Any, **given: Any) -> None:
            nodes = {node.id: node for node in workload.node_list}
            workload.add_edges_from((nodes[producer], nodes[consumer]) for producer, consumer in edges)
            super().__init__(list_of_callables, workload=workload, **given)

    return Guarded
