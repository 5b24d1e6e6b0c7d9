"""What `check` finds in an accelerator that ZigZag cannot build, or on which it prices nothing.

ZigZag stops at the first fault and says it of every layer; check names all of them, each with its line and its cure.
"""

from collections.abc import Iterator
from pathlib import Path

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Value, is_mapping
from onnx2zz.formats.accelerator_schema import as_meant
from onnx2zz.formats.yaml_source import YamlSource, read_yaml

PARTS = {"name", "memories", "operational_array"}


def accelerator_faults(path: Path, document: Value) -> tuple[Problem, ...]:
    """Every error of the file at `path`; none where `document`, what was priced, is not what stands there, and where
    it is no accelerator at all."""
    source = _file_of(path, document)
    if source is None or not is_mapping(document) or not document.keys() >= PARTS:
        return ()
    return tuple(_problems(source))


def _file_of(path: Path, document: Value) -> YamlSource | None:
    try:
        source = read_yaml(path)
    except InputError:
        return None
    # A document that was changed since (by a sweep, or by CACTI's costs) is not what the file says, and its lines would
    # mislead.
    return source if as_meant(source.data) == document else None


def _problems(source: YamlSource) -> Iterator[Problem]:
    errors = [one for one in diagnose(Context(accelerator=source)) if one.severity == "error"]
    for one in errors:
        yield Problem(f"{one.file}:{one.line}", f"[{one.code}] {one.message}", one.fix)
    if errors:
        cure = f"`onnx2zz check {source.path} --fix -o DIR` writes it repaired, and says what is left to decide"
        yield Problem("", cure)
