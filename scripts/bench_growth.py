"""How compiling grows with the graph: `python scripts/bench_growth.py [--nodes N] [--kind KIND ...] [--table]`.

Chains of each kind (scripts/networks/chains.py) of N/8 and of N nodes, each read from a file, compiled with
`--unsupported host` and written. CPU time of one process that has compiled before, so that start-up is no part of it,
the least of a few runs. Each kind is a line of docs/measured/growth.jsonl (or `--into FILE`). `--table` measures
nothing and writes the table of docs/reliability.md. Exit code 1 if a kind takes more than MOST times as long.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnx

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.lowering.options import LoweringOptions
from scripts.bench import seconds
from scripts.measurements import MEASURED, keep, measured, put_into_page, table
from scripts.networks.chains import CHAINS

TIMES = 8
MOST = 12
OPTIONS = CompileOptions(lowering=LoweringOptions(unsupported="host"))


def compiling(model: onnx.ModelProto, folder: Path) -> Callable[[], None]:
    """Compiles the model from a file and writes what it gives."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return lambda: compile_model(path, OPTIONS).write(folder)


def growth(kind: str, nodes: int) -> dict[str, object]:
    """CPU seconds of a chain of `nodes` nodes and of one of an eighth."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for length, runs in ((nodes // TIMES // TIMES, 1), (nodes // TIMES, 3), (nodes, 2)):
            taken.append(seconds(compiling(CHAINS[kind](length), Path(folder)), runs))
    return {"kind": kind, "nodes": nodes, "small": round(taken[1], 3), "large": round(taken[2], 3)}


def times(line: dict[str, object]) -> float:
    """How many times as long the large chain takes."""
    return float(str(line["large"])) / max(float(str(line["small"])), 1e-3)


def write_table(file: Path) -> None:
    """The latest line of each kind into the page."""
    latest = {str(line["kind"]): line for line in measured(file)}
    rows = [
        [k, *(f"{line[name]:,}" for name in ("nodes", "small", "large")), f"{times(line):.1f}"]
        for k, line in latest.items()
    ]
    put_into_page("reliability.md", "growth", table(("chain", "nodes", "s, an eighth", "s, all", "times"), rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--kind", nargs="+", default=list(CHAINS))
    parser.add_argument("--into", type=Path, default=MEASURED / "growth.jsonl", metavar="FILE")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        write_table(given.into)
        return
    found = []
    for kind in given.kind:
        line = growth(kind, given.nodes)
        print(f"{kind:32} {line['small']:8} s {line['large']:8} s {times(line):6.1f}", flush=True)
        keep(line, given.into)
        found.append(times(line))
    sys.exit(max(found) > MOST)


if __name__ == "__main__":
    main()
