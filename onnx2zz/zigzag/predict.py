"""Whether ZigZag raises on an accelerator, mapping and workload, found without its search.

ZigZag's own parsers, locality search, spatial mapper, memory allocator, cost model and savers run on each distinct
layer, but only with the first loop ordering that fits the memories, unless the outcome can depend on the ordering
(`_depends_on_ordering` says when): then with all of them, as ZigZag does.

This module imports zigzag (1-3 s); import it late.
"""

import contextlib
import logging
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import yaml
from zigzag.datatypes import Constants
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.hardware.architecture.imc_array import ImcArray
from zigzag.hardware.architecture.memory_level import MemoryLevel
from zigzag.hardware.architecture.memory_port import DataDirection
from zigzag.mapping.spatial_mapping_internal import SpatialMappingInternal
from zigzag.mapping.temporal_mapping import TemporalMapping, TemporalMappingType
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import (
    ExploitInterLayerDataLocalityStage,
    SearchInterLayerDataLocalityStage,
)
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.parser.accelerator_parser import AcceleratorParserStage
from zigzag.stages.parser.workload_parser import WorkloadParserStage
from zigzag.stages.results.reduce_stages import MinimalLatencyStage
from zigzag.stages.results.save import CompleteSaveStage
from zigzag.stages.results.visualization import VisualizationStage
from zigzag.stages.stage import StageCallable
from zigzag.workload.dnn_workload import DNNWorkload
from zigzag.workload.layer_node import LayerNode

from onnx2zz.formats.mapping_entry import mapping_entries_for, read_mapping
from onnx2zz.zigzag.cacti import private_cacti
from onnx2zz.zigzag.layer_price import LPF_LIMIT
from onnx2zz.zigzag.locality import kept_levels

Found = TypeVar("Found")


@dataclass(frozen=True)
class Raised:
    """One exception that ZigZag would end with.

    `stage` is where: "workload" (with the mapping), "accelerator", "heads" (StopIteration of many heads, which
    `evaluate` survives), "locality" or "layer"; `layers` are the ids of all layers that it hits.
    """

    stage: str
    kind: str
    message: str
    layers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


def predict(
    accelerator: Any, mapping: Any, workload: Any, *, lpf_limit: int = LPF_LIMIT, exploit_data_locality: bool = False
) -> tuple[Raised, ...]:
    """Every exception that stock ZigZag would raise on parsed YAML data, one after the other; () when it runs.

    `accelerator` is in the port-based format. Bugs of the machine (memory, disk) are not predicted.
    """
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        # ZigZag's parsers of these two take paths only; the data may come from an edit that no file has yet.
        accelerator_file, mapping_file = Path(folder, "accelerator.yaml"), Path(folder, "mapping.yaml")
        _write(accelerator_file, accelerator)
        _write(mapping_file, mapping)
        network = _attempt("workload", lambda: _parse_workload(workload, mapping_file))
        hardware = _attempt("accelerator", lambda: _parse_accelerator(accelerator_file))
        if isinstance(network, DNNWorkload) and isinstance(hardware, Accelerator):
            levels, raised = _levels(hardware, network, workload, mapping) if exploit_data_locality else (None, ())
            # ZigZag ends here. Without levels the layers would be priced with memories that they never reach.
            if any(error.stage == "locality" for error in raised):
                return raised
            return (*raised, *_raised_by_layers(hardware, network, folder, lpf_limit, levels))
        return tuple(raised for raised in (network, hardware) if isinstance(raised, Raised))


def _write(path: Path, data: object) -> None:
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _parse_workload(workload: Any, mapping_file: Path) -> DNNWorkload:
    stage = WorkloadParserStage([CostModelStage], workload=workload, mapping=str(mapping_file))
    return stage.parse_workload()


def _parse_accelerator(file: Path) -> Accelerator:
    with private_cacti():
        return AcceleratorParserStage.parse_accelerator(str(file))


