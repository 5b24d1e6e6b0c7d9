"""The options of a sweep file that are about systems of cores."""

from collections.abc import Iterator

from onnx2zz.design_space.spec import Axes
from onnx2zz.errors import Problem
from onnx2zz.pricing.schedule_kind import SCHEDULES, CoresChoice, ScheduleChoice
from onnx2zz.system.schedule_options import cores_problems, frames_problems

KEYS = ("schedule", "frames", "cores")
ALL, FEWEST = "all", "fewest"


def as_schedule(value: object) -> ScheduleChoice:
    """A kind of schedule, or the best of all. Raises ValueError."""
    for name in SCHEDULES:
        if name == value:
            return name
    raise ValueError(f"there are {', '.join(SCHEDULES)}")


def as_cores(value: object) -> CoresChoice | None:
    """On as few cores as all weights stay on, or (None) on all. Raises ValueError."""
    if value == "any":
        raise ValueError(
            "that is several answers of one run: make the mesh a parameter, or ask `onnx2zz evaluate --cores any`"
        )
    if value not in (ALL, FEWEST):
        raise ValueError(f"there are {ALL} and {FEWEST}")
    return FEWEST if value == FEWEST else None


def unfit(axes: Axes) -> Iterator[tuple[str, Problem]]:
    """Frames and cores that none of the schedules goes with, by their key: those of one schedule may be of no account
    for another."""
    for frames in axes.frames:
        told = [list(frames_problems(frames, kind)) for kind in axes.schedule]
        if told and all(told):
            yield "frames", told[0][0]
    for cores in axes.cores:
        told = [list(cores_problems(cores, kind, False)) for kind in axes.schedule]
        if told and all(told):
            yield "cores", told[0][0]
