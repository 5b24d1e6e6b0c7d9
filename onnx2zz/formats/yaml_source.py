"""YAML files with the place of everything in them, and the traps of YAML 1.1 that PyYAML falls into without a word.

The data is exactly what `yaml.safe_load`, and so ZigZag, gets.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Key, Value
from onnx2zz.formats.yaml_entries import named_entries
from onnx2zz.formats.yaml_limits import Loader, composed

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a PyYAML built without libyaml reads the same, only slower
    from yaml import SafeLoader

PYTHON = re.compile(
    r"^(from\s+[\w.]+\s+import\s|import\s+[\w.]+|def\s+\w+\(|class\s+\w+|[A-Za-z_]\w*\s*=\s*[\[({])", re.MULTILINE
)
"""An import, a definition, or a dictionary, list or tuple that gets a name (mappings and workloads were no more)."""
NUMBER_THAT_STAYS_TEXT = re.compile(r"[-+]?(\d+(\.\d*)?[eE]\d+|\d+[eE][-+]\d+|0o[0-7]+)")
OCTAL = re.compile(r"[-+]?0_*[0-7][0-7_]*")
SEXAGESIMAL = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?")

Path_ = tuple[Key, ...]


@dataclass(frozen=True)
class Mark:
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Trap:
    """A spelling that YAML 1.1 reads as something else than it looks like, or a syntax error (`fatal`)."""

    mark: Mark
    what: str
    way_out: str
    fatal: bool = False


@dataclass(frozen=True)
class YamlSource:
    """One YAML file: its data, and where each key and list item stands.

    `marks` is keyed by the path from the root: `("memories", "dram", "size")`, `(0, "loop_dims", 2)`.
    """

    path: str
    text: str
    data: Value
    marks: Mapping[Path_, Mark]
    traps: tuple[Trap, ...] = ()

    def at(self, *path: Key) -> Mark:
        """Where `path` stands; for what the file lacks, the innermost parent that it has."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(1, 1))


def read_yaml(path: str | Path, place_keys: bool = False) -> YamlSource:
    """Read one file. A syntax error is a fatal trap and no data; an unreadable file raises InputError.

    With `place_keys` a list of plain values before a colon, as in `[0, 1]: core`, is the text `[0, 1]`: PyYAML takes no
    such key, and so no file that ZigZag reads has one.
    """
    return parse_yaml(_text(path), str(path), place_keys)


def load_yaml(path: str | Path) -> Value:
    """The data of one file without its places, in half the time. Raises InputError also where it is no YAML."""
    text = _text(path)
    if (entries := named_entries(text, SafeLoader)) is not None:
        return entries
    try:
        loader, node = composed(text, SafeLoader)
        return None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        trap = _syntax_error(error, text)
        raise InputError(Problem(f"{path}:{trap.mark.line}", trap.what, trap.way_out)) from error


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem(str(path), "not a text file", "a YAML file in UTF-8 is needed")) from error
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read ({error.strerror})", "give a YAML file")) from error


