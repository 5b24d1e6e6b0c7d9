"""The kinds of schedule that a system of cores may have, and what may be asked for."""

from typing import Literal, get_args

ScheduleKind = Literal["layers", "fused", "pipeline"]
"""How the cores take up a network: `layers` in their order, each shared out over the cores, for one frame; `fused`:
stacks of layers, a band of rows through all layers of a stack before the next; `pipeline`: frame after frame, weights
staying where they are read."""
ScheduleChoice = Literal["auto", "layers", "fused", "pipeline"]
SCHEDULES: tuple[ScheduleChoice, ...] = get_args(ScheduleChoice)
"""What may be asked for; `auto` takes the best of the kinds."""
CoresChoice = Literal["any", "fewest"]
CORES: tuple[CoresChoice, ...] = get_args(CoresChoice)
"""On how many cores pipelines are looked for: on several numbers of them beside the one on all, or on as few as all
weights stay on."""
