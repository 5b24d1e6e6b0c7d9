"""What a hand-written workload says otherwise than the model (`--model`)."""

from collections.abc import Iterator, Mapping

from onnx2zz.checks.check import Check, WorkloadRepair, of_workload
from onnx2zz.checks.context import Context, WorkloadContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.workload_data import each_layer
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.workload_entry import EntryLayer, as_meant, name_of, read_layer


def not_in_model(context: WorkloadContext) -> Iterator[Finding]:
    """Layers with other loops than the model's, layers that the model lacks, layers of the model that are missing."""
    for written, reference in paired_layers(context):
        # By work and weights, not by loops: OX and OY may be exchanged, or a loop of 1 left out, and nothing is wrong.
        if written.operations != reference.operations or weights(written) != weights(reference):
            yield _differs(context, written, reference)
    for number in context.pairing.only_written:
        yield _unknown(context, number)
    for number in context.pairing.only_model:
        yield _absent(context, number)


def paired_layers(context: Context) -> Iterator[tuple[EntryLayer, EntryLayer]]:
    """Hand-written and model layer, both with output-based relations."""
    for i, j in context.pairing.pairs:
        written = read_layer(i, context.entries[i])
        reference = read_layer(j, (context.model or ())[j])
        if written and reference:
            yield as_meant(written), as_meant(reference)


def weights(layer: EntryLayer) -> int:
    """Elements of the weights, 0 where the layer has none."""
    # A second activation (as in attention) is no weight, although it is called W.
    return layer.elements("W") if layer.precision.get("W") and "W" in layer.constants else 0


def other_loops(written: EntryLayer, reference: EntryLayer) -> dict[str, tuple[int, int]]:
    """Loops that both know or only one has, with different sizes: loop -> (written, model's)."""
    dims = dict.fromkeys((*written.loops, *reference.loops))
    sizes = {dim: (written.loops.get(dim, 1), reference.loops.get(dim, 1)) for dim in dims}
    return {dim: pair for dim, pair in sizes.items() if pair[0] != pair[1]}


def _differs(context: WorkloadContext, written: EntryLayer, reference: EntryLayer) -> Finding:
    loops = other_loops(written, reference)
    differences = ", ".join(f"{dim} {mine} where the model has {its}" for dim, (mine, its) in loops.items())
    return finding(
        "not-in-model",
        "warning",
        context.workload,
        (written.number, "loop_sizes"),
        f"layer {written.name} (id {written.id}) is not the model's {reference.name}: "
        f"{differences or 'other weights'}; {written.operations:,} operations instead of {reference.operations:,} "
        f"({written.operations / reference.operations:.3g}x)",
        zigzag="nothing: it prices what is written",
        fix="set " + ", ".join(f"{dim} to {its}" for dim, (_, its) in loops.items()),
        layer=written.name,
    )


def _unknown(context: WorkloadContext, number: int) -> Finding:
    entry = context.entries[number]
    name = name_of(entry)
    return finding(
        "not-in-model",
        "warning",
        context.workload,
        (number,),
        f"the model has no layer that layer {name} (id {entry.get('id')}) could be",
        zigzag="nothing: it prices what is written",
        fix="remove it, or correct its sizes; onnx2zz compile writes the workload from the model",
        layer=name,
    )


def _absent(context: WorkloadContext, number: int) -> Finding:
    entry = (context.model or ())[number]
    return finding(
        "not-in-model",
        "warning",
        context.workload,
        (),
        f"the model's layer {entry.get('name')} ({entry.get('operator_type')}) is not in the workload",
        zigzag="nothing: it is not priced",
        fix="add it; onnx2zz compile writes the workload from the model",
        layer=str(entry.get("name")),
    )


def with_model_sizes(context: Context, data: list[Value]) -> list[Value]:
    """Loops take the model's sizes where both have the loop; a stride or an equation is not changed."""
    sizes = {
        written.number: {dim: its for dim, (_, its) in other_loops(written, reference).items() if dim in written.loops}
        for written, reference in (paired_layers(context) if context.model is not None else ())
        # Without the loop there is nothing to set the size of, and the layer is another one.
        if _has_all_loops(written, reference) and written.operations != reference.operations
    }
    return each_layer(data, lambda entry, layer: _resized(entry, layer, sizes.get(layer.number, {})))


def _has_all_loops(written: EntryLayer, reference: EntryLayer) -> bool:
    return {dim for dim, size in reference.loops.items() if size > 1} <= set(written.loops)


def _resized(entry: Data, layer: EntryLayer, sizes: Mapping[str, int]) -> Data:
    return {**entry, "loop_sizes": list({**layer.loops, **sizes}.values())} if sizes else entry


CHECKS = (
    Check(
        code="not-in-model",
        severity="warning",
        meaning="with `--model`: a layer with other loops than the model's, a layer too many or too few",
        zigzag="nothing: it prices what is written",
        way_out="correct the sizes; `onnx2zz compile` writes the workload from the model",
        rules=(of_workload(not_in_model, "model", order=90),),
        repairs=(WorkloadRepair(20, with_model_sizes),),
    ),
)
