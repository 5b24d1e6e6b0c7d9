"""A hand-written layer in the words of the model's layer that it stands for.

A name means nothing to ZigZag: the same layer may have B for D, write a product as a 1x1 convolution, leave out loops
of size 1, or exchange I and W. What is left after alignment are differences of substance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations

from onnx2zz.formats.workload_entry import EntryLayer, Relation

EXCHANGED = {"I": "W", "W": "I"}


def alignments(written: EntryLayer, model: EntryLayer) -> Iterator[EntryLayer]:
    """The readings of a layer in the model's words: loops paired by name or by size, I and W exchanged or not."""
    written = _without_idle_operand(written, model)
    # Which operand is called I is the author's choice where both vary, and the entry then differs in nothing else.
    for layer in (written, _exchanged(written)):
        for by_name in (True, False):
            pairs = _pairs(layer, model, by_name)
            yield _renamed(layer, model, pairs)
            for names in _along_windows(pairs, layer, model):
                yield _renamed(layer, model, names)


def terms(layer: EntryLayer, index: str) -> dict[str, int]:
    """The loops that an index walks, each with its coefficient."""
    relation = layer.related.get(index)
    return {relation.first: relation.a, relation.second: relation.b} if relation else {index: 1}


def walking(layer: EntryLayer, operand: str) -> frozenset[str]:
    """The loops that move an operand."""
    return frozenset(loop for index in layer.indices.get(operand, ()) for loop in terms(layer, index))


def _without_idle_operand(written: EntryLayer, model: EntryLayer) -> EntryLayer:
    """The layer without a second operand of 0 bits, as hand-written pools have one, if the model's layer has none."""
    if model.indices.get("W") or written.precision.get("W") != 0:
        return written
    return replace(written, indices={**written.indices, "W": ()})


def _exchanged(layer: EntryLayer) -> EntryLayer:
    return replace(
        layer,
        indices={EXCHANGED.get(operand, operand): indices for operand, indices in layer.indices.items()},
        sources={EXCHANGED.get(operand, operand): source for operand, source in layer.sources.items()},
        precision={EXCHANGED.get(operand, operand): bits for operand, bits in layer.precision.items()},
    )


def _pairs(layer: EntryLayer, model: EntryLayer, by_name: bool) -> dict[str, str]:
    """Each loop's name in the model, best matches first; loops that move other operands match by name only."""
    # All pairs are ranked together and the best taken first, so that a loop does not take the partner of another one
    # that fits it better. Names decide among equals only, or first of all: authors copy names from the model or use
    # their own, and `alignments` tries both.
    matches: list[tuple[tuple[bool, ...], str, str]] = []
    for mine, size in layer.loops.items():
        for theirs, other in model.loops.items():
            moves = [tuple(loop in walking(one, o) for o in "OIW") for one, loop in ((layer, mine), (model, theirs))]
            named, placed, sized = mine == theirs, moves[0] == moves[1], size == other
            alike = _slides(layer, mine) == _slides(model, theirs)
            # A loop of another name that moves other operands has nothing in common with it.
            if named or placed:
                rank = (named, sized, placed, alike) if by_name else (placed, sized, alike, named)
                matches.append((rank, mine, theirs))
    found: dict[str, str] = {}
    for _, mine, theirs in sorted(matches, key=lambda match: match[0], reverse=True):
        if mine not in found and theirs not in found.values():
            found[mine] = theirs
    return found


def _along_windows(pairs: Mapping[str, str], layer: EntryLayer, model: EntryLayer) -> Iterator[dict[str, str]]:
    """The same pairs with each filter loop beside its output loop, the windows of the model in every order."""
    theirs = dict(_outer_and_inner(model, relation) for relation in model.relations)
    # Height and width of square layers cannot be told apart by sizes, so that each assignment of windows is tried; the
    # reading that differs least is kept.
    for order in permutations(theirs):
        turned = dict(zip(theirs, order, strict=True))
        names = {mine: turned.get(name, name) for mine, name in pairs.items()}
        for outer, inner in (_outer_and_inner(layer, relation) for relation in layer.relations):
            wanted = theirs.get(names.get(outer, ""))
            if wanted is not None and inner in names:
                other = next((mine for mine, name in names.items() if name == wanted), inner)
                names[inner], names[other] = wanted, names[inner]
        yield names


def _outer_and_inner(layer: EntryLayer, relation: Relation) -> tuple[str, str]:
    """The loop of a window that moves the output, and the one that the window sums over."""
    if relation.first not in layer.indices["O"]:
        return relation.second, relation.first
    return relation.first, relation.second


def _slides(layer: EntryLayer, loop: str) -> bool:
    """Whether a loop is one of the two of a window."""
    return any(
        loop in (relation.first, relation.second)
        and all(layer.loops.get(name, 1) > 1 for name in (relation.first, relation.second))
        for relation in layer.relations
    )


def _renamed(layer: EntryLayer, model: EntryLayer, names: Mapping[str, str]) -> EntryLayer:
    """The layer with the model's names; loops of size 1 that the model lacks are left out, others keep a name."""
    # Loops of size 1 say nothing to ZigZag, so an author may leave them out, or write them where the model has none.
    # Both are brought to what the model has, or each would be told as a difference.
    kept = {loop: _unused(loop, model, names) for loop, size in layer.loops.items() if size > 1 or loop in names}
    relations: list[Relation] = []
    targets: dict[str, str] = {}
    for relation in layer.relations:
        if relation.first in kept and relation.second in kept:
            changed = replace(relation, first=kept[relation.first], second=kept[relation.second])
            targets[relation.target] = _target(changed, model)
            relations.append(replace(changed, target=targets[relation.target]))
    return replace(
        layer,
        loops={name: layer.loops[loop] for loop, name in kept.items()},
        relations=tuple(relations),
        indices={
            operand: tuple(name for index in indices for name in _names(layer, index, kept, targets))
            for operand, indices in layer.indices.items()
        },
        padding={targets.get(index, index): pair for index, pair in layer.padding.items()},
        extents={targets.get(index, index): extent for index, extent in layer.extents.items()},
    )


def _unused(loop: str, model: EntryLayer, names: Mapping[str, str]) -> str:
    """The loop's name in the model, else one that the model does not have."""
    if loop in names:
        return names[loop]
    # A name of the model's would make it that loop.
    while loop in model.loops:
        loop += "1"
    return loop


def _target(relation: Relation, model: EntryLayer) -> str:
    """The model's name for what the two loops of a relation, or else either of them, walk together."""
    loops = {relation.first, relation.second}
    # One loop in common is enough: a window that pairs the wrong loops has to be compared with the one that it should
    # be.
    shared = {other.target: len(loops & {other.first, other.second}) for other in model.relations}
    best = max(shared, key=lambda target: shared[target], default=relation.target)
    return best if shared.get(best) else relation.target


def _names(layer: EntryLayer, index: str, kept: Mapping[str, str], targets: Mapping[str, str]) -> list[str]:
    """An index in the model's words: a window one of whose loops is left out is the other loop."""
    if index in targets:
        return [targets[index]]
    return [kept[loop] for loop in terms(layer, index) if loop in kept]
