"""How often check's verdict on a triple is what stock ZigZag does: the confusion matrix of docs/check.md.

python scripts/verdict_matrix.py TRIPLES SEED: generates the triples of tests/checks/triples.py, judges each without and
with locality, runs stock ZigZag on each, and prints the counts, and every triple that is off the diagonal.
"""

import sys
from collections import Counter
from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.triples import Triple, stock_zigzag, triples

LPF_LIMIT = 4
PRINT_EVERY = 25


def verdict(triple: Triple, *, locality: bool) -> tuple[str, str]:
    """What ZigZag does (runs, raises, or "heads": StopIteration), and what check says."""
    raised = stock_zigzag(triple, lpf_limit=LPF_LIMIT, locality=locality, picture=False)
    files = (parse_yaml(yaml.safe_dump(data, sort_keys=False), name) for data, name in zip(triple, "amw", strict=True))
    findings = diagnose(Context(*files, lpf_limit=LPF_LIMIT, exploit_data_locality=locality))
    done = "runs" if raised is None else "heads" if "StopIteration" in raised else "raises"
    return done, "error" if any(one.severity == "error" for one in findings) else "no error"


def main(number: int, chosen_seed: int) -> None:
    counts: Counter[tuple[str, str]] = Counter()

    @seed(chosen_seed)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(triples())
    def judge(drawn: tuple[str, Triple]) -> None:
        for locality in (False, True):
            outcome = verdict(drawn[1], locality=locality)
            counts[outcome] += 1
            if outcome in (("runs", "error"), ("raises", "no error")):
                print(outcome, f"locality={locality}", drawn)
        if counts.total() % (2 * PRINT_EVERY) == 0:
            print(dict(counts), flush=True)

    judge()
    print(dict(counts))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
