"""Change a YAML text where its data change, and nowhere else: comments, order and spelling of the rest stay.

Edits are cut into the text at the places that PyYAML gives its nodes. What is written is read again: where it is not
the data that were wanted (aliases, say), there is no edit, and the caller writes the data anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from onnx2zz.files.document import Data, Key, Value, is_list, is_mapping
from onnx2zz.formats.yaml_limits import composed
from onnx2zz.formats.yaml_source import SafeLoader

Span = tuple[int, int]


@dataclass(frozen=True)
class _Edit:
    """Characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


class _NotByEditingError(Exception):
    """A change that no edit of the text makes."""


def edited(text: str, new: Value) -> str | None:
    """The text with `new` for its data, None where that cannot be done by edits."""
    try:
        _, root = composed(text, SafeLoader)
        old: Value = yaml.load(text, SafeLoader)
        if root is None:
            return None
        # From the end of the text forward, so that the places of the edits still to come stay true.
        edits = sorted(_edits(text, root, old, new), key=lambda one: (one.start, one.end), reverse=True)
        for one in edits:
            text = text[: one.start] + one.text + text[one.end :]
        found: Value = yaml.load(text, SafeLoader)
    except (yaml.YAMLError, _NotByEditingError):
        return None
    return text if _same(found, new) else None


def _same(found: Value, new: Value) -> bool:
    """Equal, the memories in their order, too: it is that of the levels."""
    return found == new and _memories(found) == _memories(new)


def _memories(data: Value) -> list[Key]:
    memories = data.get("memories") if is_mapping(data) else None
    return list(memories) if is_mapping(memories) else []


def _edits(text: str, node: yaml.Node, old: Value, new: Value) -> Iterator[_Edit]:
    if old == new:
        return
    keeps = is_mapping(old) and is_mapping(new) and not old.keys().isdisjoint(new)
    # Where no key stays, or the mapping is on one line, rewriting it loses nothing that was worth keeping.
    if isinstance(node, yaml.MappingNode) and not node.flow_style and keeps and is_mapping(old) and is_mapping(new):
        yield from _of_mapping(text, node, old, new)
    # A list that grew is one to which something was added at the end; in one that shrank nobody knows which item went.
    elif isinstance(node, yaml.SequenceNode) and is_list(old) and is_list(new) and len(old) <= len(new):
        yield from _of_list(text, node, old, new)
    else:
        yield _Edit(_start(node), _end(text, node), _inline(new))


def _of_list(text: str, node: yaml.SequenceNode, old: list[Value], new: list[Value]) -> Iterator[_Edit]:
    if len(old) < len(new) and node.flow_style:
        yield _Edit(_start(node), _end(text, node), _inline(new))
        return
    for item, before, after in zip(node.value, old, new, strict=False):
        yield from _edits(text, item, before, after)
    if len(old) < len(new):
        indent = " " * node.start_mark.column
        end = _end(text, node)
        yield _Edit(end, end, "".join(f"\n{indent}- {_inline(item)}" for item in new[len(old) :]))


def _of_mapping(text: str, node: yaml.MappingNode, old: Data, new: Data) -> Iterator[_Edit]:
    if len(node.value) != len(old):  # a key stands twice, or a merge brings some in
        raise _NotByEditingError
    gone, come = [key for key in old if key not in new], [key for key in new if key not in old]
    last: yaml.Node | None = None
    for (key_node, value_node), (key, value) in zip(node.value, old.items(), strict=True):
        # A key that goes and one that comes with the same value are one key under another name: its comment stays with
        # it.
        renamed = next((name for name in come if key in gone and new[name] == value), None)
        if key in new:
            yield from _edits(text, value_node, value, new[key])
        elif renamed is not None:
            yield _Edit(_start(key_node), _end(text, key_node), str(renamed))
            come.remove(renamed)
        else:
            yield _line_of(text, key_node, value_node)
            continue
        last = value_node
    # All keys went, and with them the place behind which new ones could stand.
    if come and last is None:
        raise _NotByEditingError
    if come and last is not None:
        indent, end = " " * node.start_mark.column, _end(text, last)
        yield _Edit(end, end, "".join(f"\n{indent}{key}: {_inline(new[key])}" for key in come))


def _line_of(text: str, key: yaml.Node, value: yaml.Node) -> _Edit:
    """A key that goes, with its value and what stands behind that in its line: the whole lines, or (the first key of an
    item of a list) up to the next key."""
    start, end = _start(key), text.find("\n", _end(text, value))
    end = len(text) if end < 0 else end + 1
    line = text.rfind("\n", 0, start) + 1
    # The key is alone in its line, so whole lines go. Behind a dash (`- name: x`) the dash has to stay for the next
    # key.
    if not text[line:start].strip():
        return _Edit(line, end, "")
    while text[end : end + 1] == " ":
        end += 1
    return _Edit(start, end, "")


def _start(node: yaml.Node) -> int:
    return node.start_mark.index


def _end(text: str, node: yaml.Node) -> int:
    """Where the last character of a node stands: the marks of blocks run on to the next token."""
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        children = [value for _, value in node.value]
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
        children = list(node.value)
    # Down to the last scalar, whose mark is exact.
    return _end(text, children[-1]) if children else node.end_mark.index


def _inline(value: Value) -> str:
    """A value on one line."""
    plain = _plain(value)
    if isinstance(plain, dict | list):
        return yaml.safe_dump(
            plain, default_flow_style=True, sort_keys=False, width=1 << 20, allow_unicode=True
        ).strip()
    # In a list and out of it again: a scalar alone would be dumped with an end-of-document marker.
    return yaml.safe_dump([plain], default_flow_style=True, width=1 << 20, allow_unicode=True).strip()[1:-1]


def _plain(value: Value) -> object:
    """Without shared parts, so that the dump has no aliases."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if is_list(value) else value
