"""Writes a compiled model to a folder, each file whole or not at all (see written_file)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from onnx2zz.written_file import write_whole


def write_compiled(
    directory: Path, entries: Sequence[Mapping[str, Any]], coverage: Mapping[str, Any], mapping: str | None
) -> None:
    """Writes workload.yaml, coverage.json and, if given, mapping.yaml; an older mapping.yaml does not survive."""
    write_whole(directory / "workload.yaml", workload_text(entries))
    write_whole(directory / "coverage.json", json.dumps(coverage, indent=1, ensure_ascii=False) + "\n")
    if mapping is not None:
        write_whole(directory / "mapping.yaml", mapping)
    else:
        (directory / "mapping.yaml").unlink(missing_ok=True)


def workload_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as YAML, lists and small maps on one line."""
    return yaml.dump(
        list(entries), Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=1000, allow_unicode=True
    )
