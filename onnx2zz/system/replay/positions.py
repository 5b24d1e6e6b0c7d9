"""The positions of a schedule, played without a number: what is done, where and when, and what lies there then."""

from collections.abc import Iterator

from onnx2zz.system.replay.arrivals import arrivals
from onnx2zz.system.replay.fault import EPS, Fault, cycles
from onnx2zz.system.replay.held import memory_faults
from onnx2zz.system.replay.needs import Needs
from onnx2zz.system.replay.nests import nest_faults
from onnx2zz.system.replay.scene import scene
from onnx2zz.system.replay.wires import wire_faults
from onnx2zz.system.replay.written import WrittenSchedule


def position_faults(schedule: WrittenSchedule, needs: Needs) -> tuple[Fault, ...]:
    """All that keeps a schedule from being carried out as it is written, in the order of time."""
    played, misfits = scene(schedule, needs)
    if misfits:  # of boxes and elements that are none nothing can be told
        return tuple(misfits)
    found = [*nest_faults(played), *wire_faults(played)]
    come = arrivals(played)
    found += [*come.faults, *memory_faults(come), *_time_faults(schedule)]
    return tuple(sorted(found, key=lambda fault: float("inf") if fault.cycle is None else fault.cycle))


def _time_faults(schedule: WrittenSchedule) -> Iterator[Fault]:
    """Whether the whole takes as long as it says."""
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    moved = [one for one in schedule.transfers.values() if not one.setup]
    for job in (*schedule.tiles.values(), *moved):
        starts[job.frame] = min(job.start, starts.get(job.frame, job.start))
        ends[job.frame] = max(job.end, ends.get(job.frame, job.end))
    if len(ends) < schedule.frames:
        return  # a layer without a tile is a fault of its own
    last = schedule.frames - 1
    latency = ends[0] if not last else max(ends[frame] - starts[frame] for frame in ends)
    interval = latency if not last else (ends[last] - ends[0]) / last
    for name, said, found in (("latency", schedule.latency, latency), ("interval", schedule.interval, interval)):
        if abs(said - found) > EPS * max(1.0, found):
            yield Fault("total", f"the {name} is {cycles(found)} cycles, and it says {cycles(said)}")
