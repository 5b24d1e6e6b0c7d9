"""How much faster than ZigZag's the temporal search is: CPU time on fixed layers and accelerators.

One run of ZigZag's, the median of five of ours.

    python scripts/bench_search.py [--lpf-limit 6]

"search" is pricing all orderings; "stage" adds ZigZag's own evaluation of the winner in latency, as in real use. The
last column is the largest difference in energy and latency between the winners, and must be 0.
"""

import argparse
import logging
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import zigzag
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.results.reduce_stages import MinimalLatencyStage
from zigzag.stages.stage import Stage

from onnx2zz.formats.mapping_entry import read_mapping_entry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.layer import WorkloadEntry, parse_layer
from onnx2zz.zigzag.search import SearchedLayer, TemporalSearchStage, best_orderings

INPUTS = Path(zigzag.__file__).parent / "inputs"
ACCELERATORS = {
    "tpu_like": "tpu_like",
    "edge_tpu_like": "edge_tpu_like",
    "eyeriss_like": "default",
    "meta_prototype": "meta_prototype_like",
    "ascend_like": "ascend_like",
}
PRECISION = {"W": 8, "I": 8, "O": 16, "O_final": 8}


def conv(k: int, c: int, out: int, kernel: int, stride: int = 1) -> WorkloadEntry:
    """A square convolution, padded to keep the size."""
    axis = (out - 1) * stride + 1
    return {
        "id": 0,
        "name": f"conv {kernel}x{kernel} {c}->{k} on {out}",
        "operator_type": "Conv",
        "equation": "O[b][k][oy][ox]+=I[b][c][iy][ix]*W[k][c][fy][fx]",
        "dimension_relations": [f"ix={stride}*ox+1*fx", f"iy={stride}*oy+1*fy"],
        "loop_dims": ["B", "K", "C", "OY", "OX", "FY", "FX"],
        "loop_sizes": [1, k, c, out, out, kernel, kernel],
        "pr_loop_dims": ["IX", "IY"],
        "pr_loop_sizes": [axis, axis],
        "padding": [[kernel // 2, kernel // 2]] * 2,
        "operand_precision": PRECISION,
        "operand_source": {"I": 0, "W": 0},
    }


def gemm(d: int, c: int, k: int) -> WorkloadEntry:
    return {
        "id": 0,
        "name": f"gemm {d}x{c}x{k}",
        "operator_type": "Gemm",
        "equation": "O[d][k]+=I[d][c]*W[c][k]",
        "dimension_relations": [],
        "loop_dims": ["D", "C", "K"],
        "loop_sizes": [d, c, k],
        "operand_precision": PRECISION,
        "operand_source": {"I": 0, "W": 0},
    }


LAYERS = (conv(64, 64, 56, 3), conv(64, 3, 112, 7, stride=2), conv(128, 64, 28, 3, stride=2), gemm(196, 768, 3072))


class _Catch(Stage):
    """Keeps what ZigZag hands to a temporal search."""

    caught: dict[str, Any]

    def is_leaf(self) -> bool:
        return True

    def run(self) -> Iterator[Any]:  # type: ignore[override]
        _Catch.caught = self.kwargs
        yield from ()


def setting(accelerator: str, mapping: str, entry: WorkloadEntry, lpf_limit: int) -> SearchedLayer:
    entries = load_yaml(INPUTS / "mapping" / f"{mapping}.yaml")
    default = next(entry for entry in entries if entry["name"] == "default")
    stage = SpatialMappingGeneratorStage(
        [_Catch],
        accelerator=load_accelerator(INPUTS / "hardware" / f"{accelerator}.yaml"),
        layer=parse_layer(entry, read_mapping_entry(default)),
        nb_mappings_generated=1,
    )
    list(stage.run())
    found = _Catch.caught
    return SearchedLayer(
        found["accelerator"], found["layer"], found["spatial_mapping"], found["spatial_mapping_int"], lpf_limit
    )


def best(search: type[Stage], given: SearchedLayer) -> Any:
    stages = MinimalLatencyStage(
        [search, CostModelStage],
        accelerator=given.accelerator,
        layer=given.layer,
        spatial_mapping=given.fractional,
        spatial_mapping_int=given.integer,
        temporal_mapping_type=TemporalMappingType.UNEVEN,
        loma_lpf_limit=given.lpf_limit,
        search_objective="latency",
    )
    ((cme, _),) = stages.run()
    return cme


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """The median: a run of milliseconds may meet Python's collector on its way through all of ZigZag's objects."""
    took, result = [], None
    for _ in range(runs):
        start = time.process_time()
        result = work()
        took.append(time.process_time() - start)
    return median(took), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lpf-limit", type=int, default=6)
    lpf_limit = parser.parse_args().lpf_limit
    logging.disable(logging.WARNING)
    ratios: list[float] = []
    print(f"{'accelerator':15} {'layer':26} {'orders':>7} {'ZigZag':>8} {'search':>9} {'stage':>9} {'ratio':>6}  diff")
    for accelerator, mapping in ACCELERATORS.items():
        for entry in LAYERS:
            given = setting(accelerator, mapping, entry, lpf_limit)
            search, winners = timed(lambda given=given: best_orderings(given, ("latency",)), 5)
            stage, ours = timed(lambda given=given: best(TemporalSearchStage, given), 5)
            stock, theirs = timed(lambda given=given: best(TemporalMappingGeneratorStage, given), 1)
            difference = max(
                abs(ours.energy_total - theirs.energy_total), abs(ours.latency_total2 - theirs.latency_total2)
            )
            ratios.append(stock / stage)
            print(
                f"{accelerator:15} {entry['name']:26} {winners.priced:7} {stock:6.2f} s {search * 1e3:6.1f} ms "
                f"{stage * 1e3:6.1f} ms {stock / stage:5.0f}x  {difference}"
            )
    print(f"geometric mean {math.exp(sum(map(math.log, ratios)) / len(ratios)):.0f}x")


if __name__ == "__main__":
    main()
