"""The columns of a run's row: COLUMNS is the only list. The sweep's database and tables, the Pareto fronts, what is
printed of them and the figure are made from it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnx2zz.pricing.columns import Cell

if TYPE_CHECKING:
    from onnx2zz.design_space.plan import AnyRun
    from onnx2zz.design_space.spec import Scheduling
    from onnx2zz.pricing.physical import TotalPhysical
    from onnx2zz.pricing.result import Evaluation, Total
    from onnx2zz.pricing.system_result import SystemResult


@dataclass(frozen=True)
class SweptRun:
    """A run with what was found for it; `area` is the accelerator's, in the unit of its figures."""

    run: "AnyRun"
    evaluation: "Evaluation"
    area: float

    @property
    def total(self) -> "Total | None":
        """None for a run with layers that have no price, or with MACs left to the host: its totals would look better
        than they are."""
        return None if self.evaluation.total.incomplete else self.evaluation.total

    @property
    def physical(self) -> "TotalPhysical | None":
        return self.total.physical if self.total else None

    @property
    def system(self) -> "SystemResult | None":
        """What a run on a system says beside its totals."""
        return self.evaluation.system if self.total else None


@dataclass(frozen=True)
class RunColumn:
    """A column: its name, its `value` for a run, and what a figure calls it, with the unit of its numbers.

    `is_option`: the sweep file sets it. `is_shared`: runs that are summed have it in common. `is_minimised`:
    less is better, a front can be drawn over it. `is_summed`: the sum over models means something; `is_largest`: the
    largest of them does. `since`: the version of the sweep's file that has it first.
    """

    name: str
    value: Callable[[SweptRun], Cell]
    label: str = ""
    is_option: bool = False
    is_shared: bool = False
    is_minimised: bool = False
    is_summed: bool = False
    is_largest: bool = False
    since: int = 1


def _option(name: str, value: Callable[[SweptRun], Cell]) -> RunColumn:
    return RunColumn(name, value, is_option=True, is_shared=True)


def _scheduling(name: str, value: "Callable[[Scheduling], Cell]") -> RunColumn:
    def found(swept: SweptRun) -> Cell:
        return None if swept.run.scheduling is None else value(swept.run.scheduling)

    return RunColumn(name, found, is_option=True, is_shared=True, since=SYSTEMS)


def _of_system(name: str, value: "Callable[[SystemResult], Cell]", is_summed: bool = False) -> RunColumn:
    return RunColumn(name, lambda x: value(x.system) if x.system else None, is_summed=is_summed, since=SYSTEMS)


def _shared(name: str, value: Callable[[SweptRun], Cell]) -> RunColumn:
    return RunColumn(name, value, is_shared=True)


def _total(name: str, label: str, value: "Callable[[Total], float]") -> RunColumn:
    return RunColumn(name, lambda x: value(x.total) if x.total else None, label, is_minimised=True, is_summed=True)


def _physical(name: str, label: str, value: "Callable[[TotalPhysical], float | None]", since: int = 1) -> RunColumn:
    return RunColumn(
        name, lambda x: value(x.physical) if x.physical else None, label, is_minimised=True, is_summed=True, since=since
    )


PHYSICS = 2
"""The version of a sweep's file that has what the rules of docs/physical.md make of energy and latency."""
SYSTEMS = 3
"""The version that has what is of systems of cores."""


def _interval(system: "SystemResult") -> float:
    """Cycles from a frame to the next: the latency, where frames do not overlap."""
    return system.latency_cycles if system.pipeline is None else system.pipeline.interval_cycles


def _bound_by(system: "SystemResult") -> str:
    return system.bound_by if system.pipeline is None else system.pipeline.interval_bound_by


def _bound(system: "SystemResult") -> float:
    """Cycles that no interval goes below."""
    return system.bound_cycles if system.pipeline is None else system.pipeline.interval_bound_cycles


