"""What the corpus says of the compiler, as docs/corpus.md."""

from collections import Counter
from collections.abc import Sequence

import onnx

from scripts.correctness.corpus.judge import DEVIATIONS, Verdict

HEAD = """# ONNX's own operator tests

onnx generates a test for each form of each operator, with inputs and the outputs that ONNX's definition gives; its
wheel also holds models that PyTorch exported. `python -m scripts.correctness.corpus` compiles all of them, once as they
are and once with constants for all inputs but the first, as networks have them, and writes this page. Nothing may fail
in any other way than by a sentence, no node may be lost, products must have the MACs that their shapes say, and what
claims to be exact is run: a single node against ONNX's outputs, several against onnxruntime.

"""
MEANING = {
    "proven": "run as loop nests, all that is exact in them: equal",
    "compiled": "views, movement, constants, hosts, or nothing that onnxruntime or numpy could run",
    "refused": "with a sentence",
}


def page(verdicts: Sequence[Verdict]) -> str:
    """The page, of all verdicts."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    rows = [f"| {outcome} | {counts[outcome]:,} | {meaning} |" for outcome, meaning in MEANING.items()]
    table = "\n".join(["| outcome | cases | |", "|---|---|---|", *rows])
    count = f"onnx {onnx.__version__}, {len(verdicts):,} cases:"
    return "\n\n".join([HEAD.strip(), count, table, _operators(verdicts), _notes(verdicts)])


def _operators(verdicts: Sequence[Verdict]) -> str:
    """Operators by what was shown of them, of their own cases alone."""
    own = [v for v in verdicts if len(v.case.model.graph.node) == 1 and "/" not in v.case.name]
    found: dict[str, set[str]] = {}
    for verdict in own:
        found.setdefault(verdict.case.operator, set()).add(verdict.outcome)
    proven = [op for op, outcomes in found.items() if "proven" in outcomes]
    others = [op for op in found if op not in proven]
    return (
        f"Operators with cases that are proven ({len(proven)}): {_listed(proven)}.\n\n"
        f"Operators that are only compiled ({len(others)}): {_listed(others)}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names, key=lambda name: ("." in name, name.lower())))


def _notes(verdicts: Sequence[Verdict]) -> str:
    refused = [f"- {v.case.label}: {v.refusal.partition(': ')[2]}" for v in verdicts if v.outcome == "refused"]
    differing = [f"- {label}: {why}" for label, why in DEVIATIONS.items()]
    return "\n".join(["## Refused", *refused, "", "## Where onnxruntime and ONNX's definition differ", *differing, ""])
