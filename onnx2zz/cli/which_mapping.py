"""Which mapping is taken, and why."""

from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.formats.shipped_files import ZIGZAG

if TYPE_CHECKING:
    from onnx2zz.formats.shipped_files import Found
    from onnx2zz.pricing.request import ChoiceKind


def mapping_told(
    asked: str | None, accelerator: "Found", mapping: "Found", choice: "ChoiceKind | None", output: Path
) -> str:
    """A line: the file, and whether it was asked for, compiled, shipped under the accelerator's name, or chosen."""
    from onnx2zz.formats.shipped_files import MAPPINGS, ours

    if choice is not None:
        other = f"; {told}" if (told := zoo_takes_another(accelerator)) else ""
        why = "as asked" if asked is not None else f"no mapping of {accelerator.name}'s name is ours{other}"
        return f"mapping: {choice} for each layer, starting from {mapping.path} ({why})"
    if asked is not None:
        return f"mapping: {mapping.path} (--mapping {asked})"
    if mapping.path.parent == output:
        return f"mapping: {mapping.path} (compiled for {accelerator.name})"
    if mapping.path == ours(MAPPINGS).get(accelerator.name):
        return f"mapping: {mapping.path} (it ships under the accelerator's name)"
    return f"mapping: {mapping.path} (ZigZag's own for {accelerator.name})"


def zoo_takes_another(accelerator: "Found") -> str:
    """Where `zoo` prices with ZigZag's own mapping and `evaluate` chooses one: a sentence for both; else ""."""
    from onnx2zz.formats.shipped_files import ACCELERATORS, zigzags
    from onnx2zz.zoo.mapping import kept_mapping

    mapping = kept_mapping(accelerator).name
    if not mapping.startswith(ZIGZAG) or accelerator.path not in zigzags(ACCELERATORS).values():
        return ""
    return f"on {accelerator.name} `zoo` prices with {mapping}, and `evaluate` chooses for each layer unless asked"
