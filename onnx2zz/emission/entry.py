"""One layer as an entry of ZigZag's workload.yaml."""

from onnx2zz.emission.equation import notation
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.workload import PlacedLayer, Source


def entry(placed: PlacedLayer) -> WorkloadEntry:
    """The entry that stock ZigZag takes (parser/workload_validator.py:31 LAYER_SCHEMA)."""
    written = notation(placed.layer, variable=not placed.constant)
    result: WorkloadEntry = {
        "id": placed.id,
        "name": placed.name,
        "operator_type": placed.layer.operator_type,
        "equation": written.equation,
        "dimension_relations": [str(relation) for relation in written.relations],
        "loop_dims": [loop for loop, _ in written.loops],
        "loop_sizes": [size for _, size in written.loops],
        "operand_precision": {
            "W": placed.widths.W,
            "I": placed.widths.I,
            "O": placed.widths.O,
            "O_final": placed.widths.O_final,
        },
        "operand_source": {operand: _source(placed, placed.sources[operand]) for operand in ("W", "I")},
    }
    if written.relations:
        result["pr_loop_dims"] = [relation.index for relation in written.relations]
        result["pr_loop_sizes"] = [relation.extent for relation in written.relations]
        result["padding"] = [list(relation.padding) for relation in written.relations]
    return result


def _source(placed: PlacedLayer, sources: tuple[Source, ...]) -> int:
    """The last layer that feeds an operand; the layer's own id where none does, which ZigZag reads as constant."""
    return max((s for s in sources if isinstance(s, int)), default=placed.id)
