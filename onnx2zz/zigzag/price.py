"""The price of one layer: ZigZag's own stages (the temporal search apart), run on a single workload entry.

The stages and their arguments are those of `get_hardware_performance_zigzag` (ZigZag 3.9.1, api.py:97-149) without the
ones that write files, and with the temporal search of search/, whose winners are the same: so are the numbers, bit for
bit.
"""

import logging
from dataclasses import dataclass
from typing import Any, Literal

from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import ExploitInterLayerDataLocalityStage
from zigzag.stages.main import MainStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.results.reduce_stages import MinimalEDPStage, MinimalEnergyStage, MinimalLatencyStage

from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.layer import Entry, parse_layer
from onnx2zz.zigzag.locality import KeptLevels
from onnx2zz.zigzag.search import TemporalSearchStage

BEST = {"energy": MinimalEnergyStage, "latency": MinimalLatencyStage, "EDP": MinimalEDPStage}

logger = logging.getLogger("zigzag.onnx2zz")


@dataclass(frozen=True)
class PriceOptions:
    """What ZigZag is to optimise, and how hard. `lpf_limit` bounds the loop factors that are ordered (6 is 720
    orderings); `mixed_spatial_mapping` lets it unroll several dims over one array dim."""

    opt: Literal["latency", "energy", "EDP"] = "latency"
    lpf_limit: int = 6
    spatial_mappings: int = 3
    temporal_mapping_type: Literal["uneven", "even"] = "uneven"
    mixed_spatial_mapping: bool = False


@dataclass(frozen=True)
class LevelEnergy:
    """What one operand's traffic at one memory costs, in pJ."""

    operand: str
    memory: str
    energy_pj: float


@dataclass(frozen=True)
class LayerPrice:
    """ZigZag's numbers for one layer. Energy in pJ (`energy_total`), latency in cycles (`latency_total2`).

    `spatial_mapping` is array dim -> ((layer dim, factor), ...); `temporal_mapping` is operand -> the loops at each
    memory level, innermost first.
    """

    energy_pj: float
    latency_cycles: float
    spatial_utilization: float
    spatial_mapping: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    temporal_mapping: tuple[tuple[str, tuple[tuple[tuple[str, float], ...], ...]], ...]
    operation_energy_pj: float
    memory_energy: tuple[LevelEnergy, ...]


def price(
    entry: Entry,
    accelerator: Accelerator,
    mapping_entry: Entry,
    options: PriceOptions,
    levels: KeptLevels | None = None,
) -> LayerPrice:
    """What ZigZag says `entry` costs on `accelerator` under `mapping_entry`. Raises PricingError with a sentence.

    With `levels` the layer does without the memories above them, which its data need not reach.
    """
    try:
        return layer_price(_best_evaluation(entry, accelerator, mapping_entry, options, levels))
    except Exception as error:  # ZigZag raises anything: one layer's failure must not end the run
        logger.exception("layer %s", entry.get("name"))
        raise PricingError(sentence(error)) from error


def _best_evaluation(
    entry: Entry, accelerator: Accelerator, mapping_entry: Entry, options: PriceOptions, levels: KeptLevels | None
) -> CostModelEvaluation:
    best = BEST[options.opt]
    stages = [best, SpatialMappingGeneratorStage, best, TemporalSearchStage, CostModelStage]
    arguments = stage_arguments(options)
    if levels is not None:
        stages.insert(0, ExploitInterLayerDataLocalityStage)
        arguments |= levels.stage_arguments(entry["id"])
    layer = parse_layer(entry, mapping_entry)
    ((evaluation, _),) = MainStage(stages, accelerator=accelerator, layer=layer, **arguments).run()
    assert isinstance(evaluation, CostModelEvaluation)
    return evaluation


def stage_arguments(options: PriceOptions) -> dict[str, Any]:
    """The keyword arguments that ZigZag's stages hand down to each other."""
    return {
        "loma_lpf_limit": options.lpf_limit,
        "loma_show_progress_bar": False,
        "nb_mappings_generated": options.spatial_mappings,
        "enable_mix_spatial_mapping_generation": options.mixed_spatial_mapping,
        "access_same_data_considered_as_no_access": True,
        "temporal_mapping_type": TemporalMappingType(options.temporal_mapping_type),
        "search_objective": options.opt,
    }


def layer_price(evaluation: CostModelEvaluation) -> LayerPrice:
    """The numbers of ZigZag's evaluation as plain data."""
    return LayerPrice(
        energy_pj=_plain(evaluation.energy_total),
        latency_cycles=_plain(evaluation.latency_total2),
        spatial_utilization=_plain(evaluation.mac_spatial_utilization),
        spatial_mapping=_spatial_mapping(evaluation),
        temporal_mapping=_temporal_mapping(evaluation),
        operation_energy_pj=_plain(evaluation.mac_energy),
        memory_energy=_memory_energy(evaluation),
    )


def _plain(number: Any) -> Any:
    return number.item() if hasattr(number, "item") else number


def _spatial_mapping(evaluation: CostModelEvaluation):
    return tuple(
        (str(array_dim), tuple((str(dim), _plain(factor)) for dim, factor in unrolled.items()))
        for array_dim, unrolled in evaluation.layer.spatial_mapping.items()
    )


def _temporal_mapping(evaluation: CostModelEvaluation):
    return tuple(
        (str(operand), tuple(tuple((str(dim), _plain(size)) for dim, size in level) for level in levels))
        for operand, levels in evaluation.temporal_mapping.mapping_dic_stationary.items()
    )


def _memory_energy(evaluation: CostModelEvaluation) -> tuple[LevelEnergy, ...]:
    links, hierarchy = evaluation.layer.memory_operand_links, evaluation.accelerator.memory_hierarchy
    return tuple(
        LevelEnergy(str(operand), memory.name, _plain(energy))
        for operand, energies in evaluation.mem_energy_breakdown.items()
        for memory, energy in zip(hierarchy.get_memory_levels(links.layer_to_mem_op(operand)), energies, strict=False)
    )
