"""A workload as AccelForge reads it: an Einsum a layer, each with tensors of its own.

As in AccelForge's own networks, layers are not connected: a tensor has the same ranks wherever it is read there, and a
layer's input is another view of the output before it (G and K are one C).
Source: accelforge 1.0 frontend/workload.py (Workload, Einsum, TensorAccess).
"""

import re
from collections.abc import Sequence

import yaml

from onnx2zz.conversion.workload_text import Workload, Written, each_layer
from onnx2zz.formats.workload_entry import EntryLayer, Relation

NOTES = (
    "layers are not connected: each has tensors of its own, as in AccelForge's networks",
    "padding is read like data, and the bits of partial sums are not in it",
)
NAMES = {"I": "input", "W": "weight", "O": "output"}


def accelforge_text(workload: Workload) -> Written:
    """The layers of a workload as Einsums. Raises InputError where an operand has an index without a loop."""
    einsums, left = each_layer(workload, lambda layer: True, lambda layer: [_einsum(layer)], "AccelForge")
    document: dict[str, object] = {"workload": {"einsums": einsums}}
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=1000)
    sums = [layer.name for layer in workload.layers if layer.combine == "+"]
    added = (f"sums are products to AccelForge: {', '.join(sums[:5])}",) if sums else ()
    return Written(text, (*NOTES, *added, *left))


def _einsum(layer: EntryLayer) -> dict[str, object]:
    read = [operand for operand in layer.inputs if layer.indices[operand]]
    return {
        "name": f"L{layer.id}_" + re.sub(r"\W", "_", layer.name.removeprefix(f"L{layer.id}_"), flags=re.ASCII),
        "tensor_accesses": [*(_access(layer, operand) for operand in read), {**_access(layer, "O"), "output": True}],
        "iteration_space_shape": [f"0 <= {_variable(loop, layer)} < {size}" for loop, size in _loops(layer, read)],
        "renames": {NAMES[operand]: f"{operand}{layer.id}" for operand in (*read, "O") if operand in NAMES},
    }


def _loops(layer: EntryLayer, read: Sequence[str]) -> list[tuple[str, int]]:
    """The loops that some operand walks; an index without a loop of its own has one iteration."""
    relations = {relation.target: relation for relation in layer.relations}
    walked = [
        loop
        for operand in (*read, "O")
        for index in layer.indices[operand]
        # AccelForge projects onto loops alone: IY of ZigZag's equation is no loop there, but the sum of OY and FY is.
        for loop in ((relations[index].first, relations[index].second) if index in relations else (index,))
    ]
    # A loop that only repeats the work would be lost: there every rank is some tensor's.
    lacking = [loop for loop, size in layer.loops.items() if size > 1 and loop not in walked]
    if lacking:
        raise ValueError(f"no operand walks its loop {lacking[0]}")
    return [(loop, layer.loops.get(loop, 1)) for loop in dict.fromkeys(walked)]


def _access(layer: EntryLayer, operand: str) -> dict[str, object]:
    relations = {relation.target: relation for relation in layer.relations}
    projection = {
        f"{index}_{layer.id}": _sum(relations[index], layer) if index in relations else _variable(index, layer)
        for index in layer.indices[operand]
    }
    bits = layer.precision.get("O_final" if operand == "O" else operand)
    return {"name": f"{operand}{layer.id}", "projection": projection, **({"bits_per_value": bits} if bits else {})}


def _sum(relation: Relation, layer: EntryLayer) -> str:
    terms = [(c, _variable(loop, layer)) for c, loop in relation.terms]
    return " + ".join(name if factor == 1 else f"{name} * {factor}" for factor, name in terms)


def _variable(loop: str, layer: EntryLayer) -> str:
    return f"{loop.lower()}_{layer.id}"
