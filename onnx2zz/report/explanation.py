"""What one node became, in words and loops (`onnx2zz explain`)."""

import difflib

from onnx2zz.compiler import Compiled
from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.access import Access
from onnx2zz.ir.axis import Axis
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import NodeFate, PlacedLayer
from onnx2zz.printable import printable


def explanation(compiled: Compiled, name: str) -> str:
    """The fate of the node called `name` (or that makes the tensor `name`), and each of its layers.

    Raises InputError with the nearest names if there is none.
    """
    fate = fate_of(compiled, name)
    lines = [f"{fate.op} {fate.node or fate.outputs[0]}: {fate.status} - {fate.why}"]
    for identity in fate.layers:
        placed = compiled.workload.layers[identity]
        lines += ["", *_layer(placed, compiled.entries[identity], compiled)]
    return "\n".join(map(printable, lines))


def fate_of(compiled: Compiled, name: str) -> NodeFate:
    """The fate of a node, by its name or one of its outputs. Raises InputError with the nearest names."""
    fates = compiled.workload.nodes
    for fate in fates:
        if name and (name == fate.node or name in fate.outputs):
            return fate
    known = [n for fate in fates for n in (fate.node, *fate.outputs) if n]
    close = difflib.get_close_matches(name, known, 3)
    way_out = f"did you mean {' or '.join(close)}?" if close else "see coverage.json for the names"
    raise InputError(Problem(name, f"{compiled.workload.model} has no node and no tensor of that name", way_out))


def _layer(placed: PlacedLayer, entry: WorkloadEntry, compiled: Compiled) -> list[str]:
    layer = placed.layer
    # The words of workload.yaml stand below the loop nest that they were made of, so that one can be read against the
    # other. Loops of size 1 are left out of the nest: they move nothing.
    head = f"layer {placed.id}, {placed.name} ({layer.operator_type}, {layer.kind})"
    lines = [f"{head}: {layer.operations:,} loop points, {layer.macs:,} MACs"]
    for depth, (loop, size) in enumerate((loop, size) for loop, size in layer.loops if size > 1):
        lines.append(f"{'  ' * (depth + 1)}for {loop.lower()} in 0..{size - 1}")
    lines.append(f"{'  ' * (sum(size > 1 for _, size in layer.loops) + 1)}{_statement(layer)}")
    lines.append(f"  equation   {entry['equation']}")
    lines += [f"  relation   {text}" for text in entry.get("dimension_relations", ())]
    dims, sizes = entry.get("pr_loop_dims") or (), entry.get("pr_loop_sizes") or ()
    extents = zip(dims, sizes, entry.get("padding") or (), strict=True)
    lines += [f"  extent     {dim} {size}, padding {before}+{after}" for dim, size, (before, after) in extents]
    lines.append(
        f"  bits       {', '.join(f'{operand} {bits}' for operand, bits in entry['operand_precision'].items())}"
    )
    lines += [f"  {operand} from     {_sources(placed, operand, compiled)}" for operand in placed.sources]
    return lines


def _sources(placed: PlacedLayer, operand: str, compiled: Compiled) -> str:
    names = [compiled.workload.layers[s].name if isinstance(s, int) else s for s in placed.sources[operand]]
    return ", ".join("a constant" if name == "const" else name for name in names)


def _statement(layer: Layer) -> str:
    operands = [_access(access) for access in layer.inputs]
    value = f"{layer.combine.function}({', '.join(operands)})"
    reduce = "" if layer.reduce == "none" else f"{layer.reduce} "
    then = "".join(f", then {step.function}" for step in layer.after)
    return f"{_access(layer.output)} = {reduce}{value}{then}"


def _access(access: Access) -> str:
    return f"{access.tensor}[{', '.join(_axis(axis) for axis in access.axes)}]"


def _axis(axis: Axis) -> str:
    terms = [loop.lower() if coefficient == 1 else f"{coefficient}*{loop.lower()}" for loop, coefficient in axis.terms]
    if axis.offset or not terms:
        terms.append(str(axis.offset))
    return " + ".join(terms).replace("+ -", "- ")
