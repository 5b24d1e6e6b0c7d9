"""A run that was saved: the JSON of `evaluate`, and the coverage.json beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onnx2zz.errors import InputError, Problem
from onnx2zz.report.page import PageRun

WAY_OUT = "`onnx2zz evaluate MODEL --arch A --json FILE` writes one"


def read_run(path: Path) -> PageRun:
    """Raises InputError for a file that is no result of `evaluate`, or one of before results kept their breakdown."""
    evaluation = _read(path)
    if not isinstance(evaluation, dict) or not evaluation.keys() >= {"model", "accelerator", "total", "layers"}:
        raise InputError(Problem(str(path), "no result of an evaluation", WAY_OUT))
    if any(layer.get("error") is None and "breakdown" not in layer for layer in evaluation["layers"]):
        raise InputError(Problem(str(path), "keeps no breakdown of its layers, so it is older", "evaluate again"))
    return PageRun(evaluation, _coverage_of(path.with_name("coverage.json"), evaluation))


def _coverage_of(path: Path, evaluation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What lies beside the result, if it is of the same layers."""
    coverage = _read(path) if path.is_file() else None
    named = [layer["name"] for layer in evaluation["layers"]]
    same = isinstance(coverage, dict) and [layer["name"] for layer in coverage.get("layers", ())] == named
    return coverage if same else None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read ({error.strerror})", WAY_OUT)) from error
    except ValueError as error:
        raise InputError(Problem(str(path), f"not JSON ({error})", WAY_OUT)) from error
