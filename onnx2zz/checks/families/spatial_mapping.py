"""Mappings: loops or dimensions that are not there, arrays overfull or idle, entries hit by accident."""

from collections.abc import Iterator
from math import ceil, prod

from onnx2zz.checks.check import Check, Predicts, of_mapping
from onnx2zz.checks.context import Context, MappingContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.workload_entry import EntryLayer

MOSTLY_IDLE = 0.5  # a layer that uses less of the array is worth a word
NO_LOOP = "nothing: a warning in its log, and the loop is left out"
TYPES = ("Max", "Conv", "Pooling", "Add", "Conv_downsample", "Gemm", "Pool", "MaxPool", "AveragePool",
         "GlobalAveragePool")  # fmt: skip


def mapping_dims(context: MappingContext) -> Iterator[Finding]:
    """Array dimensions that the accelerator lacks, loops that no layer of the entry has, a missing default."""
    if context.mapping_entries and not any(entry.name == "default" for entry in context.mapping_entries):
        yield _no_default(context)
    for entry in context.mapping_entries:
        yield from _array_dims(context, entry)
        yield from _loops(context, entry)


def _no_default(context: MappingContext) -> Finding:
    return finding(
        "mapping-dim",
        "error",
        context.mapping,
        (),
        "the mapping has no entry `default`",
        zigzag="ValueError: Failed to validate user provided mapping.",
        fix="add an entry with name: default",
    )


def _array_dims(context: MappingContext, entry: MappingEntry) -> Iterator[Finding]:
    array = context.hierarchy.dimensions
    for dim in entry.unrolled:
        if array and dim not in array:
            yield finding(
                "mapping-dim",
                "error",
                context.mapping,
                (entry.number, "spatial_mapping", dim),
                f"{entry.name} unrolls over {dim}, but the array has {', '.join(array)}" + did_you_mean(dim, array),
                zigzag=f"KeyError: {dim}, for every layer that takes this entry",
                fix=f"use {', '.join(array)} only",
            )


def _loops(context: MappingContext, entry: MappingEntry) -> Iterator[Finding]:
    """A loop of size 1 in an entry (`C, 1`) is ZigZag's way to leave a dimension empty, and no fault."""
    layers = _layers_of(context, entry)
    for array_dim, pairs in entry.unrolled.items():
        for loop, factor in pairs:
            without = [layer for layer in layers if loop not in layer.loops]
            # One entry serves layers of many kinds, so that a loop which some of them lack may be meant: a warning at
            # most.
            if factor > 1 and without:
                known = sorted({dim for layer in layers for dim in layer.loops})
                everywhere = "no layer that takes it has" if len(without) == len(layers) else _named(without) + " lack"
                yield finding(
                    "mapping-dim",
                    "warning",
                    context.mapping,
                    (entry.number, "spatial_mapping", array_dim),
                    f"{entry.name} unrolls {loop} by {factor} over {array_dim}, but {everywhere} a loop {loop}"
                    + did_you_mean(loop, known),
                    zigzag=NO_LOOP,
                    fix=f"unroll one of {', '.join(known)}, or give those layers an entry of their own",
                )


def _layers_of(context: Context, entry: MappingEntry) -> tuple[EntryLayer, ...]:
    return tuple(layer for layer in context.layers if context.mapping_of(layer) is entry)


def _named(layers: list[EntryLayer]) -> str:
    shown = ", ".join(layer.name for layer in layers[:3])
    return f"layers {shown}" + (f" and {len(layers) - 3} more" if len(layers) > 3 else "")


def mapping_overfull(context: MappingContext) -> Iterator[Finding]:
    """More units asked of an array dimension than it has: ZigZag cuts factors or drops a loop altogether."""
    for entry in context.mapping_entries:
        for array_dim, pairs in entry.unrolled.items():
            size = context.hierarchy.array.get(array_dim)
            asked = prod(factor for _, factor in pairs)
            if size is not None and asked > size:
                yield finding(
                    "mapping-overfull",
                    "warning",
                    context.mapping,
                    (entry.number, "spatial_mapping", array_dim),
                    f"{entry.name} asks {asked} units of {array_dim}, which has {size}",
                    zigzag="nothing: it cuts a factor, or drops a loop, with a warning in its log",
                    fix=f"lower the factors to {size} in all",
                )


