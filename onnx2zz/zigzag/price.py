"""The price of one layer: ZigZag's own stages (the temporal search apart), run on a single workload entry.

The stages and their arguments are those of `get_hardware_performance_zigzag` (ZigZag 3.9.1, api.py:97-149) without the
ones that write files, and with the temporal search of search/, whose winners are the same: so are the numbers, bit for
bit.
"""

import logging
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Literal

from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import ExploitInterLayerDataLocalityStage
from zigzag.stages.main import MainStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.stage import StageCallable

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.layer import parse_layer
from onnx2zz.zigzag.layer_price import Cycles, LayerPrice, PriceOptions, Search
from onnx2zz.zigzag.levels import KeptLevels
from onnx2zz.zigzag.memory_energy import memory_energy
from onnx2zz.zigzag.objective import OBJECTIVES
from onnx2zz.zigzag.plain import plain
from onnx2zz.zigzag.reducer import reducer
from onnx2zz.zigzag.search import SearchNote, TemporalSearchStage
from onnx2zz.zigzag.temporal_ordering import TemporalOrderingStage

BEST: dict[str, StageCallable] = {one.name: reducer(one) for one in OBJECTIVES}
TEMPORAL_SEARCH: dict[str, StageCallable] = {"fast": TemporalSearchStage, "exhaustive": TemporalMappingGeneratorStage}

logger = logging.getLogger("zigzag.onnx2zz")


def price(
    entry: WorkloadEntry,
    accelerator: Accelerator,
    mapping_entry: MappingEntry,
    options: PriceOptions,
    levels: KeptLevels | None = None,
    search: Search = "fast",
) -> LayerPrice:
    """What ZigZag says `entry` costs on `accelerator` under `mapping_entry`. Raises PricingError with a sentence.

    With `levels` the layer does without the memories above them, which its data need not reach. With `search` "both"
    the two searches must agree in everything, failures included, or that is the error.
    """
    layer = (entry, accelerator, mapping_entry, options, levels)
    if search == "both":
        return _agreed(_attempt(*layer, "fast"), _attempt(*layer, "exhaustive"))
    found = _attempt(*layer, search)
    if isinstance(found, PricingError):
        raise found
    return found


def _agreed(fast: LayerPrice | PricingError, exhaustive: LayerPrice | PricingError) -> LayerPrice:
    # Where both fail they agree. ZigZag's own words are the ones to hand on.
    if isinstance(fast, PricingError) and isinstance(exhaustive, PricingError):
        raise exhaustive
    if isinstance(fast, LayerPrice) and isinstance(exhaustive, LayerPrice) and _numbers(fast) == _numbers(exhaustive):
        return fast
    raise PricingError(
        f"the fast search says {_said(fast, exhaustive)}, ZigZag's own search says {_said(exhaustive, fast)}; "
        "this is a bug of onnx2zz: please report it, `--search exhaustive` has ZigZag's numbers"
    )


def _numbers(found: LayerPrice) -> LayerPrice:
    # Warnings tell how a search came to its numbers, and that is where the two may differ.
    return replace(found, warnings=())


