"""Price a sweep: each distinct (layer, accelerator, mapping, options) once, whatever runs it belongs to.

Runs go through in batches, so that memory is bounded and what is done is kept: prices at once, in the cache; runs at
the end of their batch, in the sweep's own file. Whoever starts a sweep again goes on from there.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from onnx2zz.design_space.columns import SweptRun, run_row
from onnx2zz.design_space.plan import AnyRun, Run, check
from onnx2zz.design_space.results import Results, layer_rows
from onnx2zz.design_space.system_design import cores_area
from onnx2zz.design_space.system_run import SystemRun
from onnx2zz.formats.accelerator import read_hierarchy, unit_area
from onnx2zz.formats.shipped_files import Found
from onnx2zz.mapping.evaluation import Chosen, with_chosen_mappings
from onnx2zz.pricing.physical import area_um2
from onnx2zz.pricing.price_cache import PriceCache, key_of
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import Prepared, prepare, priced
from onnx2zz.pricing.task import Outcome
from onnx2zz.pricing.workers import DIED, TOO_LONG
from onnx2zz.zigzag.cacti_costs import UM2_PER_MM2, MemoryCosts, with_costs
from onnx2zz.zigzag.talk import talk_goes_to

BATCH = 64
LOG = Path(os.devnull)
"""ZigZag says a thousand words a layer; a single evaluation of a run writes them down."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep is: runs that are done, of how many; units that were priced in this start, and wanted by runs."""

    done: int
    total: int
    priced: int
    wanted: int


def sweep(
    runs: Sequence[AnyRun], folder: Path, results: Results, resources: Resources, told: Callable[[Progress], None]
) -> Progress:
    """Everything of `runs` that `results` lacks; files go to `folder`, prices to the memory of `resources`.

    Raises InputError, before anything is priced, if files do not fit together.
    """
    price_cache = PriceCache(resources.store)
    finished = results.finished()
    left = list({run.key: run for run in runs if run.key not in finished}.values())
    for design in {run.design.name: run.design for run in runs}.values():
        design.write(folder)
    check(left, folder, price_cache)
    state = Progress(len(runs) - len(left), len(runs), 0, 0)
    told(state)
    alone = [run for run in left if isinstance(run, Run)]
    for start in range(0, len(alone), BATCH):
        batch = _Batch(alone[start : start + BATCH], folder, price_cache, resources)
        kept = batch.keep(results)
        wanted = state.wanted + sum(len(ready.tasks) for ready in batch.ready)
        state = Progress(state.done + kept, len(runs), state.priced + len(batch.units), wanted)
        told(state)
    for run in left:
        if isinstance(run, SystemRun):
            state = _on_system(run, folder, results, resources, state)
            told(state)
    return state


def _on_system(run: SystemRun, folder: Path, results: Results, resources: Resources, before: Progress) -> Progress:
    """Price and schedule a run on a system, and keep it. A model that the system has no room for is a run without
    numbers, whose layers say why."""
    with talk_goes_to(LOG):
        evaluation = run.evaluated(folder, resources)
    row = run_row(SweptRun(run, evaluation, cores_area(run.design.system(folder))))
    results.keep([row], layer_rows(run.key, evaluation))
    return replace(
        before,
        done=before.done + 1,
        priced=before.priced + evaluation.evaluated,
        wanted=before.wanted + len(evaluation.layers),
    )


def revisited(runs: Sequence[Run], folder: Path, resources: Resources) -> Iterator[tuple[Run, Evaluation]]:
    """Runs that are done as whole evaluations, which the sweep's file does not keep: layer by layer from the prices
    that are remembered. A mapping that was chosen is taken as it was written."""
    price_cache = PriceCache(resources.store)
    for start in range(0, len(runs), BATCH):
        batch = _Batch(runs[start : start + BATCH], folder, price_cache, resources, again=True)
        yield from zip(batch.runs, batch.evaluations(), strict=True)


