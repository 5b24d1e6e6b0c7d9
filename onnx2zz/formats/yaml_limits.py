"""What of YAML we take: files of a size, depth and number of repeats that an accelerator, mapping or workload may have.

PyYAML's C loader ends the process on deep nesting, and a few aliases of aliases stand for more data than any memory
holds. Everything that reads YAML goes through `composed`.
"""

from collections.abc import Hashable
from typing import Protocol, TypeAlias

import yaml

from onnx2zz.files.document import Value

Loaders: TypeAlias = type[yaml.SafeLoader] | type[yaml.CSafeLoader]


class Loader(Protocol):
    """What PyYAML's loaders make of the nodes of a document."""

    def get_single_node(self) -> yaml.Node | None: ...
    def construct_document(self, node: yaml.Node) -> Value: ...
    def construct_object(self, node: yaml.Node, deep: bool = ...) -> Value: ...


LARGEST = 64 << 20
"""Characters of a file: some fifty thousand layers."""
DEEPEST = 100
CERTAINLY_SHALLOW = 10_000
"""Fewer brackets than the loader has room for need no look at how they nest."""
MOST_VALUES = 200_000
"""Values of a file that has aliases, each counted wherever one repeats it."""


def composed(text: str, loader_class: Loaders) -> tuple[Loader, yaml.Node | None]:
    """A loader and the root of the document in `text`, None where that is empty. Raises yaml.YAMLError."""
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"more than {LARGEST >> 20} million characters")
    # Walking all events takes as long as loading. Deep nesting needs many brackets, or a line that is indented far:
    # both are seen without parsing.
    if text.count("[") + text.count("{") > CERTAINLY_SHALLOW or _has_a_steep_line(text):
        _check_depth(text, loader_class)
    loader: Loader = loader_class(text)
    node = loader.get_single_node()
    # Without an anchor nothing can repeat.
    if node is not None and "&" in text:
        _check_repeats(node)
    return loader, node


def _has_a_steep_line(text: str) -> bool:
    """Whether a line opens many blocks: by its indentation, or by dashes one after the other."""
    return "  " * DEEPEST in text or "- " * DEEPEST in text or "? " * DEEPEST in text


def _check_depth(text: str, loader_class: Loaders) -> None:
    depth = 0
    for event in yaml.parse(text, loader_class):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _refused(f"nested more than {DEEPEST} deep", event)


def _refused(what: str, place: yaml.Event | yaml.Node) -> yaml.MarkedYAMLError:
    mark = place.start_mark
    plain = yaml.Mark(mark.name, mark.index, mark.line, mark.column, None, 0) if mark else None
    return yaml.MarkedYAMLError(problem=what, problem_mark=plain)


def _check_repeats(root: yaml.Node) -> None:
    """Raises yaml.MarkedYAMLError for an anchor inside itself, and for aliases that multiply."""
    # A stack and no recursion, since files may nest deeper than Python's recursion goes. Each node is met twice: on the
    # way down it gets None and its children are put on the stack, on the way back all of them have their counts. A
    # child that still has None on the way down is thus the node itself or an ancestor.
    values: dict[Hashable, int | None] = {}
    pending = [root]
    while pending:
        node = pending[-1]
        children = _children(node)
        if id(node) not in values:
            values[id(node)] = None
            pending.extend(child for child in children if values.get(id(child), 0) == 0)
            if any(values.get(id(child), 0) is None for child in children):
                raise _refused("an anchor that holds itself", node)
            continue
        pending.pop()
        if values[id(node)] is None:
            values[id(node)] = 1 + sum(values[id(child)] or 0 for child in children)
            if (values[id(node)] or 0) > MOST_VALUES:
                what = f"aliases that stand for more than {MOST_VALUES:,} values"
                raise _refused(what, node)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