def _attempt(stage: str, action: Callable[[], Found], layers: tuple[int, ...] = ()) -> Found | Raised:
    """What `action` returns, or what it raises as data: ZigZag raises anything, asserts included."""
    try:
        return action()
    except Exception as error:
        return Raised(stage, type(error).__name__, " ".join(str(error).split()), layers)


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """ZigZag's warnings are about what check says in its own words."""
    logger = logging.getLogger("zigzag")
    level = logger.level
    # Above CRITICAL, at which ZigZag's validators log what they object to.
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _levels(
    accelerator: Accelerator, network: DNNWorkload, workload: Any, mapping: Any
) -> tuple[Mapping[str, Any] | None, tuple[Raised, ...]]:
    """What each layer keeps low, and what the search for it raises: on many heads, the levels that `evaluate` takes."""
    found = _attempt("locality", lambda: _locality_levels(accelerator, network))
    if not isinstance(found, Raised):
        return found, ()
    # Only that one is survived by `evaluate`, whose own search answers for many heads: what is wrong beyond it is found
    # with that search.
    if found.kind != "StopIteration":
        return None, (found,)
    # The search was called by hand. In stock ZigZag it runs inside a stage's generator, where PEP 479 renames it.
    heads = Raised("heads", "RuntimeError", "generator raised StopIteration")
    found = _attempt("locality", lambda: _levels_with_many_heads(accelerator, workload, mapping))
    return (None, (heads, found)) if isinstance(found, Raised) else (found, (heads,))


def _levels_with_many_heads(accelerator: Accelerator, workload: Any, mapping: Any) -> dict[str, Any]:
    entries = read_mapping(mapping)
    kept = kept_levels(workload, mapping_entries_for(workload, entries), (), accelerator)
    arguments = {identifier: levels.stage_arguments(identifier) for identifier, levels in kept.items()}
    return {
        "mem_update_list": {key: value for one in arguments.values() for key, value in one["mem_update_list"].items()},
        "mem_update_weight": next(one["mem_update_weight"] for one in arguments.values()),
    }


def _locality_levels(accelerator: Accelerator, network: DNNWorkload) -> dict[str, Any]:
    """Which memories each layer keeps (zigzag stages/exploit_data_locality_stages.py)."""
    search = SearchInterLayerDataLocalityStage([CostModelStage], accelerator=accelerator, workload=network)
    search.update_top_mem_level()
    return {"mem_update_list": search.mem_update_list, "mem_update_weight": search.mem_update_weight}


def _raised_by_layers(
    accelerator: Accelerator, network: DNNWorkload, folder: str, lpf_limit: int, levels: Mapping[str, Any] | None
) -> Iterator[Raised]:
    alike: dict[str, list[LayerNode]] = {}
    for layer in network.topological_sort():
        if not _skipped(accelerator, layer):
            alike.setdefault(_key(layer, levels), []).append(layer)
    # Networks repeat their layers, and ZigZag raises for all of a kind or for none. The first of each kind is tried,
    # and the others are named with it.
    for number, layers in enumerate(alike.values()):
        arguments = _arguments(accelerator, layers[0], folder, lpf_limit, levels)
        ids = tuple(layer.id for layer in layers)
        draw = number == 0  # the picture of the memories does not depend on the layer
        outcome = _attempt("layer", partial(_price, arguments, with_picture=draw), ids)
        if isinstance(outcome, Raised):
            yield outcome
            if outcome.kind == "NoValidLoopOrderingFoundException":
                return  # it took every ordering to know, and ZigZag stops here too


def _skipped(accelerator: Accelerator, layer: LayerNode) -> bool:
    """In-memory compute passes over such layers without a word (zigzag stages/workload_iterator.py:43)."""
    return isinstance(accelerator.operational_array, ImcArray) and layer.type in ("Pooling", "Add")


def _key(layer: LayerNode, levels: Mapping[str, Any] | None) -> str:
    """Equal for layers on which ZigZag does the same; names matter only where they make no file name."""
    kept = sorted(levels["mem_update_list"][layer.id].items()) if levels else ()
    # CompleteSaveStage makes a file's name of the layer's, and systems end those at 255 bytes.
    odd_name = layer.name if len(layer.name.encode()) > 200 or "\0" in layer.name else ""
    sizes = layer.pr_layer_dim_sizes
    relations = [relation.data for relation in layer.dimension_relations]
    shape = (layer.type, layer.equation.data, layer.layer_dim_sizes, relations, layer.padding, sizes)
    operands = (layer.operand_precision, sorted(layer.constant_operands), layer.memory_operand_links)
    mapping = (layer.spatial_mapping, layer.spatial_mapping_hint.data, layer.temporal_ordering)
    return str((shape, operands, mapping, kept, odd_name))


