"""What a sweep file says, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import get_args

from onnx2zz.design_space.expression import Value
from onnx2zz.formats.shipped_files import Found
from onnx2zz.frontend.binding import Bindings
from onnx2zz.lowering.options import INT8, WORDS, Precision
from onnx2zz.pricing.request import ChoiceKind
from onnx2zz.pricing.schedule_kind import CoresChoice, ScheduleChoice
from onnx2zz.system.schedule_options import ONE_FRAME, PIPELINE
from onnx2zz.zigzag.layer_price import LPF_LIMIT
from onnx2zz.zigzag.objective import LATENCY, ObjectiveName

OWN = "own"
"""The mapping that goes with the accelerator."""
CHOSEN: tuple[ChoiceKind, ...] = get_args(ChoiceKind)
"""A mapping chosen for each layer (docs/mapping.md, docs/optimal.md)."""


@dataclass(frozen=True)
class ModelSpec:
    """A model, what results call it, and what binds its open dims. `where` is FILE:LINE."""

    name: str
    found: Found
    bindings: Bindings
    where: str


@dataclass(frozen=True)
class FieldExpression:
    """A field of the template (names joined by dots, * for each) and the expression that it is set to; `where` is
    FILE:LINE."""

    field: str
    expression: str
    where: str


@dataclass(frozen=True)
class AcceleratorSpec:
    """An accelerator as it is, or a template: `parameters` name -> its alternatives, each a label and a value."""

    name: str
    template: Found
    where: str
    parameters: Mapping[str, Mapping[str, Value]]
    settings: tuple[FieldExpression, ...] = ()


@dataclass(frozen=True)
class Options:
    """One combination of the options of an evaluation. `precision` is the word or the widths in the file."""

    opt: ObjectiveName
    lpf_limit: int
    mapping: str
    precision: str
    locality: bool


@dataclass(frozen=True)
class Scheduling:
    """How the cores of a system take up the layers: the kind of schedule, of how many frames (None: as many as the
    pipeline takes together, or shows), and whether it is looked for on as few cores as all weights stay on."""

    schedule: ScheduleChoice = "auto"
    frames: int | None = 1
    cores: CoresChoice | None = None


@dataclass(frozen=True)
class Axes:
    """The values of each option; the sweep has all combinations. `schedule`, `frames` (None: as many as the schedule
    has by itself) and `cores` are of systems alone."""

    opt: tuple[ObjectiveName, ...] = (LATENCY,)
    lpf_limit: tuple[int, ...] = (LPF_LIMIT,)
    mapping: tuple[str, ...] = (OWN,)
    precision: Mapping[str, Precision] | None = None
    locality: tuple[bool, ...] = (False,)
    schedule: tuple[ScheduleChoice, ...] = ("auto",)
    frames: tuple[int | None, ...] = (None,)
    cores: tuple[CoresChoice | None, ...] = (None,)

    @property
    def precisions(self) -> Mapping[str, Precision]:
        return self.precision or {INT8: WORDS[INT8]}

    def combinations(self) -> tuple[Options, ...]:
        return tuple(
            Options(*values)
            for values in product(self.opt, self.lpf_limit, self.mapping, self.precisions, self.locality)
        )

    def schedulings(self) -> tuple[Scheduling, ...]:
        """The combinations of what is of systems, each once: of one frame, or on all cores, where a schedule goes with
        nothing else."""
        # A sweep over kinds of schedules may ask for frames or for few cores where only some kinds have them.
        every = product(self.schedule, self.frames, self.cores)
        return tuple(
            dict.fromkeys(
                Scheduling(
                    kind,
                    frames if kind == PIPELINE else 1 if kind in ONE_FRAME else frames or 1,
                    cores if kind == PIPELINE else None,
                )
                for kind, frames, cores in every
            )
        )


@dataclass(frozen=True)
class Spec:
    """A whole sweep. `pareto`: the columns of which the front is drawn."""

    path: str
    models: tuple[ModelSpec, ...]
    accelerators: tuple[AcceleratorSpec, ...]
    axes: Axes
    pareto: tuple[str, ...]
