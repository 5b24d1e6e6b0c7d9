"""Padding and sizes: whether a layer reads what its source writes."""

from collections.abc import Iterator, Mapping
from math import prod

from onnx2zz.checks.check import Check, Predicts, WorkloadRepair, of_workload
from onnx2zz.checks.context import Context, WorkloadContext
from onnx2zz.checks.families.equations import EQUATIONS
from onnx2zz.checks.families.served_dimensions import ARRAY_SIZES
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.workload_data import each_layer
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.workload_entry import EntryLayer, is_compiled, name_of, read_layer


def missing_padding(context: WorkloadContext) -> Iterator[Finding]:
    """Layers that read more than their source has: without padding a 3x3 window on 56x56 asks for 58x58."""
    for layer in context.layers_as_meant:
        if far := too_far(context, layer):
            reach = ", ".join(
                f"{needed} along {index} where its source has {there}" for index, (needed, there) in far.items()
            )
            yield finding(
                "missing-padding",
                "warning",
                context.workload,
                (layer.number, "dimension_relations"),
                f"layer {layer.name} (id {layer.id}) reads {reach}: the rest is padding, and the layer has none",
                zigzag="nothing: it stores and moves the padding as if it were data",
                fix=_padding_fields(far),
                layer=layer.name,
            )


def _padding_fields(far: Mapping[str, tuple[int, int]]) -> str:
    pairs = [list(split_padding(needed - there)) for needed, there in far.values()]
    sizes = [there for _, there in far.values()]
    return f"pr_loop_dims: [{', '.join(far)}], pr_loop_sizes: {sizes}, padding: {pairs}"


def split_padding(total: int) -> tuple[int, int]:
    """Padding as most frameworks place it: the odd one at the beginning, where a strided window does not skip it."""
    return total - total // 2, total // 2


def too_far(context: Context, layer: EntryLayer) -> dict[str, tuple[int, int]]:
    """Indices along which the layer reaches further than its source extends: index -> (needed, there)."""
    far: dict[str, tuple[int, int]] = {}
    # What the source writes goes before what the model reads: the file at hand may be of another input size.
    for index, there in {**_extents_in_model(context, layer), **source_extents(context, layer)}.items():
        window = layer.related.get(index)
        needed = layer.span(index)
        # Beyond the most padding that makes sense the sizes are of another tensor: that is a size-mismatch, and no
        # padding.
        if window and index not in layer.padding and there < needed <= there + _window(layer, index):
            far[index] = (needed, there)
    return far


def _window(layer: EntryLayer, index: str) -> int:
    """The most padding that makes sense: twice a window less one."""
    relation = layer.related[index]
    return 2 * max(relation.b * (layer.loops.get(relation.second, 1) - 1), 1)


def _extents_in_model(context: Context, layer: EntryLayer) -> dict[str, int]:
    """What the model's layer reads along each index of the same name: the only way to know for a first layer."""
    partner = next((j for i, j in context.pairing.pairs if i == layer.number), None) if context.model else None
    # Layers were paired by what they compute, so that an index of the same name means the same axis in both.
    reference = None if partner is None else read_layer(partner, (context.model or ())[partner])
    return (
        {index: reference.extent(index) for index in layer.related if index in reference.related} if reference else {}
    )


def source_extents(context: Context, layer: EntryLayer) -> dict[str, int]:
    """For x, y and z of the activation, how far the tensor of its source extends: index -> extent.

    Layers that onnx2zz compiled are left out: a view may lie between them and their source (a slice, a reshape, the
    other inputs of a Concat), and `verify` proves them.
    """
    source = _source(context, layer)
    if source is None:
        return {}
    written = {axis: _only(source.indices["O"], axis) for axis in SPACE}
    read = {axis: _only(layer.indices["I"], axis) for axis in SPACE}
    pairs = ((written[axis], read[axis]) for axis in SPACE)
    return {reading: source.extent(writing) for writing, reading in pairs if writing and reading}


SPACE = ("X", "Y", "Z")


def _source(context: Context, layer: EntryLayer) -> EntryLayer | None:
    """The hand-written layer that a hand-written layer's activation comes from."""
    if is_compiled(layer) or "I" not in layer.indices or layer.sources.get("I") == layer.id:
        return None
    return next((other for other in context.layers_as_meant if other.id == layer.sources.get("I")), None)


def _only(indices: tuple[str, ...], axis: str) -> str | None:
    """The one index along an axis; None where there is none or several."""
    # By the last letter (OX, IX): names of indices are the user's, but for ZigZag's habit to end them so.
    along = [index for index in indices if index.endswith(axis)]
    return along[0] if len(along) == 1 else None


def _channels(layer: EntryLayer, operand: str) -> int | None:
    """Channels of a tensor of an image, over all indices that are neither space nor batch."""
    indices = layer.indices[operand]
    if not any(index[-1:] in SPACE for index in indices):
        return None
    return prod(layer.extent(index) for index in indices if index[-1:] not in (*SPACE, "B"))


def size_mismatch(context: WorkloadContext) -> Iterator[Finding]:
    """Loop sizes that contradict the lists they belong to, or the tensor that the layer reads."""
    for number, entry in enumerate(context.entries):
        yield from _bad_lists(context, number, entry)
    for layer in context.layers_as_meant:
        yield from _contradicts_source(context, layer)
        yield from _contradicts_relation(context, layer)


