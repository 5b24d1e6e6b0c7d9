"""Mutants of a compiled model: one thing changed in one entry, or in one layer (and so in its entry, too)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from onnx2zz.compiler import Compiled
from onnx2zz.emission.entry import entry as emitted
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.ir.layer import Layer
from onnx2zz.ir.workload import PlacedLayer
from onnx2zz.proof.variants import variants
from scripts.correctness.relation_text import parts


@dataclass(frozen=True)
class Mutant:
    """`entry` or `layer` says where the change is; a changed layer is emitted anew, as a wrong lowering would be."""

    kind: str
    identity: int
    compiled: Compiled
    entry: WorkloadEntry | None = None
    layer: Layer | None = None


def mutants(compiled: Compiled) -> Iterator[Mutant]:
    """Every mutant of every layer."""
    for placed in compiled.workload.layers:
        entry = compiled.entries[placed.id]
        for kind, changed in entry_mutants(entry):
            entries = tuple(changed if e["id"] == placed.id else e for e in compiled.entries)
            yield Mutant(f"entry: {kind}", placed.id, replace(compiled, entries=entries), entry=changed)
        for kind, layer in layer_mutants(placed.layer):
            mutated = _emitted(compiled, replace(placed, layer=layer))
            if mutated is not None:
                yield Mutant(f"layer: {kind}", placed.id, mutated, layer=layer)
        for changed in _sources(placed):
            mutated = _emitted(compiled, changed)
            if mutated is not None:
                yield Mutant("layer: source", placed.id, mutated)


def _emitted(compiled: Compiled, placed: PlacedLayer) -> Compiled | None:
    """The model with another layer; None where the layer cannot even be written down."""
    try:
        written = emitted(placed)
    except (AssertionError, KeyError, IndexError):
        return None
    layers = tuple(placed if other.id == placed.id else other for other in compiled.workload.layers)
    entries = tuple(written if e["id"] == placed.id else e for e in compiled.entries)
    return replace(compiled, workload=replace(compiled.workload, layers=layers), entries=entries)


def layer_mutants(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Another map, stride, pad, group or function; another size of one loop, or of two that are exchanged."""
    yield from variants(layer)
    for n, (_, size) in enumerate(layer.loops):
        for other in (size - 1, size + 1):
            if other > 0:
                yield "size", replace(layer, loops=_with_size(layer.loops, n, other))


def _with_size(loops: Sequence[tuple[str, int]], n: int, size: int) -> tuple[tuple[str, int], ...]:
    return tuple((loop, size if i == n else old) for i, (loop, old) in enumerate(loops))


def _sources(placed: PlacedLayer) -> Iterator[PlacedLayer]:
    """Each operand fed by another layer, by one less, or by nothing."""
    for operand, sources in placed.sources.items():
        others = [(i,) for i in range(placed.id)] + [()] + [sources[:n] + sources[n + 1 :] for n in range(len(sources))]
        for other in dict.fromkeys(others):
            if set(other) - {"const"} != set(sources) - {"const"}:
                yield replace(placed, sources={**placed.sources, operand: other or ("const",)})


def entry_mutants(entry: WorkloadEntry) -> Iterator[tuple[str, WorkloadEntry]]:
    """One field of an entry changed; nothing else follows it."""
    for equation in _swapped(entry["equation"]):
        yield "swapped indices", {**entry, "equation": equation}
    for relations in _strides(entry.get("dimension_relations", [])):
        yield "stride", {**entry, "dimension_relations": relations}
    for padding in _pads(entry.get("padding") or []):
        yield "pad", {**entry, "padding": padding}
    for extents in _sizes(entry.get("pr_loop_sizes") or []):
        yield "pad", {**entry, "pr_loop_sizes": extents}
    for sizes in _sizes(entry["loop_sizes"]):
        yield "size", {**entry, "loop_sizes": sizes}
    for sizes in _exchanged(entry["loop_sizes"]):
        yield "group", {**entry, "loop_sizes": sizes}
    sources, precision = entry.get("operand_source", {}), entry["operand_precision"]
    for operand, source in sources.items():
        for other in range(entry["id"] + 1):
            if other != source:
                yield "source", {**entry, "operand_source": {**sources, operand: other}}
    for operand, bits in precision.items():
        for other in (bits // 2, bits * 2 or 8):
            if other != bits:
                yield "width", {**entry, "operand_precision": {**precision, operand: other}}


def _swapped(equation: str) -> Iterator[str]:
    places = [match.span(1) for match in re.finditer(r"\[(\w+)\]", equation)]
    for (a, b), (c, d) in combinations(places, 2):
        if equation[a:b] != equation[c:d]:
            yield equation[:a] + equation[c:d] + equation[b:c] + equation[a:b] + equation[d:]


def _strides(relations: Sequence[str]) -> Iterator[list[str]]:
    """Each coefficient one more or less, and the two loops of a relation exchanged."""
    for n, relation in enumerate(relations):
        left, a, outer, b, inner = parts(relation)
        changed = [(a + 1, outer, b, inner), (a, outer, b + 1, inner), (a, inner, b, outer)]
        changed += [(a - 1, outer, b, inner)] * (a > 1) + [(a, outer, b - 1, inner)] * (b > 1)
        for x, one, y, other in changed:
            yield [*relations[:n], f"{left}={x}*{one}+{y}*{other}", *relations[n + 1 :]]


def _pads(padding: Sequence[Sequence[int]]) -> Iterator[list[list[int]]]:
    for n, (begin, end) in enumerate(padding):
        for pair in ([begin + 1, end], [begin - 1, end], [begin, end + 1], [begin, end - 1], [end, begin]):
            if min(pair) >= 0 and pair != [begin, end]:
                yield [*map(list, padding[:n]), pair, *map(list, padding[n + 1 :])]


def _sizes(sizes: Sequence[int]) -> Iterator[list[int]]:
    for n, size in enumerate(sizes):
        yield from ([*sizes[:n], other, *sizes[n + 1 :]] for other in (size - 1, size + 1) if other > 0)


def _exchanged(sizes: Sequence[int]) -> Iterator[list[int]]:
    for (i, one), (j, other) in combinations(enumerate(sizes), 2):
        if one != other:
            changed = list(sizes)
            changed[i], changed[j] = other, one
            yield changed
