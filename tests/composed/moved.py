"""Layers that only move elements, run as ZigZag reads them: `verify` counts them and does not run them."""

from collections.abc import Iterator, Mapping

import numpy as np

from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.access import Access
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ir.layer import Layer, step_operands
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.binding import bind
from tests.composed.finding import Finding
from tests.composed.producers import Producers, flat_name

ROWS_APART = "Resize"
"""Which rows it takes is no affine map: its layer moves as many (docs/conventions/images.md)."""


def wrongly_moved(
    producers: Producers, entries: tuple[WorkloadEntry, ...], values: Mapping[str, np.ndarray]
) -> Iterator[Finding]:
    """Every node whose layers all move; what they write must stand there in onnxruntime's run too."""
    for node in producers.flat.nodes:
        layers = producers.layers[node.name]
        if layers and all(placed.layer.kind == "movement" for placed in layers):
            bound = [_bound(placed, entries[placed.id]) for placed in layers]
            if None in bound:
                yield Finding(f"moved: {node.op_type} is no entry", f"{node.name}: its entry fits no tensor")
            elif node.op_type != ROWS_APART and (wrong := _wrong([layer for layer in bound if layer], values)):
                yield Finding(f"moved: {node.op_type}", f"{node.name}: {wrong}")


def _bound(placed: PlacedLayer, entry: WorkloadEntry) -> Layer | None:
    found = bind(entry, placed)
    return None if found.differences else found.layer


def _wrong(layers: list[Layer], values: Mapping[str, np.ndarray]) -> str:
    made = {layer.output.tensor for layer in layers}
    read = {name: values.get(flat_name(name)) for layer in layers for name in _tensors(layer)}
    known = {name: value for name, value in read.items() if value is not None and name not in made}
    if len(known) < len(set(read) - made):
        return ""  # a type that numpy cannot hold
    run = run_layers(layers, known)
    return "; ".join(text for name in sorted(made) if (text := _differing(name, run[name], values)))


def _tensors(layer: Layer) -> set[str]:
    accesses: list[Access] = [*layer.inputs, *step_operands(layer)]
    accesses += [access.picks[1] for access in layer.inputs if access.picks]
    return {access.tensor for access in accesses}


def _differing(name: str, got: np.ndarray, values: Mapping[str, np.ndarray]) -> str:
    expected = values.get(flat_name(name))
    if expected is None:
        return ""
    got = got.reshape(expected.shape)
    wrong = ~np.isnan(got) & (got != expected)
    return f"{int(wrong.sum())} of {wrong.size} elements of {name}" if wrong.any() else ""
