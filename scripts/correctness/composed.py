"""Composes random graphs and holds what onnx2zz makes of them to onnxruntime and to numbered elements.

    python -m scripts.correctness.composed 0 200            # the graphs of seeds 0 to 199; failures by kind
    python -m scripts.correctness.composed 0 200 --shrink   # each kind with the smallest graph that shows it

Exit code 1 if anything was found. tests/composed has the graphs and what is asked of them.
"""

import argparse
import sys
import time
from collections import defaultdict

import onnx

from tests.composed import judge
from tests.composed.bodies import Wrap, wrapped
from tests.composed.finding import Finding
from tests.composed.flat import Flat
from tests.composed.shrink import shrunk


def found(seeds: range) -> dict[str, list[tuple[int, Finding]]]:
    """Kind to the seeds that show it."""
    kinds: dict[str, list[tuple[int, Finding]]] = defaultdict(list)
    for seed in seeds:
        for finding in judge.found(seed):
            kinds[finding.kind].append((seed, finding))
    return kinds


def smallest(seed: int, kind: str) -> str:
    """The text of the smallest graph with this kind of fault."""

    def still_shows(flat: Flat, wraps: tuple[Wrap, ...]) -> bool:
        return any(finding.kind == kind for finding in judge.judged(flat, wraps))

    flat, wraps = judge.graph_of(seed)
    model = wrapped(*shrunk(flat, wraps, still_shows))
    return onnx.printer.to_text(model)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--shrink", action="store_true")
    asked = parser.parse_args()
    begun = time.process_time()
    kinds = found(range(asked.first, asked.first + asked.count))
    for kind, seen in sorted(kinds.items(), key=lambda item: -len(item[1])):
        seed, finding = seen[0]
        print(f"{len(seen)} x {kind}\n    seed {seed}: {finding.what}")
        if asked.shrink:
            print(smallest(seed, kind))
    wrong = {seed for seen in kinds.values() for seed, _ in seen}
    print(f"{len(wrong)} of {asked.count} graphs wrong, {len(kinds)} kinds, {time.process_time() - begun:.0f} s CPU")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
