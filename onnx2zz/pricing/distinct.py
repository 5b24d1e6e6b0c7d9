"""Which layers are the same layer: ZigZag's price depends on neither its name nor its place in the graph."""

import json
from collections.abc import Sequence
from typing import Any

from onnx2zz.formats.workload_entry import Entry

PLACE = ("id", "name", "operand_source")


def mapping_entry_for(entry: Entry, mapping: Sequence[Entry]) -> Entry:
    """The mapping entry that applies to a layer: by its name, else its operator type, else `default`.

    The order is ZigZag's (parser/mapping_factory.py:25-49).
    """
    by_name = {candidate["name"]: candidate for candidate in reversed(mapping)}
    names = (entry.get("name"), entry["operator_type"], "default")
    return next(by_name[name] for name in names if name in by_name)


def constant_operands(entry: Entry) -> tuple[str, ...]:
    """The operands that no other layer produces: their source is the layer itself."""
    sources = entry.get("operand_source") or {}
    return tuple(sorted(operand for operand, source in sources.items() if source == entry["id"]))


def layer_key(entry: Entry, mapping_entry: Entry, extra: Any = None) -> str:
    """Equal for two layers exactly if they cost the same: their places and names left out, which operands are
    constant and how they are mapped left in."""
    layer = {field: value for field, value in entry.items() if field not in PLACE}
    mapped = {field: value for field, value in mapping_entry.items() if field != "name"}
    return json.dumps(layer, sort_keys=True) + json.dumps([constant_operands(entry), mapped, extra])
