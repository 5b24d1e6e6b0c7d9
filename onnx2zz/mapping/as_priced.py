"""A mapping file with everything that was decided for each layer: its unrolling and its loop order, fixed.

ZigZag prices a layer whose `temporal_ordering` has all loops in time, each with its size, in that order and no other
(stages/mapping/temporal_mapping_generator_stage.py:61): stock ZigZag gives the numbers of the evaluation again.
"""

from collections.abc import Sequence
from typing import Any

from onnx2zz.formats.workload_entry import Entry
from onnx2zz.mapping.mapping_file import mapped_as, mapping_entries
from onnx2zz.pricing.distinct import mapping_entry_for
from onnx2zz.pricing.result import LayerResult
from onnx2zz.pricing.task import layer_name


def mapping_as_priced(
    layers: Sequence[Entry], mapping: Sequence[Entry], results: Sequence[LayerResult]
) -> tuple[Entry, ...]:
    """The entries of the file. `mapping` is what was priced; a layer without a price keeps its entry."""
    by_id = {result.id: result for result in results}
    rows = []
    for entry in layers:
        how, result = mapping_entry_for(entry, mapping), by_id[entry["id"]]
        decided = {**mapped_as(entry, how, None), **_decided(result)} if result.breakdown else how
        rows.append((layer_name(entry), entry["operator_type"], decided))
    return mapping_entries(rows)


def _whole(number: float) -> int:
    """ZigZag keeps factors and sizes as floats; they are whole also where an unrolling does not divide its loop."""
    assert number == int(number), number
    return int(number)


def _decided(result: LayerResult) -> dict[str, Any]:
    assert result.spatial_mapping is not None
    unrolled = {
        dim: [f"{loop}, {_whole(factor)}" for loop, factor in pairs.items() if factor > 1]
        for dim, pairs in result.spatial_mapping.items()
    }
    return {"spatial_mapping": unrolled, "spatial_mapping_hint": None, "temporal_ordering": _ordering(result)}


def _ordering(result: LayerResult) -> list[list[Any]]:
    """[loop, size], innermost first. All operands have the same loops in the same order; only the memories differ
    between which they are cut."""
    assert result.breakdown is not None
    levels = next(iter(result.breakdown.temporal_mapping.values()))
    return [[loop, _whole(size)] for level in levels for loop, size in level.loops if size > 1]
