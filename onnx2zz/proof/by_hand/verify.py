"""Proves, or refutes, that a hand-written workload computes what a model computes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from onnx2zz.compiler import Compiled
from onnx2zz.conservation.groups import groups
from onnx2zz.conservation.mismatch import Mismatch
from onnx2zz.formats.pairing import Pairing, pair_layers
from onnx2zz.formats.workload_entry import EntryLayer, WorkloadEntry, as_meant, read_layer
from onnx2zz.proof.binding import Difference
from onnx2zz.proof.by_hand.alignment import alignments
from onnx2zz.proof.by_hand.differences import differences
from onnx2zz.proof.by_hand.rewriting import rewritten
from onnx2zz.proof.by_hand.sources import Edges
from onnx2zz.proof.check_node import NodeCheck
from onnx2zz.proof.result import Verification
from onnx2zz.proof.verify import VerifyOptions, Watch, checks, summary


@dataclass(frozen=True)
class Judged:
    """A hand-written layer: its id, what it says otherwise than the model's, and its entry in the model's words."""

    id: int
    differences: tuple[Difference, ...]
    entry: WorkloadEntry


def verify_by_hand(
    compiled: Compiled,
    written: Sequence[WorkloadEntry],
    options: VerifyOptions | None = None,
    watch: Watch | None = None,
) -> Verification:
    """Pairs the entries with the model's, compares them, and runs those that have partners.

    Widths are left to whoever wrote the workload, and so is which layer is called I where both operands vary.
    """
    pairing = pair_layers(written, compiled.entries)
    judged = _judged(pairing, written, compiled)
    entries = tuple(judged[e["id"]].entry if e["id"] in judged else e for e in compiled.entries)
    compiled = replace(compiled, entries=entries)
    lowered = groups(compiled.graph, compiled.workload)
    exact = {
        node: group
        for node, group in lowered.items()
        # The layers of one node hand tensors to each other; with one of them missing the others have no operands.
        if group.kind == "exact" and all(placed.id in judged for placed in group.placed)
    }
    run = {
        node: _told(check, judged)
        for node, check in checks(exact, compiled, options or VerifyOptions(), watch or _unwatched)
    }
    found = [*_said(judged, compiled), *_without_partner(pairing, written, compiled)]
    result = summary(compiled, lowered, run, tuple(found))
    return replace(result, mismatches=tuple(sorted(result.mismatches, key=_place)))


def _unwatched(done: int, of: int, following: str) -> None:
    pass


def _place(mismatch: Mismatch) -> tuple[bool, int, bool]:
    """Layer after layer as the file has them; what a layer says before the values that follow from it."""
    return mismatch.layer is None, mismatch.layer or 0, isinstance(mismatch.got, float)


def _judged(pairing: Pairing, written: Sequence[WorkloadEntry], compiled: Compiled) -> dict[int, Judged]:
    """By the id of the model's layer."""
    layers = {i: layer for i, entry in enumerate(written) if (layer := read_layer(i, entry))}
    edges = Edges.of(pairing, layers, compiled.workload)
    found: dict[int, Judged] = {}
    for i, j in pairing.pairs:
        model = read_layer(j, compiled.entries[j])
        assert model is not None, "an entry of ours that cannot be read"
        found[j] = _judge(layers[i], model, compiled, edges)
    return found


def _judge(written: EntryLayer, model: EntryLayer, compiled: Compiled, edges: Edges) -> Judged:
    """The reading of a layer that differs least."""
    placed, entry = compiled.workload.layers[model.id], compiled.entries[model.id]
    readings = [
        (layer, (*differences(layer, model), *edges.differences(layer, placed)))
        for layer in alignments(as_meant(written), model)
    ]
    # The author meant one of them, and the fewest contradictions are the best guess.
    layer, found = min(readings, key=lambda reading: len(reading[1]))
    turned = tuple(_turned(str(relation)) for relation in written.input_based)
    return Judged(written.id, (*turned, *found), rewritten(layer, model, entry))


def _turned(relation: str) -> Difference:
    return Difference("relation", "the input derived from the output", relation, "input-based relation")


def _told(check: NodeCheck, judged: Mapping[int, Judged]) -> NodeCheck:
    """A node's wrong values under the ids of the file and with a cause that is known."""
    # What binding says of the rewritten entry is in our words and numbers; the comparison has said it in the author's.
    return replace(check, said=(), mismatches=tuple(_with_cause(m, judged) for m in check.mismatches))


def _with_cause(mismatch: Mismatch, judged: Mapping[int, Judged]) -> Mismatch:
    if mismatch.layer is None:
        return mismatch
    layer = judged[mismatch.layer]
    # A wrong source changes no value of this layer: it is run on the model's operands.
    known = [difference.cause for difference in layer.differences if difference.cause != "source"]
    return replace(mismatch, layer=layer.id, cause=known[0] if known else mismatch.cause)


def _said(judged: Mapping[int, Judged], compiled: Compiled) -> Iterator[Mismatch]:
    for theirs, layer in judged.items():
        node = compiled.workload.layers[theirs].node
        for difference in layer.differences:
            yield Mismatch(node, layer.id, difference.where, difference.layer, difference.entry, difference.cause)


def _without_partner(pairing: Pairing, written: Sequence[WorkloadEntry], compiled: Compiled) -> Iterator[Mismatch]:
    for i in pairing.only_written:
        entry = written[i]
        name = str(entry.get("name") or entry["operator_type"])
        yield Mismatch("", entry["id"], "layer", "none", name, "a layer that the model lacks")
    for j in pairing.only_model:
        placed = compiled.workload.layers[j]
        yield Mismatch(placed.node, None, "layer", placed.name, "none", "a layer that is missing")
