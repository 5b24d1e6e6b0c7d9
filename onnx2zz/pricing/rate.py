"""What a token, a frame or a sample costs: a run by how many of them it is for."""

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal

from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.coverage import CoveredInput
from onnx2zz.pricing.footprint import with_footprint

if TYPE_CHECKING:
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.result import Evaluation

UnitName = Literal["token", "frame", "sample"]
UNIT_NAMES: dict[str, UnitName] = {"token": "token", "frame": "frame", "sample": "sample"}
PJ_PER_JOULE = 1e12
"""A joule in pJ."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of what a run is for, and what says so."""

    unit: UnitName
    count: int
    decided: str


@dataclass(frozen=True, slots=True)
class Rate:
    """One of `count` tokens, frames or samples of a run. `joules`: with what a sidecar adds, if there is one.
    `per_second`: None where no clock is known; of a pipeline by its interval. `incomplete`: the run's total lacks
    something, so that its costs are at least this, and the rate is at most that."""

    unit: UnitName
    count: int
    decided: str
    macs: float
    energy_pj: float
    latency_cycles: float
    joules: float
    per_second: float | None
    incomplete: bool


def counted(per: str, workload: "PricedWorkload") -> Counted:
    """What `--per` asks for: `token`, `frame` or `sample`, and perhaps `=N`. Raises InputError where it asks for
    something else, or the model's inputs do not say how many there are."""
    name, told, number = per.partition("=")
    unit = UNIT_NAMES.get(name)
    if unit is None:
        raise InputError(
            Problem("--per", f"no such unit: {name!r}", f"one of {', '.join(UNIT_NAMES)}, and =N for how many")
        )
    if told:
        if not (number.isdecimal() and number.isascii() and int(number)):
            raise InputError(Problem("--per", f"is {number!r} {unit}s", f"a whole number above 0, {unit}=512 say"))
        return Counted(unit, int(number), "as told")
    inputs = workload.coverage.get("inputs", []) if workload.coverage else []
    return _tokens(inputs) if unit == "token" else _first_axes(unit, inputs)


def _tokens(inputs: list[CoveredInput]) -> Counted:
    """As many as there are ids that name rows of a table of weights."""
    ids = [one for one in inputs if one["names_rows"]]
    if len({prod(one["shape"]) for one in ids}) != 1:
        what = ", ".join(map(_said, ids)) if ids else "no input names rows of a table of weights"
        raise InputError(Problem("--per token", f"how many the run is for is open: {what}", "--per token=N"))
    return Counted("token", prod(ids[0]["shape"]), _said(ids[0]))


def _first_axes(unit: UnitName, inputs: list[CoveredInput]) -> Counted:
    """The batch: the first axis of every input."""
    if not inputs or any(not one["shape"] for one in inputs) or len({one["shape"][0] for one in inputs}) != 1:
        what = ", ".join(map(_said, inputs)) if inputs else "no inputs are known"
        raise InputError(Problem(f"--per {unit}", f"how many the run is for is open: {what}", f"--per {unit}=N"))
    return Counted(unit, inputs[0]["shape"][0], f"the first axis of {_said(inputs[0])}")


def _said(one: CoveredInput) -> str:
    return f"{one['name']} is {'x'.join(map(str, one['shape'])) or 'one number'}"


def check_per(per: str | None, workload: "PricedWorkload") -> None:
    """Raises InputError as `counted` does; whoever asks before pricing waits for no run that cannot answer."""
    if per is not None:
        counted(per, workload)


def at_scale(evaluation: "Evaluation", workload: "PricedWorkload", per: str | None) -> "Evaluation":
    """The evaluation with its footprint and, where asked for, what a token, frame or sample costs. Raises InputError
    as `counted` does."""
    found = with_footprint(evaluation, workload)
    return found if per is None else _with_rate(found, counted(per, workload))


def _with_rate(evaluation: "Evaluation", asked: Counted) -> "Evaluation":
    total, count = evaluation.total, asked.count
    seconds = _seconds(evaluation)
    rate = Rate(
        unit=asked.unit,
        count=count,
        decided=asked.decided,
        macs=total.macs / count,
        energy_pj=total.energy_pj / count,
        latency_cycles=total.latency_cycles / count,
        joules=_all_energy_pj(evaluation) / PJ_PER_JOULE / count,
        per_second=count / seconds if seconds else None,
        incomplete=total.incomplete,
    )
    return replace(evaluation, per=rate)


def _seconds(evaluation: "Evaluation") -> float | None:
    """How long it takes until the next run is as far as this one; None without a clock."""
    physical, system = evaluation.total.physical, evaluation.system
    if system is not None and system.clock_mhz is not None:
        cycles = system.pipeline.interval_cycles if system.pipeline is not None else system.latency_cycles
        return cycles / (system.clock_mhz * 1e6)
    return physical.latency_ns * 1e-9 if physical is not None and physical.latency_ns is not None else None


def _all_energy_pj(evaluation: "Evaluation") -> float:
    """ZigZag's, or what the sidecar's rules make of it, with static energy where that has a figure."""
    physical = evaluation.total.physical
    if physical is None:
        return evaluation.total.energy_pj
    return physical.energy_pj + (physical.static_energy_pj or 0.0)
