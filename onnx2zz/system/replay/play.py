"""Plays the schedule in a folder: first its positions, then, where they are right, its numbers."""

import json
from pathlib import Path

from onnx2zz.compiler import Compiled
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import Value, is_object
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.proof.verify import VerifyOptions, Watch
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.replay.needs import Needs
from onnx2zz.system.replay.numbers import Numbered, play_numbers
from onnx2zz.system.replay.positions import position_faults
from onnx2zz.system.replay.result import Replay
from onnx2zz.system.replay.written import WrittenSchedule, read_schedule

WORKLOAD, COVERAGE = "workload.yaml", "coverage.json"
WAY_OUT = "give the model and the options that the folder was evaluated with, or evaluate anew"


def play(folder: Path, compiled: Compiled, options: VerifyOptions, watch: Watch | None = None) -> Replay:
    """Plays a folder's schedule of a model. Raises InputError where its files are none, or another model's."""
    problems: list[Problem] = []
    schedule: WrittenSchedule | None = None
    with noted_in(problems):
        schedule = read_schedule(folder)
    with noted_in(problems):
        check_workload(folder / WORKLOAD, compiled)
    with noted_in(problems):
        check_coverage(folder / COVERAGE, compiled)
    raise_if_any(problems)
    assert schedule is not None
    needs = Needs(graph_of_model(compiled))
    faults = position_faults(schedule, needs)
    numbered = Numbered(0, 0, (), ())
    if not faults:
        numbered = play_numbers(schedule, needs, compiled, options, watch or (lambda done, total, name: None))
    return Replay(
        schedule.model or compiled.workload.model,
        schedule.system,
        len(compiled.entries),
        len(schedule.tiles),
        len(schedule.transfers),
        schedule.frames,
        numbered.layers,
        numbered.points,
        (*faults, *numbered.faults),
        numbered.not_run,
    )


def check_workload(file: Path, compiled: Compiled) -> None:
    """Whether a workload is the model's: tiles and transfers are told in its words. Raises InputError."""
    found = load_yaml(file)
    entries = found if isinstance(found, list) else []
    other = next((n for n, (a, b) in enumerate(zip(entries, compiled.entries, strict=False)) if a != b), None)
    if other is None and len(entries) != len(compiled.entries):
        other = min(len(entries), len(compiled.entries))
    if other is not None:
        raise InputError(Problem(str(file), f"layer {other} is another than {compiled.workload.model} has", WAY_OUT))


def check_coverage(file: Path, compiled: Compiled) -> None:
    """Whether a coverage.json names the sources that the model's layers have. Raises InputError."""
    try:
        document: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        said = (error.strerror or str(error)) if isinstance(error, OSError) else f"no JSON: {error}"
        raise InputError(Problem(str(file), said, WAY_OUT)) from error
    expected: Value = json.loads(json.dumps(compiled.coverage["layers"]))
    if not is_object(document) or document.get("layers") != expected:
        what = f"its layers are others than those of {compiled.workload.model}"
        raise InputError(Problem(str(file), what, WAY_OUT))