def unrolled_too_far(context: MappingContext) -> Iterator[Finding]:
    """A loop whose parts over several array dimensions are more than the loop in all, where none of them is by itself:
    ZigZag drops a part whole (zigzag mapping/spatial_mapping.py:193)."""
    for entry in context.mapping_entries:
        short: dict[tuple[str, int], list[EntryLayer]] = {}
        for layer in _layers_of(context, entry):
            for loop, parts in _parts(context, entry, layer).items():
                # One part alone is cut by ZigZag to what fits, which is `mapping-overfull`'s first rule, or no fault.
                if len(parts) > 1 and prod(parts.values()) > layer.loops[loop]:
                    short.setdefault((loop, prod(parts.values())), []).append(layer)
        for (loop, asked), layers in short.items():
            yield _too_far(context, entry, loop, asked, layers)


def _parts(context: Context, entry: MappingEntry, layer: EntryLayer) -> dict[str, dict[str, int]]:
    """Loop -> array dimension -> factor: what is left of an entry once each factor is cut to the loop and the array."""
    parts: dict[str, dict[str, int]] = {}
    for array_dim, pairs in entry.unrolled.items():
        for loop, factor in dict(pairs).items():
            size = min(layer.loops.get(loop, 1), context.hierarchy.array.get(array_dim, factor))
            if min(factor, size) > 1:
                parts.setdefault(loop, {})[array_dim] = min(factor, size)
    return parts


def _too_far(context: MappingContext, entry: MappingEntry, loop: str, asked: int, layers: list[EntryLayer]) -> Finding:
    parts = _parts(context, entry, layers[0])[loop]
    product = " x ".join(f"{factor} ({array_dim})" for array_dim, factor in parts.items())
    sizes = ", ".join(str(size) for size in dict.fromkeys(layer.loops[loop] for layer in layers))
    return finding(
        "mapping-overfull",
        "warning",
        context.mapping,
        # At the last part, behind which the product is too large; which one ZigZag drops depends on the sizes.
        (entry.number, "spatial_mapping", list(parts)[-1]),
        f"{entry.name} unrolls {loop} by {product} = {asked}, which is more than the {sizes} iterations of {loop} in "
        f"{_named(layers)}",
        zigzag=f"nothing: it drops {loop} on one of {', '.join(parts)} whole, with a warning in its log; units there "
        "stay idle, and a temporal_ordering may no longer fit",
        fix=f"lower the factors of {loop}, so that their product is at most {sizes}",
    )


def low_utilization(context: MappingContext) -> Iterator[Finding]:
    """Entries whose layers leave most of the array idle, with the share of units that each layer uses."""
    if not context.hierarchy.array:
        return
    for entry in context.mapping_entries:
        shares = [(layer, units_used(context, entry, layer)) for layer in _layers_of(context, entry)]
        idle = [(layer, used) for layer, used in shares if used < MOSTLY_IDLE * context.hierarchy.units]
        # An entry without an unrolling leaves it to ZigZag, and there is nothing to blame.
        if entry.spatial_mapping is not None and idle:
            yield _idle(context, entry, idle)


def units_used(context: Context, entry: MappingEntry, layer: EntryLayer) -> int:
    """Units of the array that work for a layer, on average over the last, partly filled step."""
    left = dict(layer.loops)
    used = 1.0
    for array_dim, pairs in entry.unrolled.items():
        room = context.hierarchy.array.get(array_dim, 1)
        for loop, factor in pairs:
            # As ZigZag cuts: to the loop, to what earlier dimensions left of it, and to the units that are still free.
            factor = min(factor, left.get(loop, 1), room)
            if factor > 0:
                steps = ceil(left.get(loop, 1) / factor)
                used *= left.get(loop, 1) / steps
                left[loop], room = steps, room // factor
    return int(used)