class _Batch:
    """Runs that are priced together; `again`: that are done."""

    def __init__(
        self, runs: Sequence[Run], folder: Path, price_cache: PriceCache, resources: Resources, again: bool = False
    ):
        self.runs, self._folder, self._price_cache, self._resources = runs, folder, price_cache, resources
        self._again = again
        self.ready = self._prepared(runs)
        self._keys = [{task.key: key_of(one.unit(task).asked) for task in one.unknown} for one in self.ready]
        self.units = {
            keys[task.key]: one.unit(task)
            for one, keys in zip(self.ready, self._keys, strict=True)
            for task in one.unknown
        }

    def keep(self, results: Results) -> int:
        """Price, and keep every run but those with layers that were given up: they are tried again at the next start.
        How many were kept."""
        found = self._found()
        given_up = {key: outcome for key, outcome in found.items() if _given_up(outcome)}
        whole = [
            (run, evaluation)
            for run, keys, evaluation in zip(self.runs, self._keys, self._evaluations(found), strict=True)
            if given_up.keys().isdisjoint(keys.values())
        ]
        for key, outcome in given_up.items():
            name = self.units[key].task.name
            self._resources.tell(f"{name}: {outcome}; runs with this layer are tried again at the next start")
        rows = [run_row(SweptRun(run, found, area(run, found.extracted))) for run, found in whole]
        results.keep(rows, [row for run, evaluation in whole for row in layer_rows(run.key, evaluation)])
        return len(rows)

    def evaluations(self) -> Iterator[Evaluation]:
        """Each run's, what is not remembered priced."""
        return self._evaluations(self._found())

    def _found(self) -> Mapping[str, Outcome]:
        keys = {id(unit): key for key, unit in self.units.items()}
        coming = priced(list(self.units.values()), self._price_cache, self._resources, LOG)
        with talk_goes_to(LOG), closing(coming):
            return {keys[id(unit)]: outcome for unit, outcome in coming}

    def _evaluations(self, found: Mapping[str, Outcome]) -> Iterator[Evaluation]:
        for ready, keys in zip(self.ready, self._keys, strict=True):
            yield ready.evaluation({task: found[key] for task, key in keys.items()})

    def _prepared(self, runs: Sequence[Run]) -> list[Prepared]:
        """The runs with a mapping file each; those that are chosen are written first."""
        requests = [self._request(run) for run in runs]
        asked = [
            Chosen(request, self._file(run), f"Chosen for {run.workload.model} on {run.design.name}.")
            for run, request in zip(runs, requests, strict=True)
            if request.mapping_search is not None
        ]
        chosen = iter(with_chosen_mappings(asked, LOG, self._resources)) if asked else iter(())
        ready = [request if request.mapping_search is None else next(chosen)[0] for request in requests]
        return [prepare(request, LOG, self._price_cache, self._resources.tell) for request in ready]

    def _request(self, run: Run) -> EvaluationRequest:
        request, file = run.request(self._folder), self._file(run)
        if request.mapping_search is not None and self._again and file.is_file():
            return replace(request, mapping=Found(file.stem, file), mapping_search=None)
        return request

    def _file(self, run: Run) -> Path:
        """Where a mapping that is chosen for a run is written."""
        return self._folder / "mappings" / f"{run.key[:16]}.yaml"


def _given_up(outcome: Outcome) -> bool:
    """Whether a layer has no price, and the next try may end otherwise."""
    return isinstance(outcome, str) and outcome.startswith((DIED, TOO_LONG))


def area(run: Run, extracted: Sequence[MemoryCosts] = ()) -> float:
    """The accelerator's memories and units: the sidecar's figure for each memory that it has one of, else what CACTI
    said (`extracted`), else ZigZag's `area` field; what has none of them counts 0."""
    document = with_costs(run.design.document, extracted, UM2_PER_MM2)
    return area_um2(read_hierarchy(document), unit_area(document), run.design.sidecar)
