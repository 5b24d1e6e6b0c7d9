"""What the user may choose about a lowering."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from onnx2zz.files.document import is_mapping
from onnx2zz.frontend.sizes import as_size

PrecisionWord = Literal["int8", "native"]
Unsupported = Literal["error", "host"]
"""What is done with nodes that have no lowering: they are an error, or left to the host."""
Movement = Literal["auto", "free", "cost"]
"""Whether moving data costs: as it is by nature (docs/conventions.md), never, or always."""


@dataclass(frozen=True)
class Precision:
    """Bits of float tensors: constants W, graph inputs I, partial sums O, everything a layer has finished O_final.

    `native` takes the widths of the tensor types instead. Quantised tensors always keep their own width.
    """

    W: int = 8
    I: int = 8  # noqa: E741 - ZigZag's name
    O: int = 16  # noqa: E741 - ZigZag's name
    O_final: int = 8
    native: bool = False


WIDTHS = tuple(field.name for field in fields(Precision) if field.name != "native")
"""The operands that a width can be given for."""
INT8: PrecisionWord = "int8"
"""ZigZag's habit for float models, which holds unless told otherwise."""
WORDS: Mapping[str, Precision] = {INT8: Precision(), "native": Precision(native=True)}
"""The precisions that have a name."""


def as_precision(given: object) -> Precision:
    """The precision that a word stands for, or a mapping of operands to bits (those left out keep their width).

    Raises ValueError for a word, an operand or a width that there is none of.
    """
    if isinstance(given, str) and given in WORDS:
        return WORDS[given]
    if not is_mapping(given):
        raise ValueError(f"{' and '.join(WORDS)} have a name, and {given!r} is neither")
    unknown = unknown_operands(given)
    if unknown:
        raise ValueError(f"there are {', '.join(WIDTHS)}, and no {', '.join(unknown)}")
    return replace(WORDS[INT8], **{str(operand): as_size(bits) for operand, bits in given.items()})


def unknown_operands(widths: Iterable[object]) -> tuple[str, ...]:
    """The operands among those that are given widths (a mapping's keys) that there are none of."""
    return tuple(sorted(str(operand) for operand in widths if operand not in WIDTHS))


@dataclass(frozen=True)
class LoweringOptions:
    """`unsupported`: what to do with nodes that have no lowering. `movement`: whether moving data costs."""

    precision: Precision = WORDS[INT8]
    unsupported: Unsupported = "error"
    movement: Movement = "auto"
