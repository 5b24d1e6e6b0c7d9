"""What may be said of a schedule beside its kind: how many frames it has, and on how many cores it is looked for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from onnx2zz.errors import Problem
from onnx2zz.pricing.schedule_kind import CORES, CoresChoice, ScheduleChoice

if TYPE_CHECKING:
    from onnx2zz.system.description import System

FRAMES_TO_SEE = 3
"""Frames of which a pipeline is written down where nobody says how many: enough to see them follow each other."""
MOST_FRAMES = 1_000
ONE_FRAME: tuple[ScheduleChoice, ...] = ("layers", "fused")
"""Schedules of one frame."""
PIPELINE: ScheduleChoice = "pipeline"
"""The schedule that may be looked for on some of the cores."""


def frames_to_see(together: int, overlap: bool, all_stay: bool) -> int:
    """Of how many frames a pipeline is written down where nobody says: of those that are taken together, or of a few
    that follow each other. One is all there is to see where it begins when the one before has ended; and where weights
    come with every frame, since a reader of the file may take the first frame's to lie there for all others."""
    if together > 1:
        return together
    return FRAMES_TO_SEE if overlap and all_stay else 1


def frames_problems(frames: int | None, schedule: ScheduleChoice) -> Iterator[Problem]:
    """What is wrong with a number of frames."""
    if frames is not None and not 1 <= frames <= MOST_FRAMES:
        yield Problem("", f"frames is {frames}", f"say 1 to {MOST_FRAMES:,}: each is written down")
    elif frames is not None and frames > 1 and schedule in ONE_FRAME:
        what = f"frames is {frames}, and schedule {schedule} is one frame"
        yield Problem("", what, "leave it out, or say pipeline or auto")


def cores_problems(cores: CoresChoice | None, schedule: ScheduleChoice, placed: bool) -> Iterator[Problem]:
    """What is wrong with asking for pipelines on fewer cores; `placed`: the user says where layers run."""
    if cores is None:
        return
    if cores not in CORES:
        yield Problem("", f"cores is {cores}", f"say {' or '.join(CORES)}, or leave it out")
    if schedule != PIPELINE:
        yield Problem("", f"cores is {cores}, and schedule {schedule}", "say schedule pipeline, or leave it out")
    if placed:
        yield Problem("", "cores and placement both say where layers run", "leave one out")


def unlike_cores(system: "System") -> Iterator[Problem]:
    """Where cores differ, a number of them does not say which."""
    if len(system.kinds) > 1:
        names = ", ".join(sorted({core.name for core in system.cores}))
        yield Problem(
            str(system.path), f"cores differ ({names}), so that a number of them does not say which", "leave out cores"
        )
