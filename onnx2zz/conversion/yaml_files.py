"""Converted documents as YAML files: one where one was asked for, several in a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from onnx2zz.conversion.converted import Converted
from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Value, is_list

WIDTH = 120


def yaml_text(document: Converted) -> str:
    """A document as ZigZag's files look: keys in their order, short lists on one line, no anchors."""
    return yaml.dump(
        _unshared(document.data),
        Dumper=yaml.CSafeDumper,
        sort_keys=False,
        default_flow_style=None,
        width=WIDTH,
        allow_unicode=True,
    )


def _unshared(value: Value) -> Value:
    """The same without an object that stands in two places, which YAML would write as an anchor."""
    if is_list(value):
        return [_unshared(item) for item in value]
    return {key: _unshared(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def places(documents: Sequence[Converted], target: str | None) -> tuple[Path | None, ...]:
    """Where each document goes: the target itself where there is one document, else KIND.yaml in the folder that it
    names; None is stdout. Raises InputError where several documents have no folder."""
    if len(documents) == 1:
        return (None if target is None else Path(target),)
    if target is None or Path(target).suffix or Path(target).is_file():
        raise no_folder([document.kind for document in documents])
    return tuple(Path(target) / f"{document.kind}.yaml" for document in documents)


def no_folder(kinds: Sequence[str]) -> InputError:
    """What is wrong where several documents have no folder to go to."""
    what = f"{' and '.join(kinds)} come of this: they are files of their own"
    return InputError(Problem("", what, "name a folder, `-o DIR`"))
