"""How often check's verdict on a triple is what stock ZigZag does: the confusion matrix of docs/check.md.

    python -m scripts.correctness.verdict_matrix TRIPLES SEED

Generates the triples of tests/checks/triples.py, spells them as files of 2024 and of Stream do (spellings.py), judges
each without and with locality, runs stock ZigZag on each in today's spelling, and prints the counts, and every triple
that is off the diagonal.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.spellings import spelt
from tests.checks.triples import Triple, stock_zigzag, triples

LPF_LIMIT = 4
PRINT_EVERY = 25


def verdict(triple: Triple, read: Triple, *, locality: bool) -> tuple[str, str]:
    """What ZigZag does with a triple (runs, raises, or "heads": StopIteration), and what check says of its spelling."""
    raised = stock_zigzag(triple, lpf_limit=LPF_LIMIT, locality=locality, picture=False)
    accelerator, mapping, workload = (parse_yaml(yaml.safe_dump(data, sort_keys=False), "file") for data in read)
    files = Context(accelerator, mapping, workload, lpf_limit=LPF_LIMIT, exploit_data_locality=locality)
    findings = diagnose(files)
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
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.large_base_example,
        ],
    )
    @given(triples(), st.data())
    def judge(drawn: tuple[str, Triple], data: st.DataObject) -> None:
        read = data.draw(spelt(drawn[1]))
        for locality in (False, True):
            outcome = verdict(drawn[1], read, locality=locality)
            counts[outcome] += 1
            if outcome in (("runs", "error"), ("raises", "no error")):
                print(outcome, f"locality={locality}", drawn, read)
        if counts.total() % (2 * PRINT_EVERY) == 0:
            print(dict(counts), flush=True)

    judge()
    print(dict(counts))


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("triples", type=int)
    parser.add_argument("seed", type=int)
    asked = parser.parse_args()
    main(asked.triples, asked.seed)
