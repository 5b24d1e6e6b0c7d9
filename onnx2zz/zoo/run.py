"""Compile, verify and evaluate a model of the zoo, and compare with what was found before."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.errors import InputError
from onnx2zz.evaluate.inputs import Workload
from onnx2zz.evaluate.result import Evaluation
from onnx2zz.evaluate.run import Means, evaluate
from onnx2zz.shipped_files import Found, choose_mapping
from onnx2zz.verify.result import Verification
from onnx2zz.verify.verify import VerifyOptions, verify
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zoo.difference import Moved, differences
from onnx2zz.zoo.golden import read_golden, write_golden
from onnx2zz.zoo.models import Steps, ZooModel
from onnx2zz.zoo.record import Record, kept_with, record

ACCELERATORS = ("seneca", "tpu_like")
"""What the zoo is priced on unless told otherwise."""
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


def run_model(
    model: ZooModel, steps: Steps, accelerators: Sequence[Found], goldens: Path, update: bool, means: Means
) -> ModelRun:
    """Everything that `steps` ask for. With `update` a model without faults gets a new golden file.

    Raises InputError if the accelerators or the golden files are at fault.
    """
    golden = read_golden(goldens, model.name)
    try:
        compiled = compile_model(model.path)
    except InputError as error:
        return ModelRun(model, golden=golden, faults=tuple(map(str, error.problems)))
    proof = verify(compiled, VerifyOptions(directory=model.path.parent)) if steps.verify else None
    faults = tuple(shortcomings(proof)) if proof else ()
    evaluations = [evaluated(model, compiled, arch, means) for arch in accelerators] if steps.evaluate else []
    found = record(model.name, compiled.coverage, evaluations)
    run = ModelRun(model, found, proof, golden, faults)
    if update and not faults:
        write_golden(goldens, kept_with(found, golden) if golden else found)
        return replace(run, updated=True)
    return replace(run, moved=differences(golden, found)) if golden else run


def evaluated(model: ZooModel, compiled: Compiled, accelerator: Found, means: Means) -> Evaluation:
    """The prices of a model's layers with the accelerator's own mapping."""
    workload = Workload(model.name, str(model.path), compiled.entries, compiled.coverage)
    mapping = choose_mapping(None, accelerator)
    return evaluate(workload, accelerator, mapping, PriceOptions(), Path(os.devnull), means=means)


def shortcomings(proof: Verification) -> Iterator[str]:
    """Why a verification is not good enough."""
    for mismatch in proof.mismatches:
        told = f"{mismatch.where}: expected {mismatch.expected}, got {mismatch.got} ({mismatch.cause})"
        yield f"node {mismatch.node}, {told}"
    if proof.nodes_checked < LEAST_CHECKED * proof.nodes_exact:
        yield f"only {proof.nodes_checked} of {proof.nodes_exact} nodes could be checked"
    if proof.approximate_share >= MOST_STAND_INS:
        yield f"{proof.approximate_share:.1%} of the work are stand-ins"
