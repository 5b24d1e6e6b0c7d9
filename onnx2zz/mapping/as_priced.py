"""A mapping file with everything that was decided for each layer: its unrolling and its loop order, fixed.

ZigZag prices a layer whose `temporal_ordering` has all loops in time, each with its size, in that order and no other
(stages/mapping/temporal_mapping_generator_stage.py:61): stock ZigZag gives the numbers of the evaluation again.
"""

from collections.abc import Sequence
from dataclasses import replace

from onnx2zz.formats.mapping_entry import MappingEntry, Ordering, mapping_entry_for
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.mapping_file import mapped_as, mapping_entries
from onnx2zz.pricing.result import LayerResult
from onnx2zz.pricing.task import layer_name


def mapping_as_priced(
    layers: Sequence[WorkloadEntry], mapping: Sequence[MappingEntry], results: Sequence[LayerResult]
) -> tuple[MappingEntry, ...]:
    """The entries of the file. `mapping` is what was priced; a layer without a price keeps its entry."""
    by_id = {result.id: result for result in results}
    rows: list[tuple[str, str, MappingEntry]] = []
    for entry in layers:
        base, result = mapping_entry_for(entry, mapping), by_id[entry["id"]]
        decided = _decided(mapped_as(entry, base, None), result) if result.breakdown else base
        rows.append((layer_name(entry), entry["operator_type"], decided))
    return mapping_entries(rows)


def _whole(number: float) -> int:
    """ZigZag keeps factors and sizes as floats; they are whole also where an unrolling does not divide its loop."""
    assert number == int(number), number
    return int(number)


def _decided(base: MappingEntry, result: LayerResult) -> MappingEntry:
    assert result.spatial_mapping is not None
    unrolled = {
        dim: tuple(f"{loop}, {_whole(factor)}" for loop, factor in pairs.items() if factor > 1)
        for dim, pairs in result.spatial_mapping.items()
    }
    # Hints are for the array dims that an entry leaves open, and this one leaves none open.
    return replace(base, spatial_mapping=unrolled, spatial_mapping_hint=None, temporal_ordering=_ordering(result))


def _ordering(result: LayerResult) -> Ordering:
    """(loop, size), innermost first. All operands have the same loops in the same order; only the memories differ
    between which they are cut."""
    assert result.breakdown is not None
    levels = next(iter(result.breakdown.temporal_mapping.values()))
    return tuple((loop, _whole(size)) for level in levels for loop, size in level.loops if size > 1)
