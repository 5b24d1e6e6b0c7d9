"""What a higher `--lpf-limit` buys and costs: `python scripts/bench_limits.py [--network N ...] [--lpf-limit L ...]`.

The best latency and the best energy of whole networks, each with CPU time (imports included) and peak memory of one
process without a cache. Each case is a line of docs/measured/limits.jsonl (or `--into FILE`); with `--resume` the
cases in it are left out. `--table` measures nothing and writes the table of docs/search.md.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.benchmark_networks import ACCELERATORS, NETWORKS, compile_into
from scripts.measurements import MEASURED, is_known, keep, measured, put_into_page, table
from scripts.processes import ONNX2ZZ, adopt_orphans, timed

Line = Mapping[str, Any]


def evaluated(folder: Path, arch: str, lpf_limit: int, opt: str) -> dict[str, Any]:
    """Figures of what was compiled into `folder`."""
    asked = [str(folder / "workload.yaml"), "--mapping", str(folder / "mapping.yaml"), "--arch", arch]
    how = ["--lpf-limit", str(lpf_limit), "--opt", opt, "--jobs", "1", "--no-cache", "-o", str(folder)]
    took = timed([*ONNX2ZZ, "evaluate", *asked, *how], folder / "said.txt")
    total = json.loads((folder / "result.json").read_text())["total"]
    figures = {name: total[name] for name in ("energy_pj", "latency_cycles")}
    return figures | {"cpu": took.cpu, "peak_mb": took.peak_mb}


def write_table(lines: Sequence[Line]) -> None:
    """Into the page: one row a network and accelerator."""
    found = {(line["network"], line["arch"], line["lpf_limit"], line["opt"]): line for line in lines}
    limits = sorted({line["lpf_limit"] for line in lines})
    pairs = dict.fromkeys((line["network"], line["arch"]) for line in lines)
    rows = [[" on ".join(pair), *(_cell(found, pair, limit, limits[0]) for limit in limits)] for pair in pairs]
    head = ["network and accelerator", *(f"limit {limit}" for limit in limits)]
    put_into_page("search.md", "limits", table(head, rows))


def _cell(found: Mapping[tuple[Any, ...], Line], pair: tuple[str, str], limit: int, base: int) -> str:
    try:
        latency, energy, base_latency, base_energy = (
            found[*pair, at, opt] for at in (limit, base) for opt in ("latency", "energy")
        )
    except KeyError:
        return ""
    cycles, pj = latency["latency_cycles"], energy["energy_pj"]
    if limit == base:
        return f"{cycles / 1e6:,.2f} Mcycles, {pj / 1e6:,.0f} uJ, {latency['cpu']:.1f} s"
    changes = cycles / base_latency["latency_cycles"] - 1, pj / base_energy["energy_pj"] - 1
    return ", ".join([*(f"{change:+.2%}" for change in changes), f"{latency['cpu']:.1f} s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", nargs="+", default=NETWORKS, help="names of models that ship do as well")
    parser.add_argument("--arch", nargs="+", default=ACCELERATORS)
    parser.add_argument("--lpf-limit", nargs="+", type=int, default=[6, 7, 8])
    parser.add_argument("--into", type=Path, default=MEASURED / "limits.jsonl", metavar="FILE")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        write_table(measured(given.into))
        return
    adopt_orphans()
    for network, arch, lpf_limit, opt in product(given.network, given.arch, given.lpf_limit, ("latency", "energy")):
        case = {"network": network, "arch": arch, "lpf_limit": lpf_limit, "opt": opt}
        if given.resume and is_known(case, measured(given.into)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            compile_into(Path(folder), network, arch)
            line = case | evaluated(Path(folder), arch, lpf_limit, opt)
        print(json.dumps(line), flush=True)
        keep(line, given.into)


if __name__ == "__main__":
    main()