def _idle(context: MappingContext, entry: MappingEntry, idle: list[tuple[EntryLayer, int]]) -> Finding:
    units = context.hierarchy.units
    by_use: dict[int, list[str]] = {}
    for layer, used in idle:
        by_use.setdefault(used, []).append(f"{layer.name} (id {layer.id})")
    shares = "; ".join(
        f"{used:,} of {units:,} units ({used / units:.1%}) for {', '.join(names)}" for used, names in by_use.items()
    )
    return finding(
        "low-utilization",
        "warning",
        context.mapping,
        (entry.number, "spatial_mapping"),
        f"{entry.name} leaves most of the array idle: {shares}",
        zigzag="nothing: the layers take longer than the array needs",
        fix="unroll loops that these layers have in full (G, OX and OY of element-wise and pooling layers), or leave "
        "spatial_mapping out and let ZigZag choose",
    )


def name_clash(context: MappingContext) -> Iterator[Finding]:
    """A layer whose name is an entry meant for a type (zigzag parser/mapping_factory.py:39 looks up names first)."""
    if context.workload is None:
        return
    by_type = {entry.name for entry in context.mapping_entries} & {*TYPES, "default"}
    for layer in context.layers:
        # A layer that is called like its own type takes the entry that it would take anyway.
        if layer.name in by_type and layer.name != layer.kind:
            yield finding(
                "name-clash",
                "warning",
                context.workload,
                (layer.number, "name"),
                f"layer {layer.id} is named {layer.name}, which is the entry for another type: it takes that entry "
                f"instead of {_entry_without_name(context, layer)}",
                zigzag="nothing: it prices the layer with the wrong mapping",
                fix=f"rename the layer, for example L{layer.id}_{layer.name}",
                layer=layer.name,
            )


def _entry_without_name(context: Context, layer: EntryLayer) -> str:
    names = {entry.name for entry in context.mapping_entries}
    return layer.kind if layer.kind in names else "default"


CHECKS = (
    Check(
        code="mapping-dim",
        severity="error",
        meaning="an array dimension or a loop that is not there; no `default` entry",
        zigzag="KeyError for a dimension, ValueError without `default`; a loop is left out, with a warning in its log",
        way_out="unroll loops that the layers have over dimensions that the array has; add an entry with name: default",
        rules=(of_mapping(mapping_dims, order=10),),
        exceptions=(
            Predicts("validate user provided mapping", likeliest=True),
            Predicts("KeyError: D", likeliest=True),
            Predicts("Illegal OADimension", likeliest=True),
            Predicts("KeyError"),
            Predicts(stage="layer"),
        ),
    ),
    Check(
        code="mapping-overfull",
        severity="warning",
        meaning="more units asked of an array dimension than it has; more iterations of a loop over several "
        "dimensions (OY 2 and OY 14 = 28) than it has (27): ZigZag drops a part whole",
        zigzag="nothing: it cuts a factor, or drops a loop, with a warning in its log",
        way_out="lower the factors, so that their product fits the dimension and the loop",
        rules=(of_mapping(mapping_overfull, order=20), of_mapping(unrolled_too_far, order=30)),
        exceptions=(Predicts("NoValidLoopOrderingFoundException"),),
    ),
    Check(
        code="low-utilization",
        severity="warning",
        meaning="layers that leave more than half of the array idle, with the units each of them uses",
        zigzag="nothing: the layers take longer than the array needs",
        way_out="unroll loops that these layers have in full, or leave spatial_mapping out and let ZigZag choose",
        rules=(of_mapping(low_utilization, order=40),),
    ),
    Check(
        code="name-clash",
        severity="warning",
        meaning="a layer's name is a mapping entry that is meant for another type",
        zigzag="nothing: it prices the layer with the wrong mapping",
        way_out="rename the layer",
        rules=(of_mapping(name_clash, "workload", order=60),),
    ),
)
