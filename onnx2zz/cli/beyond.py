"""What `evaluate` reports beside ZigZag's numbers: the accelerator's sidecar file, and `--events`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnx2zz.errors import InputError, Problem
from onnx2zz.shipped_files import Found

if TYPE_CHECKING:
    import numpy as np

    from onnx2zz.compiler import Compiled
    from onnx2zz.evaluate.event_driven import Activities
    from onnx2zz.sidecar.figures import Sidecar

RANDOM = "random"

events_option = click.option(
    "--events",
    metavar="random|FILE.npz",
    help="Run MODEL on these inputs, count zeros, and report what an event-driven core would spend.",
)


def refuse_events_of_a_workload(ctx: click.Context, events: str | None) -> None:
    """Raises click.UsageError: a workload has shapes and no values."""
    if events is not None:
        raise click.UsageError("--events runs the network: name its MODEL; a workload holds shapes, no values", ctx)


def sidecar_of(accelerator: Found) -> "Sidecar | None":
    """The sidecar beside an accelerator file. Raises InputError."""
    from onnx2zz.check.memories import read_hierarchy
    from onnx2zz.sidecar.reading import read_sidecar
    from onnx2zz.yaml_source import load_yaml

    return read_sidecar(accelerator.path, read_hierarchy(load_yaml(accelerator.path)))


def event_inputs(events: str | None, compiled: "Compiled") -> "Mapping[str, np.ndarray]":
    """The inputs that `--events` names. Raises InputError if they are not the model's."""
    if events in (None, RANDOM):
        return {}
    if not Path(events).is_file():
        raise InputError(Problem(events, "no such file", "--events takes `random`, or a .npz file with the inputs"))
    from onnx2zz.verify.given_inputs import read_inputs

    return read_inputs(Path(events), compiled.graph)


def counted_events(
    events: str | None, compiled: "Compiled | None", model: Path, given: "Mapping[str, np.ndarray]"
) -> "Activities | None":
    """Runs the model and counts, if that was asked for."""
    if events is None or compiled is None:
        return None
    from onnx2zz.events.measure import measure
    from onnx2zz.report.progress import progress_on_stderr
    from onnx2zz.verify.verify import VerifyOptions

    with progress_on_stderr() as watch:
        return measure(compiled, events, VerifyOptions(directory=model.parent, inputs=given), watch)
