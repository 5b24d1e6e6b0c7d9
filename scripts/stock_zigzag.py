"""Stock ZigZag: `python scripts/stock_zigzag.py WORKLOAD ACCELERATOR MAPPING OPT LPF_LIMIT LOCALITY FOLDER`.

Its own API, unchanged but for one thing: the cost model's stage notes down the two numbers of every candidate that it
yields (a microsecond against milliseconds). So one run tells what each of the three objectives would have kept, which
share everything but the last comparison. FOLDER/stock.json: objective -> layer id -> [pJ, cycles].
"""

import contextlib
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zigzag import api
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage

Price = tuple[float, float]
"""Energy in pJ, latency in cycles."""

LESS = {  # stages/results/reduce_stages.py:46-50, 90-94, 133-136
    "latency": lambda new, old: (new[1], new[0]) < (old[1], old[0]),
    "energy": lambda new, old: new < old,
    "EDP": lambda new, old: new[1] * new[0] < old[1] * old[0],
}
best: dict[str, dict[int, Price]] = defaultdict(dict)


class NotingStage(CostModelStage):
    """ZigZag's own, with a note of each price."""

    def run(self) -> Iterator[Any]:  # type: ignore[override]
        for found, extra in super().run():
            note(self.layer.id, (float(found.energy_total), float(found.latency_total2)))  # type: ignore[union-attr]
            yield found, extra


def note(layer: int, price: Price) -> None:
    """Keeps the first of the best."""
    for objective, less in LESS.items():
        if layer not in best[objective] or less(price, best[objective][layer]):
            best[objective][layer] = price


def main(workload: str, accelerator: str, mapping: str, opt: str, lpf_limit: str, locality: str, folder: str) -> None:
    api.CostModelStage = NotingStage
    with contextlib.redirect_stdout(io.StringIO()):
        *_, sums = api.get_hardware_performance_zigzag(
            workload,
            accelerator,
            mapping,
            opt=opt,
            lpf_limit=int(lpf_limit),
            dump_folder=f"{folder}/stock",
            exploit_data_locality=locality == "True",
            loma_show_progress_bar=False,
        )
    kept = {layer.id: (float(found.energy_total), float(found.latency_total2)) for found, (layer, _) in sums[0][1]}
    assert kept == best[opt], "the notes are not what ZigZag keeps"
    Path(folder, "stock.json").write_text(json.dumps(best))


if __name__ == "__main__":
    main(*sys.argv[1:])
