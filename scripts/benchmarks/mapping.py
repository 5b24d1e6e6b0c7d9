"""What `--mapping auto` gains against the mapping file, ZigZag's generator and the roofline.

Times are CPU seconds of one process, imports left out.
"""

import tempfile
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from math import exp, log
from pathlib import Path
from statistics import median
from typing import TypedDict

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator, find_mapping, find_model
from onnx2zz.mapping.chosen import Candidate, Choice
from onnx2zz.mapping.mapping_file import mapping_text
from onnx2zz.mapping.network import Network, NetworkChoice, choose_mappings
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import LATENCY, ObjectiveName
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.benchmarks.networks import BUILT
from scripts.doc_table import table

NETWORKS = ("resnet18", "mobilenetv2", "yolov8n_320", "bert_layer")
ACCELERATORS = (
    *("tpu_like", "edge_tpu_like", "meta_prototype", "tesla_npu_like", "ascend_like", "eyeriss_like", "seneca"),
)
TABLED: tuple[ObjectiveName, ...] = ("latency", "energy")
"""The objectives that the page has a table of."""


class MappingCase(TypedDict):
    """Whose layers are mapped on what, for which objective."""

    network: str
    accelerator: str
    opt: ObjectiveName


class MappingLine(MappingCase):
    """Totals in pJ or cycles: the roofline, ZigZag's figures with the mapping file (`hand`), with its generator's and
    with the chosen mappings, and the price by which they were chosen (`honest`). Of the layers: how many distinct ones,
    the prices that each of them took, how many are `worse` than a given candidate, `changed` by ZigZag, below the
    roofline (mapping file, generated, auto), not priced."""

    roofline: float
    hand: float
    generated: float
    auto: float
    honest: float
    distinct: int
    prices: list[int]
    worse: int
    changed: int
    below: list[int]
    layers: int
    failed: int
    evaluate_s: float
    choose_s: float


def cases(given: Namespace) -> Iterable[MappingCase]:
    for opt, network, accelerator in product(given.opt, given.network, ACCELERATORS):
        yield {"network": network, "accelerator": accelerator, "opt": opt}


@cache
def workload_of(network: str) -> PricedWorkload:
    """The network, compiled and priced once, so that imports and first uses are not measured."""
    model = BUILT[network]() if network in BUILT else find_model(network).path
    workload = PricedWorkload(network, network, compile_model(model).entries)
    known, generated = find_accelerator("tpu_like"), find_mapping("generated")
    with tempfile.TemporaryDirectory() as folder:
        evaluate(EvaluationRequest(workload, known, generated, PriceOptions(lpf_limit=2)), Path(folder) / "log")
    return workload


def measured(case: MappingCase) -> MappingLine:
    workload = workload_of(case["network"])
    with tempfile.TemporaryDirectory() as folder:
        return _measured(case, workload, Path(folder))


def _measured(case: MappingCase, workload: PricedWorkload, folder: Path) -> MappingLine:
    opt = case["opt"]
    accelerator, price_options = find_accelerator(case["accelerator"]), PriceOptions(opt=opt)

    def evaluated(mapping: Found) -> Evaluation:
        return evaluate(EvaluationRequest(workload, accelerator, mapping, price_options), folder / "log")

    base = choose_mapping(None, accelerator)
    begun = time.process_time()
    by_hand = evaluated(base)
    priced = time.process_time()
    chosen = choose_mappings(Network(workload, accelerator, base, price_options), folder / "log")
    decided = time.process_time()
    (folder / "mapping.yaml").write_text(mapping_text(chosen.entries, "auto"))
    auto = evaluated(Found("auto", folder / "mapping.yaml"))
    generated = evaluated(find_mapping("generated"))
    return {
        **case,
        "roofline": sum(layer.roofline_cycles or 0 for layer in auto.layers),
        "hand": _total(by_hand, opt),
        "generated": _total(generated, opt),
        "auto": _total(auto, opt),
        "honest": _honest(chosen, opt),
        "distinct": chosen.distinct_layers,
        "prices": sorted(choice.priced for choice in _distinct(chosen)),
        "worse": sum(_is_worse(choice, opt) for choice in chosen.choices.values()),
        "changed": _changed(auto, chosen),
        "below": [sum(layer.below_roofline for layer in run.layers) for run in (by_hand, generated, auto)],
        "layers": len(auto.layers),
        "failed": sum(layer.error is not None for layer in auto.layers),
        "evaluate_s": round(priced - begun, 2),
        "choose_s": round(decided - priced, 2),
    }


