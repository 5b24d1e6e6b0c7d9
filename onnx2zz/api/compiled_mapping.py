"""The mapping.yaml that `compile --arch` writes: what the accelerator's templates give each layer, at once."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.formats.shipped_files import Found, choose_mapping, templates

if TYPE_CHECKING:
    from onnx2zz.compiler import Compiled
    from onnx2zz.formats.mapping_entry import MappingEntry
    from onnx2zz.formats.workload_entry import WorkloadEntry


def compiled_mapping(compiled: "Compiled", accelerator: Found) -> str:
    """The text of the file; an accelerator without templates has its mapping file, unchanged.

    Raises InputError with what is wrong with the accelerator or its templates.
    """
    base, file = choose_mapping(None, accelerator), templates(accelerator)
    if file is None:
        return base.path.read_text(encoding="utf-8")
    from onnx2zz.mapping.mapping_file import mapping_text
    from onnx2zz.zigzag.talk import talk_goes_to

    with talk_goes_to(Path(os.devnull)):
        entries = _entries(compiled.entries, accelerator.path, base.path, file)
    return mapping_text(entries, f"{compiled.workload.model} on {accelerator.name}, after {file.name}.")


def _entries(
    layers: "Sequence[WorkloadEntry]", accelerator: Path, base: Path, file: Path
) -> "tuple[MappingEntry, ...]":
    from onnx2zz.formats.mapping_entry import read_mapping
    from onnx2zz.formats.yaml_source import load_yaml
    from onnx2zz.mapping.templated import TemplateTarget, templated_mapping
    from onnx2zz.mapping.templates import read_templates
    from onnx2zz.pricing.inputs import read_accelerator
    from onnx2zz.zigzag.accelerator import hardware, hierarchy

    built = read_accelerator(accelerator).built
    target = TemplateTarget(built, hardware(built), hierarchy(built))
    known = read_templates(file, tuple(dim for dim, _ in target.hardware.array))
    return templated_mapping(layers, read_mapping(load_yaml(base)), known, target)
