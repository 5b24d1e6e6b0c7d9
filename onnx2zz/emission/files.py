"""Writes a compiled model to a folder, each file whole or not at all."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from onnx2zz.errors import InputError, Problem


def write_compiled(
    directory: Path, entries: Sequence[Mapping[str, Any]], coverage: Mapping[str, Any], mapping: str | None
) -> None:
    """Writes workload.yaml, coverage.json and, if given, mapping.yaml; an older mapping.yaml does not survive."""
    make_directory(directory)
    write_text(directory / "workload.yaml", workload_text(entries))
    write_text(directory / "coverage.json", json.dumps(coverage, indent=1, ensure_ascii=False) + "\n")
    if mapping is not None:
        write_text(directory / "mapping.yaml", mapping)
    else:
        (directory / "mapping.yaml").unlink(missing_ok=True)


def workload_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as YAML, lists and small maps on one line."""
    return yaml.dump(
        list(entries), Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=1000, allow_unicode=True
    )


def make_directory(directory: Path) -> None:
    """Makes the folder; raises InputError where that is not possible."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Problem(str(directory), f"no folder can be made there ({error.strerror})", "choose another with -o")
        ) from None


def write_text(path: Path, text: str) -> None:
    """Writes a file through a temporary one beside it, so that a reader never sees half of it."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            Problem(str(path), f"cannot be written ({error.strerror})", "choose another folder with -o")
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
