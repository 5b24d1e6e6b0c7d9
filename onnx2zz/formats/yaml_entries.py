"""A list of named entries, as we write mapping files: what many of them say alike is read once.

A mapping of a large network has an entry for each of thousands of layers, and PyYAML makes each of its nodes in Python.
"""

import re
from collections.abc import Iterator, Sequence

import yaml

from onnx2zz.files.document import Value, is_list, is_mapping
from onnx2zz.formats.yaml_limits import LARGEST, Loaders, composed

NAMED = re.compile(r"^- name: (.*)\n", re.MULTILINE)
LAYER = re.compile(r"L[0-9]+_[A-Za-z0-9_.-]*[A-Za-z0-9_]")
"""Names that YAML takes as they are."""
INDENTED = re.compile(r"(?:(?:  .*)?\n)*(?:  .*)?")
FIRST_LINES = re.compile(r"(?:(?:#.*)?\n)*")
FEW = 100
"""Entries of a file that is read as fast as a whole."""


def named_entries(text: str, loader_class: Loaders) -> Sequence[Value] | None:
    """What the document in `text` holds; None where it is no list whose entries all begin with their names, or one
    that has to be read as a whole: with anchors, or with faults, which are told with their lines."""
    if text.count("\n- name: ") < FEW or "&" in text or len(text) > LARGEST:
        return None
    try:
        return list(_read(text, loader_class))
    except (yaml.YAMLError, ValueError, OverflowError):
        return None


def _read(text: str, loader_class: Loaders) -> Iterator[Value]:
    """The entries in order. Raises ValueError where the text is of another form."""
    before, *parts = NAMED.split(text)
    frames: dict[str, Value] = {}
    if not FIRST_LINES.fullmatch(before):
        raise ValueError("something stands before the first entry")
    for name, rest in zip(parts[::2], parts[1::2], strict=True):
        known = rest if LAYER.fullmatch(name) else f"{name}\n{rest}"
        # A line that begins at the margin would end the list, or the document; an entry that is whole by itself, with
        # all of its lines further in, is the same entry wherever it stands.
        if known not in frames:
            frames[known] = _entry(name, rest, loader_class)
        frame = frames[known]
        yield {**frame, "name": name} if known is rest and is_mapping(frame) else frame


def _entry(name: str, rest: str, loader_class: Loaders) -> Value:
    if not INDENTED.fullmatch(rest):
        raise ValueError(f"the entry {name} has lines at the margin")
    loader, node = composed(f"- name: {name}\n{rest}", loader_class)
    document = None if node is None else loader.construct_document(node)
    if not is_list(document) or len(document) != 1 or not is_mapping(document[0]):
        raise ValueError(f"{name} is no entry")
    if LAYER.fullmatch(name) and document[0].get("name") != name:
        raise ValueError(f"{name} has another name, too")
    return document[0]