def _why(swept: SweptRun) -> str | None:
    """Of a run on a system that has no schedule, the sentence that says why."""
    if swept.run.scheduling is None:
        return None
    return next((layer.error for layer in swept.evaluation.layers if layer.error is not None), None)


COLUMNS: tuple[RunColumn, ...] = (
    RunColumn("run", lambda one: one.run.key),
    RunColumn("model", lambda one: one.run.workload.model),
    _option("accelerator", lambda one: one.run.design.name),
    _shared("template", lambda one: one.run.design.template),
    _shared("parameters", lambda one: json.dumps(one.run.design.parameters)),
    _option("mapping", lambda one: one.run.mapping_name),
    _option("opt", lambda one: one.run.options.opt),
    _option("lpf_limit", lambda one: one.run.options.lpf_limit),
    _option("precision", lambda one: one.run.options.precision),
    _option("locality", lambda one: int(one.run.options.locality)),
    _total("energy_pj", "energy [pJ]", lambda total: total.energy_pj),
    _total("latency_cycles", "latency [cycles]", lambda total: total.latency_cycles),
    RunColumn("area", lambda one: one.area, "area [as in the files]", is_shared=True, is_minimised=True),
    RunColumn("macs", lambda one: one.evaluation.total.macs, is_summed=True),
    RunColumn("layers", lambda one: len(one.evaluation.layers)),
    RunColumn("not_priced", lambda one: len(one.evaluation.unpriced)),
    _physical("latency_ns", "latency [ns]", lambda physical: physical.latency_ns),
    _physical("corrected_energy_pj", "corrected energy [pJ]", lambda physical: physical.corrected_energy_pj),
    _physical("static_energy_pj", "static energy [pJ]", lambda physical: physical.static_energy_pj),
    _physical("physical_energy_pj", "energy on silicon [pJ]", lambda physical: physical.energy_pj, since=PHYSICS),
    _physical(
        "physical_latency_cycles",
        "latency on silicon [cycles]",
        lambda physical: physical.latency_cycles,
        since=PHYSICS,
    ),
    _scheduling("schedule", lambda asked: asked.schedule),
    _scheduling("frames", lambda asked: asked.frames),
    _scheduling("on_cores", lambda asked: asked.cores or "all"),
    RunColumn(
        "cores",
        lambda x: len([core for core in x.system.cores if core.busy_cycles]) if x.system else None,
        "cores",
        is_minimised=True,
        is_largest=True,
        since=SYSTEMS,
    ),
    RunColumn(
        "interval_cycles",
        lambda x: _interval(x.system) if x.system else None,
        "interval [cycles]",
        is_minimised=True,
        is_summed=True,
        since=SYSTEMS,
    ),
    _of_system("bound_cycles", _bound, is_summed=True),
    _of_system("bound_by", _bound_by),
    _of_system("gap", lambda system: _interval(system) / _bound(system) if _bound(system) else None),
    _of_system("taken", lambda system: system.schedule),
    RunColumn("problem", _why, since=SYSTEMS),
    RunColumn("zigzag", lambda one: one.evaluation.zigzag),
    RunColumn("onnx2zz", lambda one: one.evaluation.onnx2zz),
)
"""`run` is a digest of everything that the numbers depend on."""
NAMES = tuple(column.name for column in COLUMNS)
OPTIONS = tuple(column.name for column in COLUMNS if column.is_option)
SHARED = tuple(column.name for column in COLUMNS if column.is_shared)
MINIMISED = tuple(column.name for column in COLUMNS if column.is_minimised)
LARGEST = tuple(column.name for column in COLUMNS if column.is_largest)
SUMMED = tuple(column.name for column in COLUMNS if column.is_summed)
LABELS = {column.name: column.label for column in COLUMNS if column.is_minimised}


def run_row(swept: SweptRun) -> dict[str, Cell]:
    """The row of a run."""
    return {column.name: column.value(swept) for column in COLUMNS}
