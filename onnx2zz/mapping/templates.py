"""NAME.templates.yaml: which loops each dimension of an accelerator's array takes, by kind of layer.

    depthwise:
      D1: [G]
      D2: [FY, FX]

ZigZag never sees the file. docs/mapping.md tells how a layer's unrolling follows from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.section import Section
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.mapping.layer_kind import KINDS

LOOPS = ("B", "G", "K", "C", "D", "H", "OX", "OY", "OZ", "FX", "FY", "FZ", "PX", "PY", "PZ")
"""What the loops of layers are called (docs/conventions.md)."""

Template = Mapping[str, tuple[str, ...]]
"""Array dim -> the loops that it may unroll, the preferred first; an array dim that is missing stays idle."""


@dataclass(frozen=True)
class Templates:
    """A whole file: the template of each kind of layer."""

    path: Path
    kinds: Mapping[str, Template]


def read_templates(path: Path, array: tuple[str, ...]) -> Templates:
    """The file at `path`, for an accelerator with these array dims.

    Raises InputError with everything that is wrong with it, each with its line.
    """
    return parse_templates(read_yaml(path), array)


def parse_templates(source: YamlSource, array: tuple[str, ...]) -> Templates:
    """What `source` holds. Raises InputError as `read_templates` does."""
    raise_if_any(Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps)
    whole = Section(source, (), KINDS)
    whole.required(*KINDS)
    sections = {kind: section for kind in KINDS if (section := whole.section(kind, array))}
    kinds = {kind: {dim: section.words(dim, LOOPS, "loop") for dim in array} for kind, section in sections.items()}
    raise_if_any(whole.problems)
    return Templates(Path(source.path), kinds)
