"""What a higher `--lpf-limit` buys and costs.

The best latency and the best energy of whole networks, each with CPU time (imports included) and peak memory of one
process without a cache.
"""

import json
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TypedDict

from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.networks import ACCELERATORS, NETWORKS, compile_into
from scripts.benchmarks.processes import ONNX2ZZ, timed
from scripts.doc_table import table


class LimitsCase(TypedDict):
    """What is evaluated, for which objective."""

    network: str
    arch: str
    lpf_limit: int
    opt: str


class LimitsLine(LimitsCase):
    """The totals of the network, and what finding them took (CPU seconds, MB)."""

    energy_pj: float
    latency_cycles: float
    cpu: float
    peak_mb: float


Found = Mapping[tuple[str, str, int, str], LimitsLine]


def evaluated(case: LimitsCase, folder: Path) -> LimitsLine:
    """Figures of what was compiled into `folder`."""
    asked = [str(folder / "workload.yaml"), "--mapping", str(folder / "mapping.yaml"), "--arch", case["arch"]]
    searched = ["--lpf-limit", str(case["lpf_limit"]), "--opt", case["opt"]]
    command = [*ONNX2ZZ, "evaluate", *asked, *searched, "--jobs", "1", "--no-cache", "-o", str(folder)]
    took = timed(command, folder / "said.txt")
    total = json.loads((folder / "result.json").read_text())["total"]
    return {
        **case,
        "energy_pj": total["energy_pj"],
        "latency_cycles": total["latency_cycles"],
        "cpu": took["cpu"],
        "peak_mb": took["peak_mb"],
    }


def measured(case: LimitsCase) -> LimitsLine:
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder), case["network"], case["arch"])
        return evaluated(case, Path(folder))


def tables(lines: Sequence[LimitsLine]) -> dict[str, str]:
    """One row a network and accelerator."""
    found = {(line["network"], line["arch"], line["lpf_limit"], line["opt"]): line for line in lines}
    limits = sorted({line["lpf_limit"] for line in lines})
    pairs = dict.fromkeys((line["network"], line["arch"]) for line in lines)
    rows = [[" on ".join(pair), *(_cell(found, pair, limit, limits[0]) for limit in limits)] for pair in pairs]
    head = ["network and accelerator", *(f"limit {limit}" for limit in limits)]
    return {"limits": table(head, rows)}


def _cell(found: Found, pair: tuple[str, str], limit: int, base: int) -> str:
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


def cases(given: Namespace) -> Iterable[LimitsCase]:
    for network, arch, lpf_limit, opt in product(given.network, given.arch, given.lpf_limit, ("latency", "energy")):
        yield {"network": network, "arch": arch, "lpf_limit": lpf_limit, "opt": opt}


def main(arguments: Sequence[str]) -> int:
    parser = options("limits", __doc__)
    parser.add_argument("--network", nargs="+", default=NETWORKS, help="names of models that ship do as well")
    parser.add_argument("--arch", nargs="+", default=ACCELERATORS)
    parser.add_argument("--lpf-limit", nargs="+", type=int, default=[6, 7, 8])
    return Benchmark("limits", "search.md", cases, measured, tables).main(parser, arguments)
