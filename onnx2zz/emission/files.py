"""Writes a compiled model to a folder, its files together or not at all (see written_file)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from onnx2zz.emission.workload_text import workload_text
from onnx2zz.files.strict_json import json_text
from onnx2zz.files.written_file import write_together
from onnx2zz.formats.workload_entry import WorkloadEntry


def write_compiled(
    directory: Path, entries: Sequence[WorkloadEntry], coverage: Mapping[str, object], mapping: str | None
) -> None:
    """Writes workload.yaml, coverage.json and, if given, mapping.yaml; an older mapping.yaml does not survive."""
    covered = json_text(coverage, indent=1, ensure_ascii=False) + "\n"
    beside = {directory / "coverage.json": covered, directory / "mapping.yaml": mapping}
    write_together(directory / "workload.yaml", workload_text(entries), beside)
