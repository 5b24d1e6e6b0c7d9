"""The kind of schedule that is asked for, or the best of all kinds."""

from collections.abc import Mapping
from dataclasses import dataclass

from onnx2zz.pricing.schedule_kind import CoresChoice, ScheduleChoice, ScheduleKind
from onnx2zz.pricing.system_result import CoreCount, KindTried
from onnx2zz.system.best import Best
from onnx2zz.system.fused.search import Fused, FusedSearch
from onnx2zz.system.order_only import no_room_by_order
from onnx2zz.system.pipeline.core_counts import cores_filled, on_fewest, over_core_counts, told
from onnx2zz.system.pipeline.search import Pipeline, PipelineSearch
from onnx2zz.system.search import LARGE, Search
from onnx2zz.zigzag.objective import objective

ONE_FRAME = "not made for one frame, whose weights come either way, and sooner beside the work"
MANY_CORES = f"not made: on more than {LARGE} cores, on which the layers fit, it is looked for where it is asked for"
DOES_NOT_FIT = "does not fit the memories"
Found = Best | Fused | Pipeline


@dataclass(frozen=True)
class Chosen:
    """A schedule (None where nothing fits), and what was thought of where its kind was to be chosen."""

    of: Found | None
    tried: tuple[KindTried, ...] = ()
    core_counts: tuple[CoreCount, ...] = ()
    weights_fill: int | None = None


def scheduled(search: Search, asked: ScheduleChoice, frames: int | None, cores: CoresChoice | None = None) -> Chosen:
    """The best schedule of the kind that is asked for, or of all, for so many frames (None: nobody says how many);
    `cores`: a pipeline on all and others on fewer beside it, or one on as few as all weights stay on."""
    if too_large := no_room_by_order(search.graph, search.system):
        search.unplaced.append("; ".join(too_large))
        return Chosen(None)
    if asked == "layers":
        return Chosen(search.best())
    if asked == "fused":
        return Chosen(FusedSearch(search).best())
    if asked == "pipeline":
        return _pipelines(search, frames, cores)
    return _best_of_all(search, frames or 1)


def _pipelines(search: Search, frames: int | None, cores: CoresChoice | None) -> Chosen:
    pipeline = on_fewest(search) if cores == "fewest" else PipelineSearch(search, frames).best()
    if cores is None:
        return Chosen(pipeline)
    if pipeline is None and cores == "fewest":
        search.unplaced.append("on no number of the cores a pipeline was found of which all weights stay")
    counted = over_core_counts(search, pipeline, frames) if cores == "any" else [pipeline] if pipeline else []
    return Chosen(pipeline, core_counts=told(counted), weights_fill=cores_filled(search))


def _best_of_all(search: Search, frames: int) -> Chosen:
    """The best of all kinds over all frames; of those that are as good the first."""
    pipelines = PipelineSearch(search, frames)
    # The search for pipelines makes the schedule layer by layer on its way, and it is not made twice.
    pipeline = pipelines.best() if frames > 1 else None
    alone = pipelines.alone if frames > 1 else search.best()
    # Where layers one by one do not fit, stacks are looked for on any number of cores: bands may be all that does.
    fused = None if _too_large(search, alone) else FusedSearch(search).best()
    made: dict[ScheduleKind, Found | None] = {"layers": alone, "fused": fused, "pipeline": pipeline}
    found: dict[ScheduleKind, Found] = {kind: one for kind, one in made.items() if one is not None}
    values: dict[ScheduleKind, float] = {kind: _value(search, one, frames) for kind, one in found.items()}
    best: ScheduleKind | None = min(values, key=lambda kind: values[kind], default=None)
    not_made: dict[ScheduleKind, str] = {"pipeline": ONE_FRAME} if frames == 1 else {}
    if _too_large(search, alone):
        not_made["fused"] = MANY_CORES
    tried = [
        KindTried(kind, values.get(kind), not_made.get(kind) or _why(search, kind, best, values, frames))
        for kind in made
    ]
    return Chosen(None if best is None else found[best], tuple(tried))


def _too_large(search: Search, alone: Best | None) -> bool:
    """Whether stacks would take long to look for, and the network runs without."""
    return alone is not None and len(search.system.cores) > LARGE


def _value(search: Search, one: Found, frames: int) -> float:
    """What is minimised, of so many frames: but for a pipeline one begins when the one before has ended."""
    value = objective(search.opt).value
    if isinstance(one, Pipeline):
        return value(one.energy_of(frames), one.cycles_of(frames))
    return value(frames * one.energy, frames * one.latency)


def _why(
    search: Search, kind: ScheduleKind, best: ScheduleKind | None, values: Mapping[ScheduleKind, float], frames: int
) -> str:
    if kind not in values:
        return DOES_NOT_FIT
    several = f" for {frames} frames" if frames > 1 else ""
    said = f"{values[kind]:,.6g} {objective(search.opt).unit}{several}"
    return f"taken: {said}" if kind == best else said
