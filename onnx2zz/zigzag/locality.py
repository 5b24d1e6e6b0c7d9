"""Which memory each layer's tensors may stay in between layers, as `--exploit-data-locality` asks.

ZigZag's own search does the work (stages/exploit_data_locality_stages.py, 3.9.1). It asks for the next predecessor of
every layer but the first, and for the next successor of every layer but the last (lines 157 and 178), and dies with
StopIteration on a network with several inputs or outputs. Here a layer that has none is answered for: a further input
layer is treated as ZigZag treats the first layer, a further output layer as it treats the last.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zigzag.datatypes import LayerOperand, MemoryOperand
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import SearchInterLayerDataLocalityStage
from zigzag.stages.stage import StageCallable
from zigzag.workload.dnn_workload import DNNWorkload
from zigzag.workload.layer_attributes import MemoryOperandLinks
from zigzag.workload.layer_node import LayerNode
from zigzag.workload.workload_abc import WorkloadABC, WorkloadNoDummyABC

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.layer import parse_layer
from onnx2zz.zigzag.levels import KeptLevels

logger = logging.getLogger("zigzag.onnx2zz")

Edge = tuple[int, int]
"""Ids of a producing and a consuming layer."""


def kept_levels(
    layers: Sequence[WorkloadEntry],
    mapping_entries: Sequence[MappingEntry],
    edges: Sequence[Edge],
    accelerator: Accelerator,
) -> dict[int, KeptLevels]:
    """Layer id -> levels, for a whole network and the mapping entry of each of its layers. `edges` (producer,
    consumer) are those that the layers' own sources do not tell of.

    Raises PricingError where ZigZag finds no answer.
    """
    try:
        search = _Search([CostModelStage], accelerator=accelerator, workload=_network(layers, mapping_entries, edges))
        search.update_top_mem_level()
    except Exception as error:  # as in `price`: ZigZag raises anything
        logger.exception("data locality")
        raise PricingError(f"data locality: {_reason(error)}") from error
    return {
        layer: KeptLevels(tuple((str(operand), level) for operand, level in levels.items()), search.mem_update_weight)
        for layer, levels in search.mem_update_list.items()
    }


def _reason(error: Exception) -> str:
    """ZigZag's last check (exploit_data_locality_stages.py:224, 3.9.1) does not say what it found."""
    if "top mem levels not figured out" not in str(error):
        return sentence(error)
    return (
        "no memory holds both O and I1 and has room for this network's tensors beside all of its weights; give it a "
        f"larger one, or price it without locality ({sentence(error)})"
    )


def _network(
    layers: Sequence[WorkloadEntry], mapping_entries: Sequence[MappingEntry], edges: Sequence[Edge]
) -> "_Network":
    nodes = [parse_layer(entry, how) for entry, how in zip(layers, mapping_entries, strict=True)]
    network, by_id = _Network(nodes), {node.id: node for node in nodes}
    network.add_edges_from([(by_id[producer], by_id[consumer]) for producer, consumer in edges])
    return network


@dataclass(frozen=True)
class _Input:
    """Stands before a layer that no other layer feeds, and hands it its data."""

    layer: LayerNode

    @property
    def id(self) -> str:
        return f"input of {self.layer.id}"

    @property
    def output_operand(self) -> LayerOperand:
        return self.layer.output_operand

    @property
    def memory_operand_links(self) -> MemoryOperandLinks:
        return self.layer.memory_operand_links


class _Network(DNNWorkload):
    """A graph in which every layer has something before it and something behind it when it is asked."""

    def predecessors(self, node: LayerNode) -> Iterator[Any]:
        return iter(tuple(super().predecessors(node)) or (_Input(node),))

    def successors(self, node: LayerNode) -> Iterator[LayerNode]:
        return iter(tuple(super().successors(node)) or (node,))


class _Search(SearchInterLayerDataLocalityStage):
    """ZigZag's search on a graph with any number of input layers."""

    workload_no_dummy: DNNWorkload

    def update_top_mem_level(self) -> None:
        heads = self._further_heads()
        # Text, where layers have numbers: no key of theirs can be hit.
        inputs: Mapping[Any, LayerNode] = {_Input(head).id: head for head in heads}
        for name, head in inputs.items():
            self.mem_update_list[name] = {self._output(head): self.top_mem_level_act}  # type: ignore[index]
        super().update_top_mem_level()
        # The stage below reads a list with layers only.
        for name, head in inputs.items():
            del self.mem_update_list[name]
            levels = self.mem_update_list[head.id]
            if not self._is_at_a_branch(head):  # else input and output go to the tops of their own (:167-170)
                levels[self._activation(head)] = levels[self._output(head)]  # they sink together (:211-214)

    def _further_heads(self) -> list[LayerNode]:
        # ZigZag treats the first of this order as the input itself (:157); it is the one that needs nothing before it.
        _, *others = self.workload_no_dummy.topological_sort()
        # Not by our own `predecessors`, which never finds none.
        return [layer for layer in others if not tuple(DNNWorkload.predecessors(self.workload_no_dummy, layer))]  # type: ignore[arg-type]

    def _is_at_a_branch(self, layer: LayerNode) -> bool:
        """Whether several layers read what this one makes, or the one that does reads from several (:150-153)."""
        graph = self.workload_no_dummy
        readers = list(graph.successors(layer))
        return len(readers) > 1 or any(len(graph.in_edges(reader)) > 1 for reader in readers)

    @staticmethod
    def _output(layer: LayerNode) -> MemoryOperand:
        return layer.memory_operand_links.layer_to_mem_op(layer.output_operand)

    @staticmethod
    def _activation(layer: LayerNode) -> MemoryOperand:
        return layer.memory_operand_links.layer_to_mem_op(layer.get_act_layer_op())


class LocalityStage(_Search):
    """The search in ZigZag's place among its stages, on a workload that ZigZag's own parsers made."""

    def __init__(
        self,
        list_of_callables: list[StageCallable],
        *,
        accelerator: Accelerator,
        workload: WorkloadABC | WorkloadNoDummyABC,
        **kwargs: Any,
    ):
        super().__init__(list_of_callables, accelerator=accelerator, workload=workload, **kwargs)
        # The parser's graph answers "nothing before, nothing behind" where ZigZag's search then dies. The same nodes
        # and edges in ours do not.
        layers = _Network([])
        known = self.workload_no_dummy
        layers.add_nodes_from(known.node_list)
        layers.add_edges_from([(one, reader) for one in known.node_list for reader in known.successors(one)])
        self.workload_no_dummy = layers
