"""What ZigZag makes of a spatial mapping, and what a layer costs under one, without ZigZag's cost model.

Line numbers are those of zigzag-dse 3.9.1, stages/mapping/spatial_mapping_generation.py.
"""

from collections.abc import Mapping
from dataclasses import replace

from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.mapping.spatial_mapping import SpatialMapping
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.opt.loma.engine import LomaEngine
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import WorkloadEntry, loop_sizes
from onnx2zz.zigzag.failure import PricingError, sentence
from onnx2zz.zigzag.layer import mapped_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.search import NotCoveredError, best_orderings, convert
from onnx2zz.zigzag.search.promising import some_ordering_has_a_price
from onnx2zz.zigzag.search.search import SearchedLayer, read
from onnx2zz.zigzag.unrolling import Unrolling, as_written, plain, totals


def unrollings(
    entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, options: PriceOptions
) -> tuple[Unrolling, ...]:
    """What ZigZag would price for `mapping_entry`: what it leaves of the entry's unrolling after its repairs; where an
    array dim is missing, the combinations that it generates. Raises PricingError where it raises."""
    try:
        stage = _generator(entry, mapping_entry, accelerator, options)
        found = [_plain(mapping, accelerator) for mapping in stage.generate_spatial_mappings()]
    except Exception as error:  # ZigZag raises anything
        raise PricingError(sentence(error)) from error
    return tuple(dict.fromkeys(found))


def limits(
    entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator
) -> Mapping[str, Mapping[str, int]]:
    """Array dim -> loop -> the largest factor that ZigZag leaves alone: the loop, the array dim, and the widths of the
    innermost memories bound it (get_max_unrolling). Raises PricingError."""
    try:
        # No option has a say in it: the generator only wants to be made with some.
        most = _generator(entry, mapping_entry, accelerator, PriceOptions()).get_max_unrolling()
    except Exception as error:
        raise PricingError(sentence(error)) from error
    return {str(dim): {str(loop): int(factor) for loop, factor in loops.items()} for dim, loops in most.items()}


def stays_as_it_is(
    entry: WorkloadEntry, mapping_entry: MappingEntry, unrolling: Unrolling, accelerator: Accelerator
) -> bool:
    """Whether ZigZag prices exactly this unrolling when a mapping file asks for it, in the steps that it takes."""
    asked = _asking_for(unrolling, mapping_entry)
    left = unrollings(entry, asked, accelerator, PriceOptions())
    # As dicts: within an array dim the order of loops is of no matter to ZigZag, and its repairs may change it.
    same = len(left) == 1 and all(
        dict(mine) == dict(theirs) for (_, mine), (_, theirs) in zip(unrolling, left[0], strict=True)
    )
    return same and _no_step_is_added(entry, asked, unrolling, accelerator)


def _no_step_is_added(
    entry: WorkloadEntry, asked: MappingEntry, unrolling: Unrolling, accelerator: Accelerator
) -> bool:
    """Whether ZigZag runs uneven loops in as many steps as they have. It divides floats and rounds up
    (opt/loma/engine.py:145), so that 34 over 5 units are 8 steps and not 7: 34 / (34 / 7) is a hair above 7."""
    sizes, factors = loop_sizes(entry), totals(unrolling)
    uneven = {loop: -(-sizes[loop] // factor) for loop, factor in factors.items() if sizes[loop] % factor}
    if not uneven:
        return True
    layer = mapped_layer(entry, asked)
    layer.spatial_mapping.initialize_oa_dims(accelerator.operational_array.dimension_sizes)
    fractional = convert(accelerator, layer, layer.spatial_mapping).fractional
    engine = LomaEngine(
        accelerator=accelerator, layer=layer, spatial_mapping=fractional, mapping_type=TemporalMappingType.UNEVEN
    )
    steps = {str(dim): size for dim, size in engine.get_temporal_loops().items()}
    return all(steps.get(loop, 1) == count for loop, count in uneven.items())


def price_unrolling(
    entry: WorkloadEntry,
    mapping_entry: MappingEntry,
    unrolling: Unrolling,
    accelerator: Accelerator,
    options: PriceOptions,
    *,
    patiently: bool = True,
) -> tuple[float, float]:
    """Energy (pJ) and latency (cycles) of `entry` under the best loop ordering for `options.opt`.

    They are ZigZag's to the last bit. Where only ZigZag's own search has its answer, that is what runs, if `patiently`.
    Raises PricingError with a sentence.
    """
    try:
        winners = best_orderings(_setting(entry, mapping_entry, unrolling, accelerator, options), (options.opt,))
    except NotCoveredError as reason:
        if not patiently:
            raise PricingError(f"only ZigZag's own search could price it, since {reason}") from reason
        found = price(entry, accelerator, _asking_for(unrolling, mapping_entry), options)
        return found.energy_pj, found.latency_cycles
    except Exception as error:
        raise PricingError(sentence(error)) from error
    if not winners.best:
        raise PricingError("no loop ordering fits the memories")
    best = winners.best[options.opt]
    return best.energy, best.latency


def prices_below(
    entry: WorkloadEntry,
    mapping_entry: MappingEntry,
    unrolling: Unrolling,
    accelerator: Accelerator,
    options: PriceOptions,
    cycles: float,
) -> bool:
    """Whether the latency that `price_unrolling` gives is below so many cycles; raises as that does.

    Most layers take as many steps in the array alone: then it is enough that some ordering fits.
    """
    given = (entry, mapping_entry, unrolling, accelerator, options)
    try:
        setting = _setting(*given)
        nest, factors = read(setting)
    except Exception:  # ZigZag raises anything; `price_unrolling` says what, or has another way to a price
        return price_unrolling(*given)[1] < cycles
    if factors.loops.iterations >= cycles and some_ordering_has_a_price(setting, nest, factors):
        return False
    return price_unrolling(*given)[1] < cycles


def _setting(
    entry: WorkloadEntry,
    mapping_entry: MappingEntry,
    unrolling: Unrolling,
    accelerator: Accelerator,
    options: PriceOptions,
) -> SearchedLayer:
    layer = mapped_layer(entry, _asking_for(unrolling, mapping_entry))
    # ZigZag's generator does this, which is passed by here; the conversion that follows asserts that it is done.
    layer.spatial_mapping.initialize_oa_dims(accelerator.operational_array.dimension_sizes)
    kind = TemporalMappingType(options.temporal_mapping_type)
    return replace(convert(accelerator, layer, layer.spatial_mapping, options.lpf_limit), mapping_type=kind)


def _generator(
    entry: WorkloadEntry, mapping_entry: MappingEntry, accelerator: Accelerator, options: PriceOptions
) -> SpatialMappingGeneratorStage:
    return SpatialMappingGeneratorStage(
        [CostModelStage],
        accelerator=accelerator,
        layer=mapped_layer(entry, mapping_entry),
        nb_mappings_generated=options.spatial_mappings,
        enable_mix_spatial_mapping_generation=options.mixed_spatial_mapping,
    )


def _asking_for(unrolling: Unrolling, mapping_entry: MappingEntry) -> MappingEntry:
    return replace(mapping_entry, spatial_mapping=as_written(unrolling))


def _plain(mapping: SpatialMapping, accelerator: Accelerator) -> Unrolling:
    return plain(mapping.items(), map(str, accelerator.operational_array.dimension_sizes))