def _distinct(chosen: NetworkChoice) -> Iterable[Choice]:
    return {id(choice): choice for choice in chosen.choices.values()}.values()


def _total(run: Evaluation, opt: ObjectiveName) -> float:
    return run.total.latency_cycles if opt == LATENCY else run.total.energy_pj


def _cost(candidate: Candidate, opt: ObjectiveName) -> float:
    cost = candidate.latency_cycles if opt == LATENCY else candidate.energy_pj
    assert cost is not None, "what is not refused has a price"
    return cost


def _honest(chosen: NetworkChoice, opt: ObjectiveName) -> float:
    return sum(_cost(choice.best, opt) for choice in chosen.choices.values() if choice.best)


def _is_worse(choice: Choice, opt: ObjectiveName) -> bool:
    """Whether an admissible candidate of the mapping file or the generator is better on the honest price."""
    given = [c for c in choice.runners_up if c.origin != "enumerated" and not c.refused]
    return choice.best is None or any(_cost(c, opt) < _cost(choice.best, opt) for c in given)


def _changed(run: Evaluation, chosen: NetworkChoice) -> int:
    """Layers whose result unrolls other loops than were asked for."""
    asked = {
        id: {dim: {loop for loop, _ in pairs} for dim, pairs in choice.best.unrolling}
        for id, choice in chosen.choices.items()
        if choice.best
    }
    got = {layer.id: {dim: set(pairs) for dim, pairs in (layer.spatial_mapping or {}).items()} for layer in run.layers}
    return sum(asked[id] != got[id] for id in asked)


def tables(lines: Sequence[MappingLine]) -> Mapping[str, str]:
    """One table an objective, below each other."""
    return {"gains": "\n".join(_table([line for line in lines if line["opt"] == opt], opt) for opt in TABLED)}


def _table(lines: Sequence[MappingLine], opt: ObjectiveName) -> str:
    if not lines:
        return ""
    unit, scale = ("Mcycles", 1e6) if opt == LATENCY else ("uJ", 1e6)
    head = [f"best {opt} [{unit}]", "mapping file", "generated", "auto", "auto, honest"]
    head += ["honest / roofline"] if opt == LATENCY else []
    head += ["prices, median", "most", "choosing / evaluating", "below the roofline: file, generated, auto"]
    rows = [_row(line, opt, scale) for line in sorted(lines, key=_place)]
    return table(head, rows) + "\n" + _sums(lines, opt)


def _place(line: MappingLine) -> tuple[int, int]:
    return NETWORKS.index(line["network"]), ACCELERATORS.index(line["accelerator"])


def _row(line: MappingLine, opt: ObjectiveName, scale: float) -> list[str]:
    totals = [f"{total / scale:,.3f}" for total in (line["hand"], line["generated"], line["auto"], line["honest"])]
    share = [f"{line['honest'] / line['roofline']:.3f}"] if opt == LATENCY else []
    prices = [f"{median(line['prices']):g}", str(max(line["prices"]))]
    ratio = f"{line['choose_s'] / line['evaluate_s']:.1f}"
    below = ", ".join(map(str, line["below"])) + f" of {line['layers']}"
    return [f"{line['network']}, {line['accelerator']}", *totals, *share, *prices, ratio, below]


def _sums(lines: Sequence[MappingLine], opt: ObjectiveName) -> str:
    prices = [price for line in lines for price in line["prices"]]
    said = [f"{len(prices)} distinct layers, {median(prices):g} prices at the median"]
    said.append(f"time {_mean(line['choose_s'] / line['evaluate_s'] for line in lines):.2f}x an evaluation")
    if opt == LATENCY:
        said.append(f"honest latency {_mean(line['honest'] / line['roofline'] for line in lines):.3f}x the roofline")
    worse, changed = sum(line["worse"] for line in lines), sum(line["changed"] for line in lines)
    said.append(f"{worse} layers worse than a given candidate, {changed} changed by ZigZag")
    return f"{len(lines)} cases: {'; '.join(said)} (geometric means).\n"


def _mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def main(arguments: Sequence[str]) -> int:
    parser = options("mapping", __doc__)
    parser.add_argument("--network", nargs="+", default=NETWORKS)
    parser.add_argument("--opt", nargs="+", default=TABLED, choices=TABLED)
    return Benchmark("mapping", "mapping.md", cases, measured, tables).main(parser, arguments)
