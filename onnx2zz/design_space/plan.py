"""From a sweep file to the runs that it stands for, everything checked before the first layer is priced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from onnx2zz import __version__
from onnx2zz.design_space.compiled_model import CompiledModel, compiled_model
from onnx2zz.design_space.design import Design
from onnx2zz.design_space.designs import AnyDesign, areas_are_um2, designs
from onnx2zz.design_space.named_mapping import mapping_document, mapping_name
from onnx2zz.design_space.spec import CHOSEN, OWN, Options, Spec
from onnx2zz.design_space.system_design import SystemDesign
from onnx2zz.design_space.system_run import SystemRun
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.formats.shipped_files import Found
from onnx2zz.pricing.companion import companion_of
from onnx2zz.pricing.inputs import PricedWorkload, load_inputs
from onnx2zz.pricing.price_cache import PriceCache, key_of
from onnx2zz.pricing.request import EvaluationRequest, MappingSearch
from onnx2zz.pricing.supplement import Supplement
from onnx2zz.zigzag.cacti_costs import asking
from onnx2zz.zigzag.cacti_files import cacti_digest
from onnx2zz.zigzag.layer_price import PriceOptions


@dataclass(frozen=True)
class Run:
    """One evaluation of the sweep."""

    workload: PricedWorkload
    design: Design
    options: Options

    @cached_property
    def key(self) -> str:
        """A digest of everything that the numbers depend on, and of the names that they are reported under."""
        design, options = self.design, replace(self.options, mapping=self.mapping_name)
        covered = self.workload.coverage["layers"] if self.workload.coverage else None
        model = (self.workload.model, list(self.workload.layers), covered)
        accelerator = (design.name, design.parameters, design.document, design.sidecar_document, self._mapping_document)
        cacti = (cacti_digest(),) if asking(design.document) else ()
        return key_of(("run", model, accelerator, options, __version__, *cacti))

    @property
    def mapping_name(self) -> str:
        """What tables call the mapping."""
        return mapping_name(self.options.mapping)

    @property
    def scheduling(self) -> None:
        """Nothing: only systems have schedules."""
        return None

    @cached_property
    def _mapping_document(self) -> Any:
        own = self.options.mapping in (OWN, *CHOSEN)
        return self.design.mapping if own else mapping_document(self.options.mapping)

    def base(self, folder: Path) -> Found:
        """The mapping file: the accelerator's own, from which a choice starts, or the one named."""
        chosen = self.options.mapping
        own = chosen in (OWN, *CHOSEN)
        return self.design.own_mapping(folder) if own else Found(Path(chosen).stem, Path(chosen))

    @property
    def _mapping_search(self) -> MappingSearch | None:
        chosen = (MappingSearch(kind=kind) for kind in CHOSEN if kind == self.options.mapping)
        return next(chosen, None)

    def request(self, folder: Path) -> EvaluationRequest:
        """What is asked for; the accelerator's files lie in `folder` (`Design.write`)."""
        asked, accelerator = self.options, self.design.accelerator(folder)
        return EvaluationRequest(
            self.workload,
            accelerator,
            self.base(folder),
            PriceOptions(opt=asked.opt, lpf_limit=asked.lpf_limit),
            asked.locality,
            mapping_search=self._mapping_search,
            supplement=Supplement(self.design.sidecar),
            companion=companion_of(self.design.sidecar, accelerator),
        )


AnyRun = Run | SystemRun


def plan(spec: Spec) -> tuple[AnyRun, ...]:
    """All runs: for each accelerator or system and combination of options, each model.

    Raises InputError with everything that is wrong with models, settings and sidecars.
    """
    problems: list[Problem] = []
    found: Sequence[AnyDesign] = ()
    models: dict[tuple[int, str], CompiledModel] = {}
    with noted_in(problems):
        found = designs(spec.accelerators)
    for design in found:
        with noted_in(problems):
            # It reads the sidecar, or those of a system's cores, and raises where one is wrong.
            areas_are_um2([design])
    for (number, model), (label, precision) in product(enumerate(spec.models), spec.axes.precisions.items()):
        with noted_in(problems):
            models[number, label] = compiled_model(model, precision)
    raise_if_any(dict.fromkeys(problems))
    every = product(found, spec.axes.combinations(), range(len(spec.models)))
    return tuple(
        run
        for design, options, model in every
        for run in _runs(models[model, options.precision], design, options, spec)
    )


def _runs(model: CompiledModel, design: AnyDesign, options: Options, spec: Spec) -> Iterator[AnyRun]:
    if isinstance(design, SystemDesign):
        for scheduling in spec.axes.schedulings():
            yield SystemRun(model.workload, design, options, scheduling, model.graph)
    else:
        yield Run(model.workload, design, options)


def check(runs: Sequence[AnyRun], folder: Path, price_cache: PriceCache) -> None:
    """Raises InputError with everything that ZigZag, or we, object to in the files of the runs."""
    problems: dict[Problem, None] = {}
    for run in runs:
        for problem in run.problems(folder) if isinstance(run, SystemRun) else _problems(run, folder, price_cache):
            problems.setdefault(problem)
    raise_if_any(problems)


def _problems(run: Run, folder: Path, price_cache: PriceCache) -> Iterator[Problem]:
    found: list[Problem] = []
    with noted_in(found):
        load_inputs(
            run.workload,
            run.design.accelerator(folder),
            run.base(folder),
            price_cache,
            as_start=run.options.mapping in CHOSEN,
        )
    for problem in found:
        yield Problem(run.design.where, f"{run.design.name}: {problem.where}: {problem.what}", problem.way_out)
