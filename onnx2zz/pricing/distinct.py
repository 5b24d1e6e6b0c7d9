"""Which layers are the same layer: ZigZag's price depends on neither its name nor its place in the graph."""

import json

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import PLACE, WorkloadEntry, operand_sources

_SORTED = json.JSONEncoder(sort_keys=True).encode
"""`json.dumps` makes an encoder anew each time that it is to sort."""


def constant_operands(entry: WorkloadEntry) -> tuple[str, ...]:
    """The operands that no other layer produces: their source is the layer itself."""
    return tuple(sorted(operand for operand, source in operand_sources(entry).items() if source == entry["id"]))


def layer_key(entry: WorkloadEntry, mapping_entry: MappingEntry, extra: object = None) -> str:
    """Equal for two layers exactly if they cost the same: their places and names left out, which operands are
    constant and how they are mapped left in."""
    layer = {field: value for field, value in entry.items() if field not in PLACE}
    # Two entries that say the same map alike, whatever they are called.
    return f"{_SORTED(layer)}[{json.dumps(constant_operands(entry))}, {mapping_entry.how}, {json.dumps(extra)}]"
