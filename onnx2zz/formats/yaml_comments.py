"""What is written beside the values of a YAML file: where a figure comes from is told in comments, or nowhere."""

import re
from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.formats.yaml_source import YamlSource

COMMENT = re.compile(
    r"""^(?:(?<![^\s\[{,])(?:"[^"]*"|'[^']*')|(?<=[^\s\[{,])[#"']|[^#"'])*?(?:^|\s)#\s?(?P<said>.*)$""",
)
"""A quote opens a text at the beginning of a value only, and a `#` inside a word begins no comment: `it's`, `a#b`."""
LONGEST = 8
"""Lines above a value that are taken for its comment, at most."""


def comments(source: YamlSource) -> Mapping[str, str]:
    """The comment of each value by its place, `memories.dram.r_cost`: what stands behind it, else right above it."""
    lines = source.text.splitlines()
    found = ((place, _said(lines, mark.line - 1)) for place, mark in source.marks.items())
    return {".".join(map(str, place)): said for place, said in found if said}


def without_comment(lines: Sequence[str], at: int) -> tuple[str, int]:
    """A line without the comment behind its value, and how many lines below go on with that comment."""
    behind = COMMENT.match(lines[at])
    if behind is None:
        return lines[at].rstrip(), 0
    column = behind.start("said")
    return lines[at][:column].rstrip().removesuffix("#").rstrip(), len(list(_continued(lines, at, column)))


def _said(lines: Sequence[str], at: int) -> str:
    if at >= len(lines) or lines[at].lstrip().startswith("#"):
        return ""
    behind = COMMENT.match(lines[at])
    if behind is not None:
        return " ".join([behind["said"].strip(), *_continued(lines, at, behind.start("said"))]).strip()
    return " ".join(reversed(list(_above(lines, at))))


def _continued(lines: Sequence[str], at: int, column: int) -> Iterator[str]:
    """Lines below that are comments and nothing else, and begin no farther left than the first: they go on with it."""
    for line in lines[at + 1 : at + LONGEST]:
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) < column - 2:
            return
        yield line.lstrip().lstrip("#").strip()


def _above(lines: Sequence[str], at: int) -> Iterator[str]:
    margin = len(lines[at]) - len(lines[at].lstrip())
    for line in reversed(lines[max(0, at - LONGEST) : at]):
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) != margin:
            return
        yield line.lstrip().lstrip("#").strip()
