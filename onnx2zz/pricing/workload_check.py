"""What ZigZag's own validation of a workload lets pass, and what then fails deep inside it."""

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.files.document import is_array
from onnx2zz.formats.workload_entry import (
    WorkloadEntry,
    layer_kind,
    loop_sizes,
    operand_indices,
    operand_sources,
    relations,
)

NEEDED = ("id", "operator_type", "equation", "loop_dims", "loop_sizes", "operand_precision")


def missing_fields(file: str, document: object) -> tuple[Problem, ...]:
    """Problems that make every further check pointless: no list of layers, or layers without their fields."""
    if not is_array(document) or not document:
        return (Problem(file, "no workload: a list of layers is needed"),)
    return tuple(_missing_fields(file, document))


def _missing_fields(file: str, layers: Sequence[object]) -> Iterator[Problem]:
    for place, layer in enumerate(layers):
        if not isinstance(layer, dict):
            yield Problem(f"{file}: layer {place}", "not a mapping of fields")
        elif absent := [field for field in NEEDED if field not in layer]:
            yield Problem(f"{file}: layer {place}", f"{', '.join(absent)} missing")


def entries_with_fields(file: str, document: object) -> tuple[WorkloadEntry, ...]:
    """The layers of a workload file, each with the fields that it needs. Raises InputError."""
    raise_if_any(missing_fields(file, document))
    return tuple(document) if _has_fields(document) else ()


def _has_fields(document: object) -> TypeGuard[list[WorkloadEntry]]:
    """What is in the fields, ZigZag's schema says (`zigzag.layer.workload_problems`)."""
    return not missing_fields("", document)


def inconsistencies(file: str, layers: Sequence[WorkloadEntry]) -> tuple[Problem, ...]:
    """Problems in layers whose fields are all there and of the right type."""
    known: dict[str, tuple[str, ...]] = {}
    return tuple(_graph_problems(file, layers)) + tuple(
        Problem(_where(file, layer), said) for layer in layers for said in _known_problems(layer, known)
    )


def _known_problems(layer: WorkloadEntry, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The problems of a layer; those of one that says the same but of its place are the same, and `known`."""
    kind = layer_kind(layer)
    if kind not in known:
        known[kind] = tuple(_layer_problems(layer))
    return known[kind]


def _graph_problems(file: str, layers: Sequence[WorkloadEntry]) -> Iterator[Problem]:
    seen: set[int] = set()
    for layer in layers:
        if layer["id"] in seen:
            yield Problem(_where(file, layer), f"the id {layer['id']} is taken by an earlier layer")
        # Before its sources are looked at, since a layer that names itself has a constant.
        seen.add(layer["id"])
        for operand, source in operand_sources(layer).items():
            if source not in seen:
                yield Problem(
                    _where(file, layer),
                    f"the source of {operand} is {source}, which is no earlier layer",
                    "name an earlier layer, or the layer itself for a constant or an input of the network",
                )


def _layer_problems(layer: WorkloadEntry) -> Iterator[str]:
    dims, sizes = layer["loop_dims"], layer["loop_sizes"]
    # Everything below pairs the two lists.
    if len(dims) != len(sizes):
        yield f"{len(dims)} loop_dims ({', '.join(dims)}) but {len(sizes)} loop_sizes"
        return
    for dim, size in zip(dims, sizes, strict=True):
        if size < 1:
            yield f"the loop {dim} has size {size}: sizes start at 1"
    for operand, bits in layer["operand_precision"].items():
        if bits < 0:
            yield f"{operand} has {bits} bits"
    yield from _padding_problems(layer)
    try:
        yield from _index_problems(layer)
    except ValueError as error:
        yield str(error)


def _padding_problems(layer: WorkloadEntry) -> Iterator[str]:
    indices = layer.get("pr_loop_dims") or ()
    for field in ("pr_loop_sizes", "padding"):
        given = layer.get(field)
        if given is not None and len(given) != len(indices):
            yield f"{len(indices)} pr_loop_dims but {len(given)} entries in {field}"


def _index_problems(layer: WorkloadEntry) -> Iterator[str]:
    loops, related = set(loop_sizes(layer)), relations(layer)
    for index, terms in related.items():
        for dim in sorted({dim for _, dim in terms} - loops):
            yield f"the relation of {index.lower()} reads {dim}, which is no loop"
    for operand, indices in operand_indices(layer).items():
        if operand not in ("O", *layer["operand_precision"]):
            yield f"operand_precision has no {operand}"
        for index in sorted(set(indices) - loops - set(related)):
            yield f"{operand} is indexed by {index.lower()}, which is neither a loop nor the left side of a relation"


def _where(file: str, layer: WorkloadEntry) -> str:
    name = layer.get("name")
    return f"{file}: layer {layer['id']}" + (f" ({name})" if name else "")