def _said(one: LayerPrice | PricingError, other: LayerPrice | PricingError) -> str:
    if isinstance(one, PricingError):
        return f"no price ({one})"
    if isinstance(other, PricingError):
        return f"{one.energy_pj} pJ and {one.latency_cycles} cycles"
    values = ((field.name, getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return ", ".join(f"{name} {mine}" for name, mine, others in values if mine != others and name != "warnings")


def _attempt(
    entry: WorkloadEntry,
    accelerator: Accelerator,
    mapping_entry: MappingEntry,
    options: PriceOptions,
    levels: KeptLevels | None,
    search: Literal["fast", "exhaustive"],
) -> LayerPrice | PricingError:
    notes: list[SearchNote] = []
    left_out: list[str] = []
    told = {"search_notes": notes, "ordering_notes": left_out}
    try:
        found = layer_price(_best_evaluation(entry, accelerator, mapping_entry, options, levels, search, told))
    except Exception as error:  # ZigZag raises anything: one layer's failure must not end the run
        logger.exception("layer %s", entry.get("name"))
        failure = PricingError(sentence(error))
        # By hand, since it is returned and not raised: with search "both" a failure is a result to compare.
        failure.__cause__ = error
        return failure
    return replace(found, warnings=(*_mismatches(notes), *dict.fromkeys(left_out)))


def _mismatches(notes: Sequence[SearchNote]) -> tuple[str, ...]:
    found = (note.fallback for note in notes if note.mismatch)
    said = "ZigZag's own search took over, since {}; this is a bug of onnx2zz: please report it"
    return tuple(dict.fromkeys(said.format(reason) for reason in found))


def _best_evaluation(
    entry: WorkloadEntry,
    accelerator: Accelerator,
    mapping_entry: MappingEntry,
    options: PriceOptions,
    levels: KeptLevels | None,
    search: Literal["fast", "exhaustive"],
    told: dict[str, list[Any]],
) -> CostModelEvaluation:
    best = BEST[options.opt]
    # Annealing ignores the user's ordering, so there is nothing to leave out for it.
    temporal = _annealing() if options.engine == "salsa" else (TemporalOrderingStage, TEMPORAL_SEARCH[search])
    # Twice `best`, as in ZigZag: the best ordering of one spatial mapping, then the best of the spatial mappings.
    stages: list[StageCallable] = [best, SpatialMappingGeneratorStage, best, *temporal, CostModelStage]
    arguments = stage_arguments(options) | told
    if levels is not None:
        # Above all others: it takes memories away, and spatial loops are attached to the memories that are left.
        stages.insert(0, ExploitInterLayerDataLocalityStage)
        arguments |= levels.stage_arguments(entry["id"])
    layer = parse_layer(entry, mapping_entry)
    ((evaluation, _),) = MainStage(stages, accelerator=accelerator, layer=layer, **arguments).run()
    assert isinstance(evaluation, CostModelEvaluation)
    return evaluation


def _annealing() -> tuple[StageCallable, ...]:
    from zigzag.stages.mapping.salsa import SalsaStage  # it brings a second multiprocessing along

    return (SalsaStage,)


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
        "salsa_opt_criterion": options.opt,
    }


def layer_price(evaluation: CostModelEvaluation) -> LayerPrice:
    """The numbers of ZigZag's evaluation as plain data."""
    return LayerPrice(
        energy_pj=plain(evaluation.energy_total),
        latency_cycles=plain(evaluation.latency_total2),
        spatial_utilization=plain(evaluation.mac_spatial_utilization),
        spatial_mapping=_spatial_mapping(evaluation),
        temporal_mapping=_temporal_mapping(evaluation),
        operation_energy_pj=plain(evaluation.mac_energy),
        memory_energy=memory_energy(evaluation),
        cycles=_cycles(evaluation),
    )


def _cycles(evaluation: CostModelEvaluation) -> Cycles:
    return Cycles(
        steps=plain(evaluation.ideal_temporal_cycle),
        stalls=plain(evaluation.latency_total0 - evaluation.ideal_temporal_cycle),
        filling=plain(evaluation.latency_total1 - evaluation.latency_total0),
        draining=plain(evaluation.latency_total2 - evaluation.latency_total1),
    )


def _spatial_mapping(evaluation: CostModelEvaluation):
    return tuple(
        (str(array_dim), tuple((str(dim), plain(factor)) for dim, factor in unrolled.items()))
        for array_dim, unrolled in evaluation.layer.spatial_mapping.items()
    )


def _temporal_mapping(evaluation: CostModelEvaluation):
    return tuple(
        (str(operand), tuple(tuple((str(dim), plain(size)) for dim, size in level) for level in levels))
        for operand, levels in evaluation.temporal_mapping.mapping_dic_stationary.items()
    )
