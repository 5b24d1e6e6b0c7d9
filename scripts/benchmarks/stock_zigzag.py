"""Stock ZigZag: `python -m scripts.benchmarks.stock_zigzag WORKLOAD ACCELERATOR MAPPING OPT LPF_LIMIT LOCALITY FOLDER`.

Its own API, unchanged but for one thing: the cost model's stage notes down the two numbers of every candidate that it
yields (a microsecond against milliseconds). So one run tells what each of the three objectives would have kept, which
share everything but the last comparison. FOLDER/stock.json: objective -> layer id -> [pJ, cycles].
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest.mock import patch

from zigzag import api
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage

from onnx2zz.zigzag.objective import ObjectiveName
from tests.stock import stock_zigzag

Price = tuple[float, float]
"""Energy in pJ, latency in cycles."""


def less_latency(new: Price, old: Price) -> bool:
    return (new[1], new[0]) < (old[1], old[0])


def less_energy(new: Price, old: Price) -> bool:
    return new < old


def less_product(new: Price, old: Price) -> bool:
    return new[1] * new[0] < old[1] * old[0]


LESS: Mapping[ObjectiveName, Callable[[Price, Price], bool]] = {
    "latency": less_latency,
    "energy": less_energy,
    "EDP": less_product,
}
"""stages/results/reduce_stages.py:46-50, 90-94, 133-136"""
best: dict[ObjectiveName, dict[int, Price]] = defaultdict(dict)


def objective_named(text: str) -> ObjectiveName:
    """Raises ValueError for what is none."""
    for name in LESS:
        if name == text:
            return name
    raise ValueError(f"{text} is no objective")


class NotingStage(CostModelStage):
    """ZigZag's own, with a note of each price."""

    def run(self):
        for found, extra in super().run():
            note(self.layer.id, (float(found.energy_total), float(found.latency_total2)))
            yield found, extra


def note(layer: int, price: Price) -> None:
    """Keeps the first of the best."""
    for name, less in LESS.items():
        if layer not in best[name] or less(price, best[name][layer]):
            best[name][layer] = price


def main(workload: str, accelerator: str, mapping: str, opt: str, lpf_limit: str, locality: str, folder: str) -> None:
    asked = objective_named(opt)
    with patch.object(api, "CostModelStage", NotingStage):
        *_, layers = stock_zigzag(
            workload,
            Path(accelerator),
            Path(mapping),
            Path(folder, "stock"),
            opt=asked,
            lpf_limit=int(lpf_limit),
            exploit_data_locality=locality == "True",
        )
    kept = {layer: (float(found.energy_total), float(found.latency_total2)) for layer, found in layers.items()}
    assert kept == best[asked], "the notes are not what ZigZag keeps"
    Path(folder, "stock.json").write_text(json.dumps(best))


if __name__ == "__main__":
    main(*sys.argv[1:])
