"""A workload's entries as the repairs of them change them."""

from collections.abc import Callable, Mapping

from onnx2zz.files.document import Data, Value
from onnx2zz.formats.workload_entry import EntryLayer, read_layer


def each_layer(data: list[Value], repair: Callable[[Data, EntryLayer], Value]) -> list[Value]:
    """The entries with `repair` of each layer that can be read; the others come back as they are."""
    layers = [read_layer(number, entry) for number, entry in enumerate(data)]
    return [
        repair(entry, layer) if layer and isinstance(entry, Mapping) else entry
        for entry, layer in zip(data, layers, strict=True)
    ]
