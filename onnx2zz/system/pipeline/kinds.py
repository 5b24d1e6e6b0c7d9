"""The kind of schedule that is asked for, or the best of all kinds."""

from dataclasses import dataclass

from onnx2zz.pricing.system_result import CoreCount, KindTried, ScheduleChoice
from onnx2zz.system.pipeline.core_counts import over_core_counts, told
from onnx2zz.system.pipeline.search import Pipeline, PipelineSearch
from onnx2zz.system.search import Best, Search
from onnx2zz.zigzag.objective import objective

ONE_FRAME = "not made for one frame, whose weights come either way, and sooner beside the work"


@dataclass(frozen=True)
class Chosen:
    """A schedule (None where nothing fits), and what was thought of where its kind was to be chosen."""

    of: Best | Pipeline | None
    tried: tuple[KindTried, ...] = ()
    core_counts: tuple[CoreCount, ...] = ()


def scheduled(search: Search, asked: ScheduleChoice, frames: int, any_cores: bool = False) -> Chosen:
    """The best schedule of the kind that is asked for, or of all, for so many frames; with `any_cores` pipelines on
    fewer cores beside it."""
    if asked == "layers":
        return Chosen(search.best())
    if asked == "auto" and frames == 1:
        best = search.best()
        value = None if best is None else objective(search.opt).value(best.energy, best.latency)
        return Chosen(best, (KindTried("layers", value, "taken"), KindTried("pipeline", None, ONE_FRAME)))
    pipelines = PipelineSearch(search)
    pipeline = pipelines.best()
    if asked == "pipeline":
        return Chosen(pipeline, core_counts=told(over_core_counts(search, pipeline)) if any_cores else ())
    return _better(search, pipelines.alone, pipeline, frames)


def _better(search: Search, alone: Best | None, pipeline: Pipeline | None, frames: int) -> Chosen:
    """The better one over all frames: layer by layer one frame begins when the one before has ended."""
    value = objective(search.opt).value
    values: dict[str, float] = {}
    if alone is not None:
        values["layers"] = value(frames * alone.energy, frames * alone.latency)
    if pipeline is not None:
        values["pipeline"] = value(pipeline.energy_of(frames), pipeline.cycles_of(frames))
    best = min(values, key=lambda kind: (values[kind], kind), default=None)
    unit = objective(search.opt).unit
    said = {kind: f"{one:,.6g} {unit} for {frames} frames" for kind, one in values.items()}
    tried = (
        KindTried("layers", values.get("layers"), _why("layers", best, said)),
        KindTried("pipeline", values.get("pipeline"), _why("pipeline", best, said)),
    )
    return Chosen(alone if best == "layers" else pipeline, tried)


def _why(kind: str, best: str | None, said: dict[str, str]) -> str:
    return "does not fit the memories" if kind not in said else f"{'taken: ' if kind == best else ''}{said[kind]}"
