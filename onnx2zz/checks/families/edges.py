"""The graph: sources that point nowhere or forward, outputs that nobody reads, many heads with locality."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from onnx2zz.checks.check import Check, Predicts, of_workload
from onnx2zz.checks.context import TripleContext, WorkloadContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.workload_entry import EntryLayer, is_compiled, name_of

if TYPE_CHECKING:
    from onnx2zz.zigzag.predict import Raised


def bad_sources(context: WorkloadContext) -> Iterator[Finding]:
    """Sources that are no earlier layer (zigzag workload/dnn_workload.py:33), and ids given twice."""
    earlier: set[int] = set()
    for number, entry in enumerate(context.entries):
        identifier, sources = entry.get("id"), entry.get("operand_source")
        name = name_of(entry)
        for operand, source in sources.items() if isinstance(sources, Mapping) else ():
            # A layer's own id is how ZigZag's format says "constant"; it is in `earlier` only after this layer.
            if isinstance(source, int) and source != identifier and source not in earlier:
                yield _bad(context, number, name, str(operand), source)
        if not isinstance(identifier, int):
            continue
        if identifier in earlier:
            yield _twice(context, number, name, identifier)
        earlier.add(identifier)


def _bad(context: WorkloadContext, number: int, name: str, operand: str, source: int) -> Finding:
    later = any(entry.get("id") == source for entry in context.entries)
    return finding(
        "bad-source",
        "error",
        context.workload,
        (number, "operand_source", operand),
        f"{operand} of layer {name} comes from layer {source}, which "
        + ("stands further down" if later else "does not exist"),
        zigzag=f"AssertionError: Illegal reference to non-existent layer with id {source}",
        fix="move the layer behind its sources"
        if later
        else "name an earlier layer, or the layer's own id: a constant",
        layer=name,
    )


def _twice(context: WorkloadContext, number: int, name: str, identifier: int) -> Finding:
    return finding(
        "bad-source",
        "warning",
        context.workload,
        (number, "id"),
        f"the id {identifier} is given twice: readers get the layer that stands last before them",
        zigzag="nothing: the later layer takes the id over",
        fix="number the layers 0, 1, 2, ...",
        layer=name,
    )


def heads(layers: tuple[EntryLayer, ...]) -> tuple[tuple[EntryLayer, ...], tuple[EntryLayer, ...]]:
    """Layers that read no other layer, and layers that no other layer reads."""
    read = {source for layer in layers for source in layer.sources.values() if source != layer.id}
    ids = {layer.id for layer in layers}
    # A source that does not exist feeds nothing: such a layer is a head to ZigZag's search as well.
    first = tuple(layer for layer in layers if not (set(layer.sources.values()) & ids - {layer.id}))
    return first, tuple(layer for layer in layers if layer.id not in read)


def unread_outputs(context: WorkloadContext) -> Iterator[Finding]:
    """Outputs that nobody reads, the last layer's apart: a second head, or a forgotten edge.

    The heads of a compiled workload are the model's outputs.
    """
    if not context.layers:
        return
    _, last = heads(context.layers)
    for layer in last:
        # ZigZag's search takes the last layer of its order for the output, and asks every other one for its reader.
        if layer is not context.layers[-1] and not is_compiled(layer):
            yield finding(
                "unread-output",
                "note",
                context.workload,
                (layer.number,),
                f"nobody reads the output of layer {layer.name} (id {layer.id}), and it is not the last layer",
                zigzag="nothing without locality; with it RuntimeError: generator raised StopIteration",
                fix=f"name {layer.id} as a source, or leave it: then it is an output of the network",
                layer=layer.name,
            )


def many_heads(context: TripleContext, error: "Raised") -> Finding:
    """A graph with several inputs or outputs, where ZigZag's search for locality ends in StopIteration."""
    first, last = heads(context.layers)
    return finding(
        "many-heads",
        "note",
        context.workload,
        (),
        f"the graph has {len(first)} layers without a source and {len(last)} that nobody reads; ZigZag's search for "
        "data that can stay low expects one of each",
        zigzag="RuntimeError: generator raised StopIteration (exploit_data_locality_stages.py:157, 178)",
        fix="nothing to do: onnx2zz evaluate --exploit-data-locality runs such graphs",
    )


CHECKS = (
    Check(
        code="bad-source",
        severity="error",
        meaning="a source that does not exist or stands further down; an id given twice",
        zigzag="AssertionError: Illegal reference to non-existent layer",
        way_out="name an earlier layer, or the layer's own id for a constant; number the layers 0, 1, 2, ...",
        rules=(of_workload(bad_sources, order=40),),
        exceptions=(Predicts("Illegal reference", likeliest=True),),
    ),
    Check(
        code="unread-output",
        severity="note",
        meaning="an output that nobody reads, and not the last layer's",
        zigzag="nothing without locality; with it RuntimeError: generator raised StopIteration",
        way_out="name the layer as a source, or leave it: then it is an output of the network",
        rules=(of_workload(unread_outputs, order=50),),
    ),
    Check(
        code="many-heads",
        severity="note",
        meaning="several inputs or outputs, with locality",
        zigzag="RuntimeError: generator raised StopIteration",
        way_out="nothing to do: `onnx2zz evaluate --exploit-data-locality` runs such graphs",
        exceptions=(Predicts(stage="heads", likeliest=True),),
        from_exception=many_heads,
    ),
)
