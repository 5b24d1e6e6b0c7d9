"""What `--mapping optimal` finds and proves, beside `--mapping auto`, for the cases of the mapping benchmark.

Times are CPU seconds of one process, imports left out.
"""

import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from math import exp, log
from pathlib import Path

from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.mapping.network import Network, NetworkChoice, Policy, choose_mappings
from onnx2zz.pricing.certificate import Certificate
from onnx2zz.pricing.request import EvaluationRequest, MappingSearch
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.mapping import ACCELERATORS, NETWORKS, TABLED, MappingCase, workload_of
from scripts.doc_table import table

WITHIN = (0.01, 0.05)
"""Gaps that are counted."""


class OptimalLine(MappingCase):
    """Sums over the layers of what each layer's mapping costs in truth (pJ or cycles) as `auto` and as `optimal` choose
    it, and of the bounds; distinct layers, how many of them have a gap of at most 1 % and 5 %, and the widest."""

    auto: float
    price: float
    bound: float
    distinct: int
    within: list[int]
    widest: float
    worse: int
    evaluate_s: float
    auto_s: float
    optimal_s: float


def cases(given: Namespace) -> Iterable[MappingCase]:
    for opt, network, accelerator in product(given.opt, given.network, given.accelerator):
        yield {"network": network, "accelerator": accelerator, "opt": opt}


def measured(case: MappingCase) -> OptimalLine:
    workload, accelerator = workload_of(case["network"]), find_accelerator(case["accelerator"])
    opt, base = case["opt"], choose_mapping(None, accelerator)
    asked = PriceOptions(opt=opt)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        times = [time.process_time()]
        evaluate(EvaluationRequest(workload, accelerator, base, asked), log)
        times.append(time.process_time())
        auto = choose_mappings(Network(workload, accelerator, base, asked), log)
        times.append(time.process_time())
        policy = Policy(MappingSearch(kind="optimal"))
        best = choose_mappings(Network(workload, accelerator, base, asked, policy), log)
        times.append(time.process_time())
    evaluate_s, auto_s, optimal_s = (round(b - a, 2) for a, b in pairwise(times))
    certificates = _certificates(best)
    gaps = [one.gap if one.gap is not None else 1.0 for one in _distinct(best)]
    return {
        **case,
        "auto": sum(_costs(auto, opt).values()),
        "price": sum(one.price for one in certificates.values()),
        "bound": sum(one.bound for one in certificates.values()),
        "distinct": len(gaps),
        "within": [sum(gap <= most for gap in gaps) for most in WITHIN],
        "widest": max(gaps),
        "worse": sum(certificates[id].price > cost * (1 + 1e-9) for id, cost in _costs(auto, opt).items()),
        "evaluate_s": evaluate_s,
        "auto_s": auto_s,
        "optimal_s": optimal_s,
    }


def _certificates(found: NetworkChoice) -> dict[int, Certificate]:
    return {id: choice.certificate for id, choice in found.choices.items() if choice.certificate is not None}


def _distinct(found: NetworkChoice) -> Iterable[Certificate]:
    return {id(one): one for one in _certificates(found).values()}.values()


def _costs(found: NetworkChoice, opt: ObjectiveName) -> dict[int, float]:
    """By layer."""
    best = {id: choice.best for id, choice in found.choices.items() if choice.best is not None}
    return {
        id: objective(opt).value(one.energy_pj or 0.0, one.latency_cycles or 0.0)
        for id, one in best.items()
        if one.energy_pj is not None
    }


def tables(lines: Sequence[OptimalLine]) -> Mapping[str, str]:
    """One table an objective, below each other."""
    return {"optima": "\n".join(_table([line for line in lines if line["opt"] == opt], opt) for opt in NAMES)}


def _table(lines: Sequence[OptimalLine], opt: ObjectiveName) -> str:
    if not lines:
        return ""
    unit = {"latency": "Mcycles", "energy": "uJ"}.get(opt, "pJ x Mcycles")
    head = [f"best {opt} [{unit}]", "auto", "optimal", "optimal / auto", "bound", "gap of the sum"]
    head += ["layers within 1 %, 5 %", "widest gap", "auto, optimal / evaluating"]
    rows = [_row(line) for line in lines]
    return table(head, rows) + "\n" + _sums(lines)


def _row(line: OptimalLine) -> list[str]:
    totals = [f"{line['auto'] / 1e6:,.3f}", f"{line['price'] / 1e6:,.3f}", f"{line['price'] / line['auto']:.4f}"]
    proven = [f"{line['bound'] / 1e6:,.3f}", f"{line['price'] / line['bound'] - 1:.2%}"]
    counts = [", ".join(map(str, line["within"])) + f" of {line['distinct']}", f"{line['widest']:.2%}"]
    times = f"{line['auto_s'] / line['evaluate_s']:.1f}, {line['optimal_s'] / line['evaluate_s']:.1f}"
    return [f"{line['network']}, {line['accelerator']}", *totals, *proven, *counts, times]


def _sums(lines: Sequence[OptimalLine]) -> str:
    distinct = sum(line["distinct"] for line in lines)
    within = [sum(line["within"][place] for line in lines) for place in range(len(WITHIN))]
    said = [f"{distinct} distinct layers, {within[0] / distinct:.1%} within 1 %, {within[1] / distinct:.1%} within 5 %"]
    said.append(f"optimal / auto {_mean(line['price'] / line['auto'] for line in lines):.4f}")
    said.append(f"time {_mean(line['optimal_s'] / line['evaluate_s'] for line in lines):.1f}x an evaluation")
    said.append(f"{sum(line['worse'] for line in lines)} layers worse than auto's")
    return f"{len(lines)} cases: {'; '.join(said)} (geometric means).\n"


def _mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def main(arguments: Sequence[str]) -> int:
    parser = options("optimal", __doc__)
    parser.add_argument("--network", nargs="+", default=NETWORKS)
    parser.add_argument("--accelerator", nargs="+", default=ACCELERATORS)
    parser.add_argument("--opt", nargs="+", default=TABLED, choices=NAMES)
    return Benchmark("optimal", "optimal.md", cases, measured, tables).main(parser, arguments)
