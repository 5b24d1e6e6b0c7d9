"""The oracle: ZigZag's own stages, one ordering after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.results.reduce_stages import MinimalEDPStage, MinimalEnergyStage, MinimalLatencyStage
from zigzag.stages.stage import Stage

from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.search import SearchedLayer

REDUCERS: dict[ObjectiveName, type[Stage]] = {
    "latency": MinimalLatencyStage,
    "energy": MinimalEnergyStage,
    "EDP": MinimalEDPStage,
}


@dataclass(frozen=True)
class Outcome:
    """Energy in pJ, latency in cycles, and the temporal mapping as ZigZag prints it."""

    energy: float
    latency: float
    mapping: str


def run(setting: SearchedLayer, *stages: type[Stage], **more: Any) -> list[Any]:
    """What the stages yield for this setting, as (cost model evaluation, extra info) pairs."""
    arguments = {
        "accelerator": setting.accelerator,
        "layer": setting.layer,
        "spatial_mapping": setting.fractional,
        "spatial_mapping_int": setting.integer,
        "temporal_mapping_type": setting.mapping_type,
        "loma_lpf_limit": setting.lpf_limit,
        "access_same_data_considered_as_no_access": setting.keeps_at_output,
        **more,
    }
    return list(stages[0](list(stages[1:]), **arguments).run())


def outcome(cme: Any) -> Outcome:
    return Outcome(cme.energy_total, cme.latency_total2, str(cme.temporal_mapping))


def all_evaluations(setting: SearchedLayer) -> list[Any]:
    """ZigZag's evaluation of every ordering that fits, in LOMA's order. Raises what ZigZag raises."""
    return [cme for cme, _ in run(setting, TemporalMappingGeneratorStage, CostModelStage)]


def reduced(objective: ObjectiveName, evaluations: Sequence[Any]) -> Outcome:
    """What ZigZag's reducer keeps of these."""

    class Replay(Stage):
        def is_leaf(self) -> bool:
            return True

        def run(self):
            for cme in evaluations:
                yield cme, None

    ((best, _),) = REDUCERS[objective]([Replay]).run()
    return outcome(best)