def parse_yaml(text: str, path: str, place_keys: bool = False) -> YamlSource:
    """The same for text that was read already; `path` is what findings call it."""
    try:
        loader, node = composed(text, SafeLoader)
        if node is None:
            return YamlSource(path, text, None, {})
        if place_keys:
            _write_place_keys(node)
        # Before the document is constructed: PyYAML then writes what a merge (`<<`) brings into the nodes themselves,
        # and it would be taken for what stands here.
        places = tuple(_walk(node, (), loader, frozenset()))
        data = loader.construct_document(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return YamlSource(path, text, None, {}, (_syntax_error(error, text),))
    marks = {place: mark for place, mark, _ in places}
    return YamlSource(path, text, data, marks, tuple(trap for *_, trap in places if trap))


def _write_place_keys(root: yaml.Node) -> None:
    """Lists of scalars that are keys become texts."""
    pending, met = [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            node.value = [(_as_text(key), value) for key, value in node.value]
            pending += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            pending += node.value


def _as_text(key: yaml.Node) -> yaml.Node:
    if not isinstance(key, yaml.SequenceNode) or not all(isinstance(one, yaml.ScalarNode) for one in key.value):
        return key
    text = f"[{', '.join(one.value for one in key.value)}]"
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, key.start_mark, key.end_mark, '"')


def _syntax_error(error: Exception, text: str) -> Trap:
    # Looked for only where YAML has failed: a mapping's text may well hold `name = [` in a comment.
    if python := PYTHON.search(text):
        return _python(text.count("\n", 0, python.start()) + 1)
    mark = getattr(error, "problem_mark", None)
    place = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
    what = getattr(error, "problem", None) or str(error)
    return Trap(place, f"no valid YAML: {what}", "correct the syntax at this place", fatal=True)


def _python(line: int) -> Trap:
    """Accelerators, mappings and workloads were Python for ZigZag before they were YAML."""
    what = "this is Python: ZigZag took Python classes once, and takes YAML now"
    return Trap(Mark(line, 1), what, "`onnx2zz convert FILE.py -o FILE.yaml` writes it as YAML", fatal=True)


def _walk(
    node: yaml.Node, path: Path_, loader: Loader, parents: frozenset[int]
) -> Iterator[tuple[Path_, Mark, Trap | None]]:
    """Every place below `node` with the trap that lies there, if any; an anchor inside itself is entered once."""
    # Parents only, not all that were met: an alias stands at several places, and each of them is asked for.
    if id(node) in parents:
        return
    parents |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, path, loader, parents)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), _mark(item), _trap(item)
            yield from _walk(item, (*path, index), loader, parents)


def _walk_mapping(
    node: yaml.MappingNode, path: Path_, loader: Loader, parents: frozenset[int]
) -> Iterator[tuple[Path_, Mark, Trap | None]]:
    seen: dict[Key, Mark] = {}
    for key_node, value in node.value:
        key = loader.construct_object(key_node, deep=True)
        mark = _mark(key_node)
        # Dates and the like cannot be part of a path; ZigZag has no such keys.
        if not isinstance(key, str | int | float | bool | None):
            continue
        # One trap for a place: a key that stands twice makes what it is read as a side matter.
        yield (*path, key), mark, _duplicate(key, seen, mark) or _trap(key_node) or _trap(value)
        yield from _walk(value, (*path, key), loader, parents)


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _duplicate(key: Key, seen: dict[Key, Mark], mark: Mark) -> Trap | None:
    first = seen.setdefault(key, mark)
    if first is mark:
        return None
    what = f"`{key}` stands here a second time (first in line {first.line}): the last one wins"
    return Trap(mark, what, "remove one")


def _trap(node: yaml.Node) -> Trap | None:
    """What a plain scalar is read as, where that is not what it looks like (YAML 1.1, yaml.org/type)."""
    # Quotes say what is meant, so plain scalars alone are asked. The tag is what PyYAML made of the text by YAML 1.1;
    # the patterns say what a reader who knows 1.2 would take it for.
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return None
    text, kind, mark = node.value, node.tag.rsplit(":", 1)[-1], _mark(node)
    # The short forms are where YAML 1.1 surprises: a loop or a country called `no` becomes False.
    if kind == "bool" and text.lower() not in ("true", "false"):
        return Trap(mark, f"`{text}` is read as {text.lower() in ('yes', 'on')}", f'write "{text}" or true/false')
    if kind == "int" and OCTAL.fullmatch(text):
        return Trap(
            mark, f"`{text}` is read as octal {int(text.replace('_', ''), 8)}", "write it without the leading zero"
        )
    if kind in ("int", "float") and SEXAGESIMAL.fullmatch(text):
        return Trap(mark, f"`{text}` is read as a number to base 60", f'write "{text}" in quotes')
    if kind == "str" and NUMBER_THAT_STAYS_TEXT.fullmatch(text):
        return Trap(mark, f"`{text}` is read as text, not as a number", "write all digits, or 1.0e+10 for a float")
    return None