def _arguments(
    accelerator: Accelerator, layer: LayerNode, folder: str, lpf_limit: int, levels: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What zigzag.api hands to its stages."""
    return {
        "accelerator": accelerator,
        "layer": layer,
        "dump_folder": folder,
        "loma_lpf_limit": lpf_limit,
        "loma_show_progress_bar": False,
        "nb_mappings_generated": 3,
        "enable_mix_spatial_mapping_generation": False,
        "access_same_data_considered_as_no_access": True,
        "temporal_mapping_type": TemporalMappingType.UNEVEN,
        **(levels or {}),
    }


def _price(arguments: Mapping[str, Any], *, with_picture: bool) -> None:
    """One layer through ZigZag's stages from the visualization down, in the order of zigzag.api."""
    import matplotlib

    # The picture of the memories must not ask for a screen, which a server has not.
    matplotlib.use("Agg")
    shrink: list[StageCallable] = [ExploitInterLayerDataLocalityStage] if "mem_update_list" in arguments else []
    below: Sequence[StageCallable] = (
        *shrink,
        CompleteSaveStage,
        MinimalLatencyStage,
        SpatialMappingGeneratorStage,
        MinimalLatencyStage,
        _FirstOrderingStage,
        CostModelStage,
    )
    stage = VisualizationStage(list(below), **arguments)
    stage.figure_is_saved = not with_picture
    for _ in stage.run():
        pass


class _FirstOrderingStage(TemporalMappingGeneratorStage):
    """ZigZag's stage, ended after the first ordering that fits where one stands for all."""

    def generate_temporal_mappings(self) -> Iterator[TemporalMapping]:  # type: ignore[override]
        mappings = super().generate_temporal_mappings()
        if _depends_on_ordering(self.accelerator, self.layer, self.spatial_mapping):
            yield from mappings
        else:
            yield from [next(iter(mappings))]


def _depends_on_ordering(accelerator: Accelerator, layer: LayerNode, spatial: SpatialMappingInternal) -> bool:
    """Whether some loop ordering can raise where another one does not. It can

    - when partial sums may have to go where no port is declared (cost_model.py:509),
    - when the partial sums of a low memory can take more bits than the final outputs that leave a higher one
      (`reduce_ordered`, cost_model.py:1227),
    - when an operand's levels are counted differently by the order of the file and by the graph of memories,
    - when all loops may be spatial, and the printing of an empty loop list decides (print_mapping.py:30).
    """
    return (
        _partial_sums_may_lack_a_port(accelerator, layer)
        or _partial_sums_may_outweigh_outputs(accelerator, layer, spatial)
        or _levels_disagree(accelerator)
        or prod(layer.layer_dim_sizes.data.values()) <= accelerator.operational_array.total_unit_count
    )


def _output_levels(accelerator: Accelerator, layer: LayerNode) -> list[MemoryLevel]:
    output = layer.memory_operand_links.layer_to_mem_op(layer.output_operand)
    return accelerator.mem_hierarchy_dict.get(output, [])


def _partial_sums_may_lack_a_port(accelerator: Accelerator, layer: LayerNode) -> bool:
    levels = _output_levels(accelerator, layer)
    output = layer.memory_operand_links.layer_to_mem_op(layer.output_operand)
    # Sums that return go down through each memory; all but the highest one also take them from above.
    back_down = [level.get_max_bandwidth(output, DataDirection.RD_OUT_TO_LOW) for level in levels]
    from_above = [level.get_max_bandwidth(output, DataDirection.WR_IN_BY_HIGH) for level in levels[:-1]]
    return None in back_down or None in from_above


def _partial_sums_may_outweigh_outputs(
    accelerator: Accelerator, layer: LayerNode, spatial: SpatialMappingInternal
) -> bool:
    output = layer.output_operand
    # With two, what leaves the lowest memory in one period is its own tile, and `reduce_ordered` compares with that.
    if len(_output_levels(accelerator, layer)) < 3:
        return False
    partial, final = layer.operand_precision[output], layer.operand_precision[Constants.FINAL_OUTPUT_LAYER_OP]
    reduced = layer.loop_relevancy_info.get_ir_layer_dims(output)
    summed_high = any(dim in reduced for dim, _ in spatial.get_unrolling_all(output, 2))
    return partial > 2 * final or summed_high or bool(layer.loop_relevancy_info.get_pr_layer_dims(output))


def _levels_disagree(accelerator: Accelerator) -> bool:
    return any(
        level.mem_level_of_operands[operand] != number
        for operand, levels in accelerator.mem_hierarchy_dict.items()
        for number, level in enumerate(levels)
    )
