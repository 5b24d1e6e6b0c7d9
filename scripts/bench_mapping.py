"""What `--mapping auto` gains: networks x accelerators, against the mapping file, ZigZag's generator and the roofline.

    python scripts/bench_mapping.py [--opt latency|energy] [NETWORK ...]

Each case is a line in docs/measured/mapping.jsonl, measured once (delete a line to measure it again); the table in
docs/mapping.md is made from them. Times are CPU seconds of one process, imports left out.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator, find_mapping, find_model
from onnx2zz.mapping.choice import Choice
from onnx2zz.mapping.mapping_file import mapping_text
from onnx2zz.mapping.network import NetworkChoice, choose_mappings
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from scripts.benchmark_networks import BUILT
from scripts.measurements import MEASURED, is_known, keep, measured, put_into_page, table

LINES = MEASURED / "mapping.jsonl"
NETWORKS = ("resnet18", "mobilenetv2", "yolov8n_320", "bert_layer")
ACCELERATORS = (
    *("tpu_like", "edge_tpu_like", "meta_prototype", "tesla_npu_like", "ascend_like", "eyeriss_like", "seneca"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--opt", nargs="*", default=["latency", "energy"])
    parser.add_argument("--only-table", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    for opt in () if asked.only_table else asked.opt:
        for network in asked.networks:
            _measure_network(network, opt)
    put_into_page("mapping.md", "gains", _tables(measured(LINES)))


def _measure_network(network: str, opt: str) -> None:
    cases = [{"network": network, "accelerator": name, "opt": opt} for name in ACCELERATORS]
    cases = [case for case in cases if not is_known(case, measured(LINES))]
    if not cases:
        return
    model = BUILT[network]() if network in BUILT else find_model(network).path
    workload = PricedWorkload(network, network, compile_model(model).entries)
    evaluate_once = lambda name, folder: evaluate(  # noqa: E731
        EvaluationRequest(workload, find_accelerator(name), find_mapping("generated"), PriceOptions(lpf_limit=2)),
        folder / "log",
    )
    with tempfile.TemporaryDirectory() as folder:
        evaluate_once("tpu_like", Path(folder))  # imports and first uses are not measured
        for case in cases:
            keep(case | _measured(workload, case["accelerator"], opt, Path(folder)), LINES)
            print(measured(LINES)[-1], flush=True)


def _measured(workload: PricedWorkload, name: str, opt: str, folder: Path) -> Mapping[str, Any]:
    accelerator, options = find_accelerator(name), PriceOptions(opt=opt)  # type: ignore[arg-type]
    base = choose_mapping(None, accelerator)
    begun = time.process_time()
    by_hand = evaluate(EvaluationRequest(workload, accelerator, base, options), folder / "log")
    evaluated = time.process_time()
    chosen = choose_mappings(workload, accelerator, base, options, folder / "log")
    decided = time.process_time()
    (folder / "mapping.yaml").write_text(mapping_text(chosen.entries, "auto"))
    chosen_file = Found("auto", folder / "mapping.yaml")
    auto = evaluate(EvaluationRequest(workload, accelerator, chosen_file, options), folder / "log")
    generated = evaluate(EvaluationRequest(workload, accelerator, find_mapping("generated"), options), folder / "log")
    return {
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
        "evaluate_s": round(evaluated - begun, 2),
        "choose_s": round(decided - evaluated, 2),
    }


def _distinct(chosen: NetworkChoice) -> Iterable[Choice]:
    return {id(choice): choice for choice in chosen.choices.values()}.values()


def _total(run: Evaluation, opt: str) -> float:
    return run.total.latency_cycles if opt == "latency" else run.total.energy_pj


def _cost(candidate: Any, opt: str) -> float:
    return candidate.latency_cycles if opt == "latency" else candidate.energy_pj


def _honest(chosen: NetworkChoice, opt: str) -> float:
    return sum(_cost(choice.best, opt) for choice in chosen.choices.values() if choice.best)


def _is_worse(choice: Choice, opt: str) -> bool:
    """Whether an admissible candidate of the mapping file or the generator is better on the honest price."""
    given = [c for c in choice.runners_up if c.origin != "enumerated" and not c.refused]
    return choice.best is None or any(_cost(c, opt) < _cost(choice.best, opt) for c in given)


def _changed(run: Evaluation, chosen: NetworkChoice) -> int:
    """Layers whose result unrolls other loops than were asked for."""
    asked = {id: _loops(choice.best.unrolling) for id, choice in chosen.choices.items() if choice.best}
    got = {layer.id: _loops((layer.spatial_mapping or {}).items()) for layer in run.layers}
    return sum(asked[id] != got[id] for id in asked)


def _loops(unrolled: Iterable[tuple[str, Any]]) -> dict[str, set[str]]:
    return {dim: {loop for loop, _ in (p.items() if isinstance(p, dict) else p)} for dim, p in unrolled}


def _tables(lines: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(_table([line for line in lines if line["opt"] == opt], opt) for opt in ("latency", "energy"))


def _table(lines: Sequence[Mapping[str, Any]], opt: str) -> str:
    if not lines:
        return ""
    unit, scale = ("Mcycles", 1e6) if opt == "latency" else ("uJ", 1e6)
    head = [f"best {opt} [{unit}]", "mapping file", "generated", "auto", "auto, honest"]
    head += ["honest / roofline"] if opt == "latency" else []
    head += ["prices, median", "most", "choosing / evaluating", "below the roofline: file, generated, auto"]
    rows = [_row(line, opt, scale) for line in sorted(lines, key=_place)]
    return table(head, rows) + "\n" + _sums(lines, opt)


def _place(line: Mapping[str, Any]) -> tuple[int, int]:
    return NETWORKS.index(line["network"]), ACCELERATORS.index(line["accelerator"])


def _row(line: Mapping[str, Any], opt: str, scale: float) -> list[str]:
    totals = [f"{line[name] / scale:,.3f}" for name in ("hand", "generated", "auto", "honest")]
    share = [f"{line['honest'] / line['roofline']:.3f}"] if opt == "latency" else []
    prices = [f"{median(line['prices']):g}", str(max(line["prices"]))]
    ratio = f"{line['choose_s'] / line['evaluate_s']:.1f}"
    below = ", ".join(map(str, line["below"])) + f" of {line['layers']}"
    return [f"{line['network']}, {line['accelerator']}", *totals, *share, *prices, ratio, below]


def _sums(lines: Sequence[Mapping[str, Any]], opt: str) -> str:
    prices = [price for line in lines for price in line["prices"]]
    said = [f"{len(prices)} distinct layers, {median(prices):g} prices at the median"]
    said.append(f"time {_mean(line['choose_s'] / line['evaluate_s'] for line in lines):.2f}x an evaluation")
    if opt == "latency":
        said.append(f"honest latency {_mean(line['honest'] / line['roofline'] for line in lines):.3f}x the roofline")
    worse, changed = (sum(line[name] for line in lines) for name in ("worse", "changed"))
    said.append(f"{worse} layers worse than a given candidate, {changed} changed by ZigZag")
    return f"{len(lines)} cases: {'; '.join(said)} (geometric means).\n"


def _mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


if __name__ == "__main__":
    main()
