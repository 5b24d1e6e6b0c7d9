"""The parts that a run's energy and latency are the sums of: of which layer, place and operand each is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from onnx2zz.formats.core_file import OFFCHIP_BITS

Run = Mapping[str, Any]
"""The document that `evaluate --json` writes."""
Objective = Literal["energy", "latency"]
OPERATIONS, OTHER, CORES, WHOLE = "operations", "other", "cores", "the whole run"
OF_A_SYSTEM = {"links_pj": "links", "offchip_pj": "the off-chip memory"}
"""What a system's energy has beside that of its layers."""
CYCLES = {"steps": "computing", "stalls": "waiting for memories", "filling": "filling", "draining": "draining"}
"""What ZigZag's latency of a layer consists of (pricing/breakdown.py), in words."""


@dataclass(frozen=True)
class Part:
    """What a layer takes at one place, in pJ or cycles. `place`: a memory, the operations, or what a latency consists
    of. `elements`: how many an operand has read and written there, 0 where nothing is counted."""

    layer: str
    place: str
    operand: str
    value: float
    elements: float = 0


def parts(run: Run, objective: Objective, as_of_a_system: bool = False) -> list[Part]:
    """All parts of a run's total; layers without a price have none. `as_of_a_system`: no finer than a run on a system
    tells them, the whole latency and the energy of cores, links and off-chip memory."""
    if as_of_a_system and objective == "latency":
        return [Part("", WHOLE, "", total(run, objective))]
    found = list(_energy(run) if objective == "energy" else _latency(run))
    return found if not as_of_a_system or run.get("system") else list(_of_one_core(run, found))


def _of_one_core(run: Run, found: Sequence[Part]) -> Iterator[Part]:
    """The parts of a run on one accelerator, its off-chip memory apart from all else."""
    offchip = [name for name, bits in memories(run).items() if bits >= OFFCHIP_BITS][-1:]
    for part in found:
        away = part.place in offchip
        yield Part("" if away else part.layer, OF_A_SYSTEM["offchip_pj"] if away else CORES, "", part.value)


def total(run: Run, objective: Objective) -> float:
    """pJ or cycles, as the run says them."""
    return run["total"]["energy_pj" if objective == "energy" else "latency_cycles"]


def memories(run: Run) -> Mapping[str, int]:
    """The accelerator's memories and their sizes in bit, lowest first; none of a system, or if the file is older."""
    hardware: Mapping[str, Any] = run.get("hardware") or {}
    return hardware.get("memories", {})


def priced(run: Run) -> list[Mapping[str, Any]]:
    """The layers that have a price."""
    return [layer for layer in run["layers"] if layer.get("error") is None]


def _energy(run: Run) -> Iterator[Part]:
    for layer in priced(run):
        broken = layer.get("breakdown")
        if broken is None:  # several tiles of a system, or a layer that was priced as a whole
            yield Part(layer["name"], CORES if run.get("system") else OTHER, "", layer["energy_pj"])
            continue
        told = [Part(layer["name"], OPERATIONS, "", broken["operation_energy_pj"])]
        for level in broken["memory_energy"]:
            moved = sum(one["elements"] for one in level["traffic"])
            told.append(Part(layer["name"], level["memory"], level["operand"], level["energy_pj"], moved))
        yield from told
        yield Part(layer["name"], OTHER, "", layer["energy_pj"] - sum(part.value for part in told))
    for key, place in OF_A_SYSTEM.items() if run.get("system") else ():
        yield Part("", place, "", run["system"]["energy"].get(key, 0.0))


def _latency(run: Run) -> Iterator[Part]:
    if run.get("system"):  # layers overlap: their spans are no parts of the sum
        yield Part("", WHOLE, "", total(run, "latency"))
        return
    for layer in priced(run):
        broken: Mapping[str, Any] = layer.get("breakdown") or {}
        cycles = broken.get("cycles")
        if cycles is None:
            yield Part(layer["name"], OTHER, "", layer["latency_cycles"])
            continue
        yield from (Part(layer["name"], place, "", cycles[key]) for key, place in CYCLES.items())
        yield Part(layer["name"], OTHER, "", layer["latency_cycles"] - sum(cycles[key] for key in CYCLES))
