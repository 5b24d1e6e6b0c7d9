"""A whole network through ZigZag's own stages, as its `get_hardware_performance_zigzag` runs them.

The stages and their arguments are those of ZigZag 3.9.1, api.py:30-161. Only two are ours: the temporal search
(search/), whose winners are ZigZag's, and the search for data locality, which does not stop on networks with several
inputs or outputs. So what comes back is what ZigZag's function returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from onnx import ModelProto
from zigzag.cost_model.cost_model import CostModelEvaluationABC
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.parser.onnx.onnx_model_parser import ONNXModelParser
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import ExploitInterLayerDataLocalityStage
from zigzag.stages.main import MainStage
from zigzag.stages.mapping.salsa import SalsaStage
from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
from zigzag.stages.parser.workload_parser import WorkloadParserStage
from zigzag.stages.results.reduce_stages import SumStage
from zigzag.stages.results.save import CompleteSaveStage, PickleSaveStage, SimpleSaveStage
from zigzag.stages.results.visualization import VisualizationStage
from zigzag.stages.stage import StageCallable
from zigzag.stages.workload_iterator import WorkloadStage
from zigzag.workload.dnn_workload import DNNWorkload
from zigzag.workload.dummy_node import DummyNode
from zigzag.workload.onnx_workload import ONNXWorkload

from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.locality import Edge, LocalityStage
from onnx2zz.zigzag.price import BEST, stage_arguments
from onnx2zz.zigzag.search import SearchNote, TemporalSearchStage

Engine = Literal["loma", "salsa"]
Performance = list[tuple[CostModelEvaluationABC, Any]]
"""[(sum over the layers, [(evaluation of a layer, (layer, ...)), ...])]"""


@dataclass(frozen=True)
class RunOptions:
    """What ZigZag's function may be told beside the objective: where its files go, and what data may stay where."""

    folder: str
    pickle_file: str
    locality: bool = False
    engine: Engine = "loma"


def performance(
    workload: DNNWorkload | ONNXWorkload, accelerator: Accelerator, options: PriceOptions, run: RunOptions
) -> tuple[Performance, tuple[str, ...]]:
    """What ZigZag's stages yield, and what the user must know about how it came about.

    Raises what ZigZag raises.
    """
    notes: list[SearchNote] = []
    found = MainStage(
        _stages(BEST[options.opt], run),
        workload=workload,
        accelerator=accelerator,
        dump_folder=run.folder,
        pickle_filename=run.pickle_file,
        search_notes=notes,
        **stage_arguments(options),
    ).run()
    # A fallback alone is no news: ZigZag's own search has the same numbers. That our price differed is a bug to be
    # told.
    mismatches = (f"{note.layer}: {note.fallback}" for note in notes if note.mismatch)
    return found, tuple(dict.fromkeys(mismatches))


def totals(found: Performance) -> tuple[float, float]:
    """Energy (pJ) and latency (cycles) of all layers."""
    total = found[0][0]
    return total.energy_total, total.latency_total2


def clock_and_area(found: Performance) -> tuple[float, float]:
    """The clock period (ns) and the area (mm2) of an array that computes in memory: those of its first layer."""
    # Clock and area are the array's, and so every layer's; the sum that stands beside them has neither.
    first = found[0][1][0][0]
    return first.tclk, first.area_total


def _stages(best: StageCallable, run: RunOptions) -> list[StageCallable]:
    search = SalsaStage if run.engine == "salsa" else TemporalSearchStage
    # The reducer stands twice: below, it keeps the best ordering of one spatial mapping; above, the best of these.
    # Locality is searched for the whole network, above the stage that takes it apart, and applied to each layer below
    # that.
    return [
        *(SimpleSaveStage, PickleSaveStage, SumStage),
        *((LocalityStage,) if run.locality else ()),
        *(WorkloadStage, VisualizationStage),
        *((ExploitInterLayerDataLocalityStage,) if run.locality else ()),
        *(CompleteSaveStage, best, SpatialMappingGeneratorStage, best, search, CostModelStage),
    ]


def workload_of_entries(
    entries: str | Sequence[Mapping[str, object]], mapping: str, edges: Iterable[Edge] = ()
) -> DNNWorkload:
    """ZigZag's graph of a workload.yaml or of its entries, with further edges (ids of producer and consumer)."""
    given = entries if isinstance(entries, str) else [dict(entry) for entry in entries]
    workload = WorkloadParserStage([CostModelStage], workload=given, mapping=mapping).parse_workload()
    by_id = {node.id: node for node in workload.node_list}
    workload.add_edges_from([(by_id[producer], by_id[consumer]) for producer, consumer in edges])
    return workload


def workload_of_zigzags_front_end(model: str | ModelProto, mapping: str) -> ONNXWorkload:
    """ZigZag's graph of an ONNX model, by its own front end. Raises what that raises."""
    return ONNXModelParser(model, mapping).run()


def unpriced_nodes(workload: DNNWorkload | ONNXWorkload) -> int:
    """How many nodes ZigZag's front end made dummies of, which cost nothing."""
    return sum(isinstance(node, DummyNode) for node in workload.node_list)
