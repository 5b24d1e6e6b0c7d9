"""Where workloads come from: a workload.yaml, with coverage.json beside it if it was compiled, or a compiled model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.coverage import Coverage, read_coverage
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.workload_check import missing_fields

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled


def read_workload(path: Path) -> PricedWorkload:
    """The workload in `path`, not yet checked beyond its being a list. Raises InputError."""
    document = load_yaml(path)
    if not _is_list(document):
        raise InputError(missing_fields(str(path), document))
    coverage = _read_coverage(path)
    model = (coverage["model"] if coverage else "") or str(path)
    return PricedWorkload(model, str(path), tuple(document), coverage)


def _is_list(document: object) -> TypeGuard[list[WorkloadEntry]]:
    """Whether it is a list. That what stands in it are entries is found out with the other files (workload_check)."""
    return isinstance(document, list)


def workload_of(compiled: "Compiled", file: str) -> PricedWorkload:
    """A compiled model as a workload to be evaluated; `file` is what errors name."""
    coverage = compiled.coverage
    return PricedWorkload(coverage["model"], file, compiled.entries, coverage, from_model=True)


def _read_coverage(workload: Path) -> Coverage | None:
    """The coverage.json beside a compiled workload, or None where there is none. Raises InputError if it is broken."""
    path = workload.with_name("coverage.json")
    if not path.is_file():
        return None
    try:
        document: Value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(Problem(str(path), f"not JSON ({error})", "compile the model again, or remove it")) from error
    return read_coverage(document) if is_mapping(document) else None
