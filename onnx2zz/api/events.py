"""What is reported beside ZigZag's numbers: the accelerator's sidecar file, and events that a run counts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.errors import InputError, Problem
from onnx2zz.formats.shipped_files import Found, sidecar

if TYPE_CHECKING:
    import numpy as np

    from onnx2zz.compiler import Compiled
    from onnx2zz.pricing.event_driven import Activities
    from onnx2zz.sidecar.figures import Sidecar

RANDOM = "random"


def sidecar_of(accelerator: Found) -> "Sidecar | None":
    """The sidecar beside an accelerator file; for one of ZigZag's, ours of that name. Raises InputError."""
    if not sidecar(accelerator).is_file():
        return None
    from onnx2zz.formats.accelerator import read_hierarchy
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.sidecar import reading

    return reading.sidecar_of(accelerator, read_hierarchy(load_yaml(accelerator.path)))


def event_inputs(events: str | None, compiled: "Compiled") -> "Mapping[str, np.ndarray]":
    """The inputs that `events` names. Raises InputError if they are not the model's."""
    if events in (None, RANDOM):
        return {}
    if not Path(events).is_file():
        raise InputError(Problem(events, "no such file", "--events takes `random`, or a .npz file with the inputs"))
    from onnx2zz.proof.given_inputs import read_inputs

    return read_inputs(Path(events), compiled.graph)


def counted_events(
    events: str | None,
    compiled: "Compiled | None",
    model: Path,
    given: "Mapping[str, np.ndarray]",
    watch: Callable[[int, int, str], None],
) -> "Activities | None":
    """Runs the model and counts, if that was asked for; `watch` is told how far it is."""
    if events is None or compiled is None:
        return None
    from onnx2zz.events.measure import measure
    from onnx2zz.proof.verify import VerifyOptions

    return measure(compiled, events, VerifyOptions(directory=model.parent, inputs=given), watch)
