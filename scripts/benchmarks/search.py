"""How much faster than ZigZag's the temporal search is: CPU time on fixed layers and accelerators.

One run of ZigZag's, the median of five of ours.

"search" is pricing all orderings; "stage" adds ZigZag's own evaluation of the winner in latency, as in real use. The
last column is the largest difference in energy and latency between the winners, and must be 0.
"""

import logging
import math
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import zigzag
from zigzag.cost_model.cost_model import CostModelEvaluation, CostModelEvaluationABC
from zigzag.mapping.temporal_mapping import TemporalMappingType
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.results.reduce_stages import MinimalLatencyStage
from zigzag.stages.stage import Stage

from onnx2zz.formats.mapping_entry import entry_for, read_mapping
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.layer import parse_layer
from onnx2zz.zigzag.search import SearchedLayer, TemporalSearchStage, Winners, best_orderings
from onnx2zz.zigzag.search.won import KNOWN
from scripts.benchmarks.benchmark import options
from scripts.benchmarks.cpu_time import median_seconds

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

    def run(self) -> Generator[tuple[CostModelEvaluationABC, Any], None, None]:
        _Catch.caught = self.kwargs
        yield from ()


def setting(accelerator: str, mapping: str, entry: WorkloadEntry, lpf_limit: int) -> SearchedLayer:
    default = entry_for("default", "", read_mapping(load_yaml(INPUTS / "mapping" / f"{mapping}.yaml")))
    assert default is not None, "ZigZag's mapping files have such an entry"
    stage = SpatialMappingGeneratorStage(
        [_Catch],
        accelerator=load_accelerator(INPUTS / "hardware" / f"{accelerator}.yaml"),
        layer=parse_layer(entry, default),
        nb_mappings_generated=1,
    )
    list(stage.run())
    found = _Catch.caught
    return SearchedLayer(
        found["accelerator"], found["layer"], found["spatial_mapping"], found["spatial_mapping_int"], lpf_limit
    )


def best(search: type[Stage], given: SearchedLayer) -> CostModelEvaluation:
    KNOWN.found.clear()
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
    assert isinstance(cme, CostModelEvaluation), "a layer has one evaluation"
    return cme


def searched(given: SearchedLayer) -> Winners:
    """The winner, found anew: one that is known would take no time."""
    KNOWN.found.clear()
    return best_orderings(given, ("latency",))


def main(arguments: Sequence[str]) -> int:
    parser = options("search", __doc__)
    parser.add_argument("--lpf-limit", type=int, default=6)
    lpf_limit = parser.parse_args(arguments).lpf_limit
    logging.disable(logging.WARNING)
    ratios: list[float] = []
    print(f"{'accelerator':15} {'layer':26} {'orders':>7} {'ZigZag':>8} {'search':>9} {'stage':>9} {'ratio':>6}  diff")
    for accelerator, mapping in ACCELERATORS.items():
        for entry in LAYERS:
            given = setting(accelerator, mapping, entry, lpf_limit)
            search, winners = median_seconds(lambda given=given: searched(given), 5)
            stage, ours = median_seconds(lambda given=given: best(TemporalSearchStage, given), 5)
            stock, theirs = median_seconds(lambda given=given: best(TemporalMappingGeneratorStage, given), 1)
            difference = max(
                abs(ours.energy_total - theirs.energy_total), abs(ours.latency_total2 - theirs.latency_total2)
            )
            ratios.append(stock / stage)
            print(
                f"{accelerator:15} {entry.get('name'):26} {winners.priced:7} {stock:6.2f} s {search * 1e3:6.1f} ms "
                f"{stage * 1e3:6.1f} ms {stock / stage:5.0f}x  {difference}"
            )
    print(f"geometric mean {math.exp(sum(map(math.log, ratios)) / len(ratios)):.0f}x")
    return 0
