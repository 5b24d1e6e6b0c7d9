"""Memory and time of one search against how many orderings are priced at once.

A 3x3 convolution on an array that shares one buffer between its operands, which needs most; each search in a process of
its own, imports included.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.benchmarks.benchmark import options
from scripts.benchmarks.processes import adopt_orphans, timed

SEARCH = """
import logging, sys
from onnx2zz.zigzag.search import best_orderings
from scripts.benchmarks.search import LAYERS, setting
logging.disable(logging.WARNING)
lpf_limit, rows = map(int, sys.argv[1:])
best_orderings(setting("eyeriss_like", "default", LAYERS[0], lpf_limit), ("latency",), rows)
"""


def main(arguments: Sequence[str]) -> int:
    parser = options("search_memory", __doc__)
    parser.add_argument("--lpf-limit", nargs="+", type=int, default=[1, 8, 9], help="1: hardly more than the imports")
    parser.add_argument("--rows", nargs="+", type=int, default=[1024, 4096, 16384, 65536])
    given = parser.parse_args(arguments)
    adopt_orphans()
    for lpf_limit in given.lpf_limit:
        for rows in given.rows:
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-c", SEARCH, str(lpf_limit), str(rows)]
                took = timed(command, Path(folder) / "said.txt")
            print(f"limit {lpf_limit}, {rows:6} at once: {took['peak_mb']:4} MB, {took['cpu']:5.1f} s CPU", flush=True)
    return 0
