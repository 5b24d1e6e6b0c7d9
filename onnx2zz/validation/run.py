"""Run a case and hold each figure against what was published, and against what we had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from sys import version_info

from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.pricing.supplement import Supplement
from onnx2zz.pricing.workload_file import read_workload
from onnx2zz.sidecar.reading import read_sidecar
from onnx2zz.validation.case import TOTAL, Case, CaseRun, Figure
from onnx2zz.zigzag.layer_price import PriceOptions

LAST_BITS = 0.0 if version_info < (3, 12) else 1e-12
"""How far a figure may be from the one that was kept, relatively; they are kept on Python 3.11."""


@dataclass(frozen=True)
class Held:
    """A figure with ours of this run; None where the layer has no price. `why` says what there is not."""

    figure: Figure
    ours: float | None
    why: str = ""

    @property
    def off_percent(self) -> float | None:
        """How far ours is from the published figure."""
        # A published 0 has no percentage.
        published = self.figure.published
        return None if self.ours is None or not published else 100 * (self.ours / published - 1)

    @property
    def in_band(self) -> bool:
        """Whether ours keeps the band; one that is only told keeps it if it is there."""
        off = self.off_percent
        # A figure that is only told can be off by anything, but it must not disappear.
        if self.figure.band is None or self.figure.published is None:
            return self.ours is not None
        return off is not None and abs(off) <= self.figure.band

    @property
    def as_kept(self) -> bool:
        """Whether ours is what it was: to the last bit on the Python that it was kept on. Since 3.12 `sum` compensates
        for rounding, which moves the last bits of ZigZag's numbers."""
        kept = self.figure.ours
        return kept is None or (self.ours is not None and isclose(self.ours, kept, rel_tol=LAST_BITS, abs_tol=0.0))


@dataclass(frozen=True)
class Outcome:
    """A case that was run."""

    case: Case
    held: tuple[Held, ...]

    @property
    def good(self) -> bool:
        """Whether each figure keeps its band and is what it was."""
        return all(one.in_band and one.as_kept for one in self.held)


def run_case(case: Case, folder: Path, resources: Resources, told: Callable[[str], None] = lambda run: None) -> Outcome:
    """Evaluate each run; ZigZag's log goes to `folder`. `told` hears of each run before it. Raises InputError."""
    found: dict[str, Evaluation] = {}
    for run in case.runs:
        told(f"{case.name}: {run.name}")
        found[run.name] = _evaluated(run, folder / f"{case.name}.log", resources)
    return Outcome(case, tuple(_held(figure, found) for figure in case.figures))


def _evaluated(run: CaseRun, log: Path, resources: Resources) -> Evaluation:
    sidecar = read_sidecar(run.accelerator, read_hierarchy(load_yaml(run.accelerator)))
    request = EvaluationRequest(
        read_workload(run.workload),
        Found(run.accelerator.stem, run.accelerator),
        Found(run.mapping.stem, run.mapping),
        PriceOptions(run.opt, run.lpf_limit),
        supplement=Supplement(sidecar),
    )
    return evaluate(request, log, resources)


def _held(figure: Figure, found: Mapping[str, Evaluation]) -> Held:
    evaluation = found[figure.run]
    of = {layer.name: layer for layer in evaluation.layers}
    try:
        return Held(figure, figure.measure.value(evaluation.total if figure.layer == TOTAL else of[figure.layer]))
    except KeyError as missing:
        return Held(figure, None, f"no {missing.args[0]}" if figure.layer not in (*of, TOTAL) else str(missing.args[0]))
