"""A run that was saved: the JSON of `evaluate`, and coverage.json and schedule.json beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import is_array, is_object
from onnx2zz.report.page import PageRun

WAY_OUT = "`onnx2zz evaluate MODEL --arch A --json FILE` writes one"


def read_run(path: Path) -> PageRun:
    """Raises InputError for a file that is no result of `evaluate`, or one of before results kept their breakdown."""
    evaluation = _read(path)
    if not is_object(evaluation):
        raise InputError(Problem(str(path), "no result of an evaluation", WAY_OUT))
    if "system" not in evaluation and any(
        layer.get("error") is None and "breakdown" not in layer for layer in _layers(evaluation)
    ):
        raise InputError(Problem(str(path), "keeps no breakdown of its layers, so it is older", "evaluate again"))
    if lacking := _lacking(evaluation):
        raise InputError(Problem(str(path), f"no result of an evaluation: it lacks {lacking}", WAY_OUT))
    schedule = schedule_of(path.with_name("schedule.json"), _latency(evaluation, "system"))
    return PageRun(evaluation, _coverage_of(path.with_name("coverage.json"), evaluation), _drawn(schedule))


def _drawn(schedule: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if schedule is None:
        return None
    from onnx2zz.report.timeline import timeline  # what only runs on systems have

    return timeline(schedule)


TEXTS, TOTALS = ("model", "accelerator", "opt", "zigzag", "onnx2zz"), ("energy_pj", "latency_cycles")


def _lacking(evaluation: Mapping[str, object]) -> str | None:
    """What every result has and this document has not: it may be any JSON."""
    # Only what the comparison and the report cannot do without: results of older versions have fewer fields.
    for key in TEXTS:
        if not isinstance(evaluation.get(key), str):
            return f"{key}, a text"
    total, layers = evaluation.get("total"), evaluation.get("layers")
    for key in TOTALS:
        if not is_object(total) or not isinstance(total.get(key), int | float):
            return f"total.{key}, a number"
    if not is_array(layers):
        return "layers, a list"
    for number, layer in enumerate(layers):
        if not is_object(layer) or not isinstance(layer.get("name"), str):
            return f"the name of layers[{number}]"
        if layer.get("error") is None and not all(isinstance(layer.get(key), int | float) for key in TOTALS):
            return f"{' or '.join(TOTALS)} of layers[{number}]"
    return None


def schedule_of(path: Path, latency: object) -> Mapping[str, Any] | None:
    """A schedule.json, if its latency is that of the result (None: of a run without a schedule): an older one may lie
    beside a newer result."""
    schedule = _read(path) if latency is not None and path.is_file() else None
    return schedule if is_object(schedule) and _latency(schedule, "total") == latency else None


def _latency(document: Mapping[str, object], under: str) -> object:
    part = document.get(under)
    return part.get("latency_cycles") if is_object(part) else None


def _coverage_of(path: Path, evaluation: Mapping[str, object]) -> Mapping[str, object] | None:
    """What lies beside the result, if it is of the same layers."""
    coverage = _read(path) if path.is_file() else None
    if not is_object(coverage):
        return None
    named, covered = ([layer["name"] for layer in _layers(one)] for one in (evaluation, coverage))
    return coverage if covered == named else None


def _layers(document: Mapping[str, object]) -> list[Mapping[str, object]]:
    layers = document.get("layers")
    return [layer for layer in layers if is_object(layer)] if is_array(layers) else []


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read ({error.strerror})", WAY_OUT)) from error
    except ValueError as error:
        raise InputError(Problem(str(path), f"not JSON ({error})", WAY_OUT)) from error
