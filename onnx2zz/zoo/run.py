"""Compile, verify and evaluate models of the zoo, and compare with what was found before."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from onnx2zz.compiler import Compiled, compile_layers
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import Found
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.pricing.workload_file import workload_of
from onnx2zz.proof.result import Verification
from onnx2zz.proof.verify import VerifyOptions, verify
from onnx2zz.zoo.difference import Moved, differences
from onnx2zz.zoo.golden import read_golden, write_golden
from onnx2zz.zoo.mapping import kept_mapping
from onnx2zz.zoo.models import ZooModel, ZooSteps
from onnx2zz.zoo.record import Record, kept_with, record

ACCELERATORS = ("seneca", "tpu_like")
"""What the zoo is priced on unless told otherwise."""
DIED = "the process that it was run in died (killed, or out of memory); `--jobs 1` needs less memory"
MOST_STAND_INS = 0.05
"""The share of a model's work that may be a documented stand-in, at most."""
LEAST_CHECKED = 0.99
"""The share of the nodes that claim to be exact that must have been run, at least."""


@dataclass(frozen=True)
class ModelRun:
    """What a run found out about a model. `faults`: what is wrong with it by itself; `moved`: against its golden.

    `golden`: what was kept for it, None if nothing was. `updated`: it has been replaced by what was found.
    """

    model: ZooModel
    found: Record | None = None
    verification: Verification | None = None
    golden: Record | None = None
    faults: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    updated: bool = False

    @property
    def green(self) -> bool:
        return not self.faults and (self.updated or (self.golden is not None and not self.moved))


@dataclass(frozen=True)
class ZooTarget:
    """What a run is compared on: the accelerators, and the folder of golden files, which `update` writes anew."""

    accelerators: tuple[Found, ...]
    goldens: Path
    update: bool = False


def run_models(
    steps: Mapping[ZooModel, ZooSteps], setting: ZooTarget, jobs: int, watch: Callable[[int, int, str], None]
) -> tuple[ModelRun, ...]:
    """Each model with its steps, `jobs` at a time in processes of their own; `watch` is told how many are done, of how
    many, and which one was. Raises InputError if the accelerators or the golden files are at fault."""
    if jobs == 1 or len(steps) == 1:
        return tuple(_watched(map(partial(_run, setting, jobs), steps.items()), len(steps), watch))
    with ProcessPoolExecutor(min(jobs, len(steps)), get_context("spawn")) as pool:
        coming = [(item[0], pool.submit(_run, setting, 1, item)) for item in steps.items()]
        try:
            return tuple(_watched((_outcome(*one) for one in coming), len(steps), watch))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _watched(runs: Iterator[ModelRun], total: int, watch: Callable[[int, int, str], None]) -> Iterator[ModelRun]:
    for done, run in enumerate(runs, start=1):
        watch(done, total, run.model.name)
        yield run
    watch(total, total, "")


def _run(setting: ZooTarget, jobs: int, item: tuple[ZooModel, ZooSteps]) -> ModelRun:
    return run_model(*item, setting, Resources(jobs=jobs))


def _outcome(model: ZooModel, future: Future[ModelRun]) -> ModelRun:
    try:
        return future.result()
    except BrokenExecutor:
        return ModelRun(model, faults=(DIED,))


def run_model(model: ZooModel, steps: ZooSteps, setting: ZooTarget, resources: Resources) -> ModelRun:
    """Everything that `steps` ask for; a model without faults gets a new golden file if they are to be written.

    Raises InputError if the accelerators or the golden files are at fault.
    """
    golden = read_golden(setting.goldens, model.name)
    try:
        compiled = compile_layers(model.path)
    except InputError as error:
        return ModelRun(model, golden=golden, faults=tuple(map(str, error.problems)))
    proof = verify(compiled, VerifyOptions(points=steps.points, directory=model.path.parent))
    accelerators = setting.accelerators if steps.evaluate else ()
    evaluations = [evaluated(model, compiled, accelerator, resources) for accelerator in accelerators]
    found = record(model.name, compiled.coverage, evaluations)
    run = ModelRun(model, found, proof, golden, tuple(shortcomings(proof)))
    if setting.update and not run.faults:
        write_golden(setting.goldens, kept_with(found, golden) if golden else found)
        return replace(run, updated=True)
    return replace(run, moved=differences(golden, found)) if golden else run


def evaluated(model: ZooModel, compiled: Compiled, accelerator: Found, resources: Resources) -> Evaluation:
    """The prices of a model's layers with the mapping that ships for the accelerator."""
    workload = workload_of(compiled, str(model.path))
    request = EvaluationRequest(workload, accelerator, kept_mapping(accelerator))
    return evaluate(request, Path(os.devnull), resources)


def shortcomings(proof: Verification) -> Iterator[str]:
    """Why a verification is not good enough."""
    for mismatch in proof.mismatches:
        told = f"{mismatch.where}: expected {mismatch.expected}, got {mismatch.got} ({mismatch.cause})"
        yield f"node {mismatch.node}, {told}"
    if proof.nodes_checked < LEAST_CHECKED * proof.nodes_exact:
        yield f"only {proof.nodes_checked} of {proof.nodes_exact} nodes could be checked"
    if proof.approximate_share >= MOST_STAND_INS:
        yield f"{proof.approximate_share:.1%} of the work are stand-ins"
