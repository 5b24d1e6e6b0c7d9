"""The tensors of a workload entry: which loops index them, how many elements they have."""

import re
from collections.abc import Mapping
from math import gcd, prod
from typing import Any

Entry = Mapping[str, Any]
"""A layer of workload.yaml as plain data."""

EQUATION = re.compile(r"O(\S*?)\s*\+?\s*=\s*(\w)((?:\[\w*\])+)\s*[*+]\s*(\w)((?:\[\w*\])+)\s*")
RELATION = re.compile(r"(\w+)\s*=\s*(?:(\d+)\s*\*\s*)?(\w+)\s*\+\s*(?:(\d+)\s*\*\s*)?(\w+)")


def operand_indices(entry: Entry) -> dict[str, tuple[str, ...]]:
    """Operand -> its indices as upper-case names, the output first: {"O": ("B", "K"), "I": ("B", "C"), ...}.

    Raises ValueError if the equation is not ZigZag's (parser/workload_validator.py, EQUATION_REGEX).
    """
    match = EQUATION.fullmatch(entry["equation"].strip())
    if match is None:
        raise ValueError(f"no equation that ZigZag reads: {entry['equation']}")
    output, first, first_indices, second, second_indices = match.groups()
    return {"O": _names(output), first: _names(first_indices), second: _names(second_indices)}


def relations(entry: Entry) -> dict[str, tuple[tuple[int, str], tuple[int, str]]]:
    """Index -> the two (coefficient, dim) terms it is the sum of: `ix=2*ox+1*fx` is {"IX": ((2, "OX"), (1, "FX"))}.

    Raises ValueError if a relation is not ZigZag's (LAYER_DIM_RELATION_REGEX).
    """
    found = {}
    for text in entry.get("dimension_relations") or ():
        match = RELATION.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"no relation that ZigZag reads: {text}")
        index, first, dim, second, other = match.groups()
        found[index.upper()] = ((int(first or 1), dim.upper()), (int(second or 1), other.upper()))
    return found


def loop_sizes(entry: Entry) -> dict[str, int]:
    """Loop dim (upper case) -> size."""
    return {str(dim).upper(): size for dim, size in zip(entry["loop_dims"], entry["loop_sizes"], strict=True)}


def operations(entry: Entry) -> int:
    """How often the innermost statement runs."""
    return prod(entry["loop_sizes"])


def volumes(entry: Entry) -> dict[str, int]:
    """Operand -> elements of its tensor that the layer touches, padding left out."""
    extents = loop_sizes(entry) | _related_extents(entry)
    return {operand: prod(extents[i] for i in indices) for operand, indices in operand_indices(entry).items()}


def _related_extents(entry: Entry) -> dict[str, int]:
    sizes, pads = loop_sizes(entry), _padding(entry)
    declared = _by_related_index(entry, "pr_loop_sizes")
    touched = {
        index: _distinct_sums(a, sizes[first], b, sizes[second])
        for index, ((a, first), (b, second)) in relations(entry).items()
    }
    return {index: min(count, declared.get(index, count - pads.get(index, 0))) for index, count in touched.items()}


def _padding(entry: Entry) -> dict[str, int]:
    return {index: sum(pair) for index, pair in _by_related_index(entry, "padding").items()}


def _by_related_index(entry: Entry, field: str) -> dict[str, Any]:
    return dict(
        zip((str(dim).upper() for dim in entry.get("pr_loop_dims") or ()), entry.get(field) or (), strict=False)
    )


def _distinct_sums(a: int, first: int, b: int, second: int) -> int:
    """How many different values a*i + b*j takes for i < first, j < second: (i, j) and (i + b/g, j - a/g) coincide."""
    divisor = gcd(a, b)
    return first * second - max(0, first - b // divisor) * max(0, second - a // divisor)


def _names(indices: str) -> tuple[str, ...]:
    return tuple(name.upper() for name in re.findall(r"\[(\w+)\]", indices))