def _bad_lists(context: WorkloadContext, number: int, entry: Data) -> Iterator[Finding]:
    dims, sizes = entry.get("loop_dims"), entry.get("loop_sizes")
    if not isinstance(dims, list) or not isinstance(sizes, list):
        return
    name = name_of(entry)
    if len(dims) != len(sizes):
        yield finding(
            "size-mismatch",
            "error",
            context.workload,
            (number, "loop_sizes"),
            f"{len(dims)} loop_dims, but {len(sizes)} loop_sizes",
            zigzag="nothing in its validation; then KeyError, or a loop left out",
            fix="give one size for each loop",
            layer=name,
        )
    for index, size in enumerate(sizes):
        if isinstance(size, int) and size < 1:
            yield finding(
                "size-mismatch",
                "error",
                context.workload,
                (number, "loop_sizes", index),
                f"a loop of size {size} runs never",
                zigzag="nothing in its validation; then ZeroDivisionError",
                fix="give a size of 1 or more",
                layer=name,
            )


def _contradicts_source(context: WorkloadContext, layer: EntryLayer) -> Iterator[Finding]:
    for index, there in source_extents(context, layer).items():
        needed = layer.span(index)
        relation = layer.related.get(index)
        unread = relation.a - 1 if relation else 0  # a strided window may leave the last ones out
        # What padding explains has a finding already, with a repair.
        if index not in too_far(context, layer) and not there - unread <= needed <= there:
            yield _mismatch(context, layer, f"{needed} along {index}", str(there))
    source = _source(context, layer)
    written, read = (_channels(source, "O"), _channels(layer, "I")) if source else (None, None)
    if written is not None and read is not None and written != read:
        yield _mismatch(context, layer, f"{read} channels", str(written))


def _mismatch(context: WorkloadContext, layer: EntryLayer, reads: str, writes: str) -> Finding:
    return finding(
        "size-mismatch",
        "warning",
        context.workload,
        (layer.number, "loop_sizes"),
        f"layer {layer.name} (id {layer.id}) reads {reads}, but its source {layer.sources['I']} writes {writes}",
        zigzag="nothing: it prices both as they are written",
        fix=f"make the sizes of layer {layer.id} and of layer {layer.sources['I']} agree",
        layer=layer.name,
    )


def _contradicts_relation(context: WorkloadContext, layer: EntryLayer) -> Iterator[Finding]:
    """A window that reaches beyond the extent that the entry itself gives for its input."""
    for index, extent in layer.extents.items():
        reached = layer.reach(index) - sum(layer.padding.get(index, (0, 0)))
        if index in layer.related and reached > extent:
            yield finding(
                "size-mismatch",
                "warning",
                context.workload,
                (layer.number, "pr_loop_sizes"),
                f"layer {layer.name} (id {layer.id}) says that its input has {extent} along {index}, but its relation "
                f"and padding reach {reached}",
                zigzag=f"nothing: it counts {extent}",
                fix=f"correct {index} in pr_loop_sizes, or the padding",
                layer=layer.name,
            )


def with_padding(context: Context, data: list[Value]) -> list[Value]:
    """Padding where a window reaches beyond its source, true extents with it."""

    def padded(entry: Data, layer: EntryLayer) -> Data:
        far = too_far(context, layer)
        return {**entry, **_padding(layer, far)} if far else entry

    return each_layer(data, padded)


def _padding(layer: EntryLayer, far: Mapping[str, tuple[int, int]]) -> Data:
    """All derived indices get a true extent once one of them has padding."""
    extents = {index: far[index][1] if index in far else layer.span(index) for index in layer.related}
    pairs = {index: split_padding(far[index][0] - far[index][1]) if index in far else (0, 0) for index in extents}
    # ZigZag wants one pair for each of pr_loop_dims; padding that was there stays where it was.
    pairs |= {index: layer.padding[index] for index in extents if index in layer.padding}
    return {
        "pr_loop_dims": list(extents),
        "pr_loop_sizes": list(extents.values()),
        "padding": [list(pair) for pair in pairs.values()],
    }


CHECKS = (
    Check(
        code="missing-padding",
        severity="warning",
        meaning="a window reaches beyond what its source writes (or the model's input has)",
        zigzag="nothing: it stores and moves the padding as if it were data",
        way_out="give pr_loop_dims, pr_loop_sizes and padding",
        rules=(of_workload(missing_padding, order=70),),
        repairs=(WorkloadRepair(30, with_padding),),
    ),
    Check(
        code="size-mismatch",
        severity="error",
        meaning="sizes that contradict each other, the relation, or the source; not one size for each dimension of "
        "the array",
        zigzag="nothing where it prices what is written; KeyError, ZeroDivisionError or ValueError where that cannot "
        "run",
        way_out="make the sizes agree; one size of 1 or more for each loop and each dimension",
        rules=(ARRAY_SIZES, EQUATIONS, of_workload(size_mismatch, order=80)),
        exceptions=(
            Predicts("max() arg is an empty", likeliest=True),
            Predicts("validate provided accelerator"),
            Predicts("KeyError"),
        ),
    ),
)
