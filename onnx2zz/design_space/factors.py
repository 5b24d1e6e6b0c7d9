"""What is varied in a sweep: parameters of templates, and options; and rows that are alike in all but one of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onnx2zz.design_space.columns import NAMES, OPTIONS
from onnx2zz.design_space.design import suffix
from onnx2zz.design_space.tables import spread

Row = Mapping[str, Any]
TEMPLATE, ACCELERATOR = "template", "accelerator"


def told_apart(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows with their parameters taken apart (tables.py, `spread`). Where the sweep file has a template under
    several names, with other settings, these names stand for the templates: runs that are alike in all factors are
    runs of one accelerator."""
    names = [row[ACCELERATOR].removesuffix(suffix(json.loads(row["parameters"]))) for row in rows]
    called: dict[str, set[str]] = {}
    for row, name in zip(rows, names, strict=True):
        called.setdefault(row[TEMPLATE], set()).add(name)
    flat = spread(rows)
    if all(len(found) == 1 for found in called.values()):
        return flat
    return [{**row, TEMPLATE: name} for row, name in zip(flat, names, strict=True)]


def factors(rows: Sequence[Row]) -> tuple[str, ...]:
    """The names that have several values in these rows, of which `parameters` are taken apart (`told_apart`): the
    template, its parameters, then the options. An accelerator's name is made of them."""
    parameters = dict.fromkeys(name for row in rows for name in row if name not in NAMES)
    names = (TEMPLATE, *parameters, *(name for name in OPTIONS if name != ACCELERATOR))
    return tuple(name for name in names if len({row.get(name) for row in rows}) > 1)


def values_of(rows: Sequence[Row], factor: str) -> list[Any]:
    """The values of a factor, numbers rising, others as they come."""
    found = list(dict.fromkeys(row[factor] for row in rows if row.get(factor) is not None))
    return sorted(found) if all(isinstance(one, int | float) for one in found) else found


def alike_but_for(rows: Sequence[Row], factor: str, names: Sequence[str]) -> Iterator[Mapping[Any, Row]]:
    """Rows that have all of `names` but one in common, by the value of that one; groups of two or more."""
    groups: dict[tuple[Any, ...], dict[Any, Row]] = {}
    for row in rows:
        if row.get(factor) is not None:
            others = tuple(row.get(name) for name in names if name != factor)
            groups.setdefault(others, {})[row[factor]] = row
    yield from (group for group in groups.values() if len(group) > 1)
