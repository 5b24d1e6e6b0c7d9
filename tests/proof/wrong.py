"""Compiled models with one thing wrong in them, in the layer (and so in its entry) or in the entry alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from onnx2zz.compiler import Compiled
from onnx2zz.emission.entry import entry
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer


def with_placed(compiled: Compiled, placed: PlacedLayer) -> Compiled:
    """Another layer in the place of the one with its id; its entry is emitted anew, as a wrong lowering would."""
    layers = tuple(placed if other.id == placed.id else other for other in compiled.workload.layers)
    entries = tuple(entry(placed) if e["id"] == placed.id else e for e in compiled.entries)
    return replace(compiled, workload=replace(compiled.workload, layers=layers), entries=entries)


def with_layer(compiled: Compiled, identity: int, layer: Layer) -> Compiled:
    return with_placed(compiled, replace(compiled.workload.layers[identity], layer=layer))


def with_entry(compiled: Compiled, identity: int, **fields: Any) -> Compiled:
    """Other fields in an entry, while the layer stays what it is: a wrong emission, or a hand that slipped."""
    changed: Mapping[str, Any] = {**compiled.entries[identity], **fields}
    entries = tuple(dict(changed) if e["id"] == identity else e for e in compiled.entries)
    return replace(compiled, entries=entries)


def with_axis(layer: Layer, operand: int, number: int, axis: Axis) -> Layer:
    """Another map of one axis of an input."""
    access = layer.inputs[operand]
    axes = tuple(axis if i == number else a for i, a in enumerate(access.axes))
    inputs = tuple(replace(access, axes=axes) if i == operand else a for i, a in enumerate(layer.inputs))
    return replace(layer, inputs=inputs)
