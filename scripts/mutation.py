"""Mutation test of `onnx2zz verify`: does it object to every wrong layer? Prints the table of docs/verify.md.

python scripts/mutation.py [NAME...]     the models of mutation_models.py, all or some
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.verify.groups import groups
from onnx2zz.verify.stored_values import StoredValues
from onnx2zz.verify.values import Values, walk
from onnx2zz.verify.verify import verify
from onnx2zz.workload_entry import volumes
from scripts.full_evaluation import differs
from scripts.mutants import Entry, Mutant, mutants
from scripts.mutation_models import models

DECLARED = ("source", "width")
"""Kinds that change what is priced whatever the values are: every one of them counts."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    model: str
    mutant: Mutant
    right: Entry
    changes: bool
    caught: bool


def outcomes(name: str) -> Iterator[Outcome]:
    """Every mutant of one model, evaluated in full and shown to verify."""
    compiled = compile_model(models()[name], name=name)
    assert not verify(compiled).mismatches, f"{name} itself does not pass"
    tensors = operands(compiled)
    for mutant in mutants(compiled):
        right = compiled.entries[mutant.identity]
        yield Outcome(name, mutant, right, changes(mutant, compiled, tensors), bool(verify(mutant.compiled).mismatches))


def operands(compiled: Compiled) -> dict[str, np.ndarray]:
    """Every tensor that some layer reads, of one run."""
    values = Values(compiled.graph, StoredValues(compiled.graph, None), np.random.default_rng(7))
    lowered = groups(compiled.graph, compiled.workload)
    found: dict[str, np.ndarray] = {}
    for node in walk(values, {node: group.reads for node, group in lowered.items()}, ()):
        found |= {read: values.of(read) for read in (lowered[node].reads if node in lowered else ())}
    return found


def changes(mutant: Mutant, compiled: Compiled, tensors: dict[str, np.ndarray]) -> bool:
    """Whether a mutant makes its node compute something else, or (an entry's) ZigZag count other volumes."""
    if mutant.kind.endswith(DECLARED):
        return True
    lowered = groups(compiled.graph, compiled.workload).values()
    group = next(g for g in lowered if mutant.identity in {placed.id for placed in g.placed})
    right = compiled.entries[mutant.identity]
    written = mutant.compiled.entries[mutant.identity]
    changed = mutant.layer or written
    if differs(group, mutant.identity, changed, right, tensors):
        return True
    return mutant.entry is not None and _volumes_differ(right, written)


def _volumes_differ(right: Entry, mutant: Entry) -> bool:
    """Whether ZigZag would count other volumes."""
    try:
        return volumes(right) != volumes(mutant)
    except (KeyError, ValueError):
        return True


def table(found: Iterable[Outcome]) -> str:
    """One row a kind: mutants, those that change the function, and how many of these verify objects to."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for outcome in found:
        for kind in (outcome.mutant.kind, "all"):
            for column, counts in enumerate((True, outcome.changes, outcome.changes and outcome.caught)):
                rows[kind][column] += counts
    lines = ["| kind | mutants | change the function | caught |", "|---|---|---|---|"]
    lines += [f"| {kind} | {n:,} | {changed:,} | {caught:,} |" for kind, (n, changed, caught) in sorted(rows.items())]
    return "\n".join(lines)


def main(names: list[str]) -> int:
    found: list[Outcome] = []
    for name in names or models():
        found += outcomes(name)
        print(f"{name}: {len(found)} mutants so far", file=sys.stderr)
    for outcome in found:
        if outcome.changes and not outcome.caught:
            mutant = outcome.mutant
            written = {k: v for k, v in (mutant.entry or {}).items() if v != outcome.right.get(k)}
            print(f"escaped: {outcome.model}, layer {mutant.identity}, {mutant.kind}: {written or mutant.layer}")
    print(table(found))
    return any(outcome.changes and not outcome.caught for outcome in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
