"""Relations that derive the output from the input, and mappings that name the loops of such layers."""

from collections.abc import Iterable, Iterator

from onnx2zz.checks.check import Check, MappingRepair, Predicts, WorkloadRepair, of_workload
from onnx2zz.checks.context import Context, WorkloadContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.renamed_loops import Renamed, in_entry, names_any
from onnx2zz.checks.workload_data import each_layer
from onnx2zz.files.document import Data, Value, is_mapping
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.workload_entry import EntryLayer, as_meant


def input_based_relations(context: WorkloadContext) -> Iterator[Finding]:
    """Relations that derive the output from the input, with the volumes that they make against the right ones."""
    for layer in context.layers:
        if layer.input_based:
            meant = as_meant(layer)
            turned = ", ".join(str(relation) for relation in meant.relations)
            yield finding(
                "input-based-relation",
                "warning",
                context.workload,
                (layer.number, "dimension_relations"),
                f"layer {layer.name} (id {layer.id}) derives its output from its input: ZigZag sees an output of "
                f"{_shape(layer, 'O')} elements, where {_shape(meant, 'O')} are meant",
                zigzag="wrong volumes, energy and latency; with locality KeyError: I1, because it takes O for the "
                "activation",
                fix=f"dimension_relations: [{turned}] with loop_dims [{', '.join(meant.loops)}] and loop_sizes "
                f"{list(meant.loops.values())}",
                layer=layer.name,
            )


def _shape(layer: EntryLayer, operand: str) -> str:
    extents = [layer.extent(index) for index in layer.indices[operand]]
    return f"{'x'.join(map(str, extents))} = {layer.elements(operand):,}"


def with_output_based_relations(context: Context, data: list[Value]) -> list[Value]:
    """Input-based relations become output-based ones, with the loops and sizes that they mean."""
    return each_layer(data, lambda entry, layer: _turned(entry, layer) if layer.input_based else entry)


def _turned(entry: Data, layer: EntryLayer) -> Data:
    meant = as_meant(layer)
    return {
        **entry,
        "dimension_relations": [str(relation) for relation in meant.relations],
        "loop_dims": list(meant.loops),
        "loop_sizes": list(meant.loops.values()),
    }


def with_output_based_loops(context: Context, data: list[Value]) -> list[Value]:
    """The mapping's entries name the loops that such layers have after the repair (IX becomes OX, with its new size).

    An entry that other layers take as well stays; the layer gets one of its own name.
    """
    repaired: list[Value] = []
    added: list[Value] = []
    entries = {entry.number: entry for entry in context.mapping_entries}
    for number, entry in enumerate(data):
        if number in entries and is_mapping(entry):
            in_place, own = _renamed(context, entry, entries[number])
            repaired.append(in_place)
            added += own
        else:
            repaired.append(entry)
    return [*repaired, *added]


def _renamed(context: Context, data: Data, entry: MappingEntry) -> tuple[Data, list[Data]]:
    """The entry, and those of its layers that have one of their own from then on."""
    # By identity: an entry is told by its place in the file, since two may say the same.
    takers = [layer for layer in context.layers if context.mapping_of(layer) is entry]
    turned = {layer.name: _renaming(layer) for layer in takers if layer.input_based}
    # Where the entry names none of the loops that are renamed, it means the same after the repair.
    turned = {name: renamed for name, renamed in turned.items() if names_any(entry, renamed)}
    if not turned:
        return data, []
    # All its layers change, and nothing in it but factors depends on their sizes: ZigZag cuts a factor that is too
    # large, so the largest serves all of them.
    if len(turned) == len(takers) and not entry.sized_loops:
        return in_entry(data, entry, _largest(turned.values())), []
    own = {name: in_entry(data, entry, renamed) for name, renamed in turned.items()}
    first = next(iter(own.values()))
    # An order with sizes has to fit exactly. If the same one fits all its layers, the entry stays one.
    if len(own) == len(takers) and all(one == first for one in own.values()):
        return first, []
    # Other layers still take the entry as it is. ZigZag looks for a layer's name first, so its own entry goes before.
    return data, [{**one, "name": name} for name, one in own.items()]


def _renaming(layer: EntryLayer) -> Renamed:
    """Loop -> the loop that it becomes, its size before and after."""
    meant = as_meant(layer)
    pairs = zip(layer.loops.items(), meant.loops.items(), strict=True)
    # `as_meant` keeps the loops in their order, so that pairs are found by place.
    return {old: (new, before, after) for (old, before), (new, after) in pairs if old != new}


def _largest(found: Iterable[Renamed]) -> Renamed:
    """Of several layers' renamings the largest sizes: ZigZag cuts a factor that is more than the loop."""
    merged: dict[str, tuple[str, int, int]] = {}
    for renamed in found:
        for loop, (new, before, after) in renamed.items():
            _, most_before, most_after = merged.get(loop, (new, before, after))
            merged[loop] = (new, max(before, most_before), max(after, most_after))
    return merged


CHECKS = (
    Check(
        code="input-based-relation",
        severity="warning",
        meaning="`ox=1*ix+1*fx`: the output derived from the input, with the volumes that ZigZag then sees",
        zigzag="wrong volumes, energy and latency; with locality KeyError: I1, because it takes O for the activation",
        way_out="write the input's index as a sum of the output's and the window's: ix=1*ox+1*fx",
        rules=(of_workload(input_based_relations, order=60),),
        exceptions=(Predicts("KeyError: I", likeliest=True), Predicts(stage="locality")),
        repairs=(WorkloadRepair(10, with_output_based_relations), MappingRepair(10, with_output_based_loops)),
    ),
)
