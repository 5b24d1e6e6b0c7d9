"""Which hand-written layer stands for which layer of the model.

Both are lists of workload entries, each in execution order. They are aligned in order (Needleman and Wunsch's
dynamic programming), so that equal blocks repeated in a network stay apart; what is left over on both sides is then
paired across the order, because branches may be written in either order, and at last with what stands in the same place
and is only smaller or larger, because whoever forgets a padding shrinks all that follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from onnx2zz.formats.workload_entry import EntryLayer, as_meant, read_layer

FAMILIES = {"Conv": "mac", "Conv_downsample": "mac", "Gemm": "mac", "Add": "elementwise", "Max": "elementwise"}


@dataclass(frozen=True)
class Pairing:
    """Indices into the two lists: pairs, and what has no partner."""

    pairs: tuple[tuple[int, int], ...]
    only_written: tuple[int, ...]
    only_model: tuple[int, ...]


@dataclass(frozen=True)
class LayerSignature:
    """What two entries are compared by; volumes in elements."""

    family: str
    output: int
    loops: tuple[int, ...]
    inputs: tuple[int, ...]
    kept: frozenset[tuple[str, int]]
    reduced: frozenset[tuple[str, int]]

    def resized(self, other: "LayerSignature") -> bool:
        """Whether the same layer may stand behind both, on larger or smaller data: it sums over the same loops."""
        return self.family == other.family and self.reduced == other.reduced and bool(self.kept & other.kept)

    def score(self, other: "LayerSignature") -> int:
        """0: no pair. Same family and output volume are a pair; same inputs and loops make it a better one."""
        # Volumes and no names: people name loops and layers as they like, but what a layer writes follows from the
        # network.
        if (self.family, self.output) != (other.family, other.output):
            return 0
        # Any pair counts 4, so that of two alignments the one with more pairs nearly always wins; what else agrees
        # decides between equals.
        same_inputs = sum(mine == theirs for mine, theirs in zip(self.inputs, other.inputs, strict=False))
        return 4 + same_inputs + 2 * (prod(self.loops) == prod(other.loops)) + (self.loops == other.loops)


@dataclass(frozen=True)
class _Table:
    """best[i][j]: the best score of the first i written against the first j model layers."""

    written: Sequence[LayerSignature | None]
    model: Sequence[LayerSignature | None]

    def score(self, i: int, j: int) -> int:
        mine, theirs = self.written[i], self.model[j]
        return mine.score(theirs) if mine and theirs else 0

    @cached_property
    def best(self) -> list[list[int]]:
        best = [[0] * (len(self.model) + 1) for _ in range(len(self.written) + 1)]
        for i in range(1, len(best)):
            for j in range(1, len(best[0])):
                paired = best[i - 1][j - 1] + self.score(i - 1, j - 1)
                best[i][j] = max(paired, best[i - 1][j], best[i][j - 1])
        return best

    def pairs(self) -> list[tuple[int, int]]:
        i, j = len(self.written), len(self.model)
        found: list[tuple[int, int]] = []
        while i and j:
            gained = self.score(i - 1, j - 1)
            # From the end backward, and pairing where it is as good as leaving out: of equal alignments the one with
            # later partners.
            if gained and self.best[i][j] == self.best[i - 1][j - 1] + gained:
                i, j = i - 1, j - 1
                found.append((i, j))
            elif self.best[i][j] == self.best[i - 1][j]:
                i -= 1
            else:
                j -= 1
        return found[::-1]


def pair_layers(written: Sequence[object], model: Sequence[object]) -> Pairing:
    """Pair hand-written entries with the model's own; entries that cannot be read have no partner."""
    table = _Table([_signature(entry) for entry in written], [_signature(entry) for entry in model])
    pairs = table.pairs()
    # From certain to doubtful: each step pairs only what the one before has left, and the last goes by places alone.
    pairs += _across(table, {i for i, _ in pairs}, {j for _, j in pairs})
    pairs += _in_place(table, sorted(pairs))
    mine, theirs = {i for i, _ in pairs}, {j for _, j in pairs}
    return Pairing(
        tuple(sorted(pairs)),
        tuple(i for i in range(len(written)) if i not in mine),
        tuple(j for j in range(len(model)) if j not in theirs),
    )


def _across(table: _Table, mine: set[int], theirs: set[int]) -> list[tuple[int, int]]:
    """Pairs among the leftovers, the best ones first."""
    rest = [
        (-table.score(i, j), i, j)
        for i in range(len(table.written))
        for j in range(len(table.model))
        if i not in mine and j not in theirs and table.score(i, j)
    ]
    found: list[tuple[int, int]] = []
    # Best scores first, then the order of the lists: greedy, which does for the few that the alignment left over.
    for _, i, j in sorted(rest):
        if i not in mine and j not in theirs:
            found.append((i, j))
            mine, theirs = mine | {i}, theirs | {j}
    return found


def _in_place(table: _Table, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of other sizes among what stands between the same two partners."""
    found: list[tuple[int, int]] = []
    # Partners that are certain cut both lists into stretches. A layer of other sizes is looked for in its own stretch
    # only: anywhere else a layer of the same loops is another layer.
    ends = [*pairs, (len(table.written), len(table.model))]
    mine, theirs = {i for i, _ in pairs}, {j for _, j in pairs}
    for (i, j), (end, other_end) in zip([(-1, -1), *pairs], ends, strict=True):
        waiting = [n for n in range(j + 1, other_end) if n not in theirs]
        for m in (m for m in range(i + 1, end) if m not in mine):
            match = next((n for n in waiting if _resized(table.written[m], table.model[n])), None)
            if match is not None:
                found.append((m, match))
                # Pairs across the order make stretches overlap, so that the next one may come upon this layer, too.
                theirs.add(match)
                # Within a stretch partners keep their order: whoever forgets a padding shrinks layers, and does not
                # shuffle them.
                waiting = [n for n in waiting if n > match]
    return found


def _resized(written: LayerSignature | None, model: LayerSignature | None) -> bool:
    return written is not None and model is not None and written.resized(model)


def _signature(entry: object) -> LayerSignature | None:
    layer = read_layer(0, entry)
    return _of_layer(as_meant(layer)) if layer else None


def _of_layer(layer: EntryLayer) -> LayerSignature:
    running = [(loop, size) for loop, size in layer.loops.items() if size > 1]
    return LayerSignature(
        # A Conv may be written as a Gemm, and Max as Add: what they have in common is how they are computed.
        family=FAMILIES.get(layer.kind, "window"),
        output=layer.elements("O"),
        loops=tuple(sorted(size for size in layer.loops.values() if size > 1)),
        inputs=tuple(layer.elements(operand) for operand in sorted(layer.inputs)),
        kept=frozenset(pair for pair in running if pair[0] in layer.indices["O"]),
        reduced=frozenset(pair for pair in running if pair[0] not in layer.indices["O"]),
    )
