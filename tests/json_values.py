"""What a file of JSON or YAML holds, in tests that change it or look into it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from onnx2zz.formats.yaml_source import load_yaml

Document = dict[str, Any]
"""A mapping whose values a test knows: an accelerator, a mapping entry, a result."""


def load_document(path: Path) -> Document:
    """A file of YAML that holds a mapping, of which the test knows the form."""
    document = load_yaml(path)
    assert is_document(document), path
    return document


def plain(entries: Iterable[Mapping[str, object]]) -> list[Document]:
    """Entries of a workload or a mapping as ordinary mappings, which may be changed into what no entry is."""
    return [{**entry} for entry in entries]


def is_document(value: object) -> TypeGuard[Document]:
    """Whether a value is a mapping, as readers of files make them."""
    return isinstance(value, dict)
