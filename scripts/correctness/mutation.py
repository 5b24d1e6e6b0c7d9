"""Mutation test of `onnx2zz verify`: does it object to every wrong layer? Prints the table of docs/verify.md.

python -m scripts.correctness.mutation [NAME...]   the models of mutation_models.py, all or some
    --results FILE   outcomes are kept in FILE, and models that stand there not run again
    --write          the table goes into the page
"""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.conservation.groups import groups
from onnx2zz.formats.workload_entry import WorkloadEntry, volumes
from onnx2zz.proof.stored_values import StoredValues
from onnx2zz.proof.values import Values, walk
from onnx2zz.proof.verify import verify
from scripts.correctness.full_evaluation import differs
from scripts.correctness.mutants import Mutant, mutants
from scripts.correctness.mutation_models import models
from scripts.doc_table import put_into_page, table

DECLARED = ("source", "width")
"""Kinds that change what is priced whatever the values are: every one of them counts."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant; `what` names it."""

    model: str
    kind: str
    what: str
    changes: bool
    caught: bool

    @property
    def escaped(self) -> bool:
        """Whether verify passes something that computes something else."""
        return self.changes and not self.caught


def outcomes(name: str, every: int = 1) -> Iterator[Outcome]:
    """Every mutant of one model (or every so many), evaluated in full and shown to verify."""
    compiled = compile_model(models()[name], name=name)
    assert not verify(compiled).mismatches, f"{name} itself does not pass"
    tensors = operands(compiled)
    for mutant in islice(mutants(compiled), 0, None, every):
        changed, caught = changes(mutant, compiled, tensors), bool(verify(mutant.compiled).mismatches)
        yield Outcome(name, mutant.kind, _described(mutant, compiled), changed, caught)


def _described(mutant: Mutant, compiled: Compiled) -> str:
    """The layer, and the fields that differ from the right entry's."""
    right, written = (one.entries[mutant.identity] for one in (compiled, mutant.compiled))
    fields = {key: value for key, value in written.items() if value != right.get(key)}
    return f"layer {mutant.identity}: {fields or 'the same entry'}"


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


def _volumes_differ(right: WorkloadEntry, mutant: WorkloadEntry) -> bool:
    """Whether ZigZag would count other volumes."""
    try:
        return volumes(right) != volumes(mutant)
    except (KeyError, ValueError):
        return True


def mutants_table(found: Iterable[Outcome]) -> str:
    """One row a kind: mutants, those that change the function, and how many of these verify objects to."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for outcome in found:
        for kind in (outcome.kind, "all"):
            for column, counts in enumerate((True, outcome.changes, outcome.changes and outcome.caught)):
                rows[kind][column] += counts
    cells = [[kind, *(f"{count:,}" for count in counts)] for kind, counts in sorted(rows.items())]
    return table(("kind", "mutants", "change the function", "caught"), cells)


def kept(results: Path | None) -> list[Outcome]:
    """The outcomes of earlier runs."""
    if results is None or not results.is_file():
        return []
    return [Outcome(**json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines()]


def measured(names: Sequence[str], results: Path | None) -> list[Outcome]:
    """The outcomes of some models, kept as soon as a model is done."""
    found = kept(results)
    for name in (n for n in names if n not in {outcome.model for outcome in found}):
        new = list(outcomes(name))
        found += new
        if results is not None:
            with results.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(outcome)) + "\n" for outcome in new)
        print(f"{name}: {len(new)} mutants, {sum(o.escaped for o in new)} escaped", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    found = measured(arguments.names or list(models()), arguments.results)
    for outcome in found:
        if outcome.escaped:
            print(f"escaped: {outcome.model}, {outcome.kind}, {outcome.what}")
    print(mutants_table(found), end="")
    if arguments.write:
        put_into_page("verify.md", "mutation", mutants_table(found))
    return any(outcome.escaped for outcome in found)


if __name__ == "__main__":
    sys.exit(main())
