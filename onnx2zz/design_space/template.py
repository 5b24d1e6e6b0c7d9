"""Set fields of an accelerator file: `memories.data_memory.size`, `memories.*.r_cost`, `operational_array.sizes.D1`.

A name goes down a mapping; in a list it is an array dimension's (in `sizes`), or that of the item with this `name`
(in `ports`). `*` is each.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from onnx2zz.design_space.expression import Value, evaluate
from onnx2zz.files.document import is_array, is_object
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.spelling import did_you_mean

EACH = "*"
OLD = "old"
"""In an expression, what stands in the template."""
SIZES = ["operational_array", "sizes"]
LATENCY = "latency"
WHOLE = frozenset(("size", "sizes", LATENCY, "bandwidth_min", "bandwidth_max", "r_bw", "w_bw"))
"""Fields that ZigZag takes whole numbers for (parser/accelerator_validator.py); none but the latency may be 0."""

Slot = tuple[Any, Any]
"""A container, and the key or index in it."""


def with_field(document: Any, field: str, expression: str, names: Mapping[str, Value]) -> Any:
    """The document with a field set. `old` in the expression is what stands there. Raises ValueError."""
    changed = deepcopy(document)
    steps = _steps(document, field)
    slots = [slot for slot in _slots(changed, steps, field) if _is_number(slot[0][slot[1]])]
    if not slots:
        raise ValueError(f"{field} is no number in the template")
    for container, key in slots:
        container[key] = _new(steps, container[key], expression, names)
    return changed


def _steps(document: Any, field: str) -> list[str]:
    """The field's names; the sizes of the array are a list beside the list of its dimensions."""
    steps = field.split(".")
    if steps[:2] != SIZES or len(steps) != 3 or steps[2] == EACH:
        return steps
    dimensions = read_hierarchy(document).array
    if steps[2] not in dimensions:
        known = ", ".join(dimensions)
        raise ValueError(
            f"the array has no dimension {steps[2]}{did_you_mean(steps[2], dimensions)}; there are: {known}"
        )
    return [*SIZES, str(list(dimensions).index(steps[2]))]


def _new(steps: Sequence[str], old: Any, expression: str, names: Mapping[str, Value]) -> Any:
    value = evaluate(expression, {**names, OLD: old})
    if value < 0:
        raise ValueError(f"{'.'.join(steps)} would be {value}, less than 0")
    if WHOLE.isdisjoint(steps[-2:]):
        return value
    if value != int(value):
        raise ValueError(f"{'.'.join(steps)} would be {value}, and ZigZag takes whole numbers: use ceil() or floor()")
    if value == 0 and LATENCY not in steps:
        raise ValueError(f"{'.'.join(steps)} would be 0")
    return int(value)


def _slots(data: Any, steps: Sequence[str], field: str) -> Iterator[Slot]:
    """The places that a path leads to; after a `*`, items that lack the rest are passed over."""
    step, rest = steps[0], steps[1:]
    here = _children(data)
    if step == EACH:
        found = [slot for key in here.values() for slot in _below_each(data, key, rest, field)]
        if not found:
            raise ValueError(f"nothing in the template is {field}")
        yield from found
    elif step not in here:
        there = f"; there are: {', '.join(map(str, here))}" if here else ""
        raise ValueError(f"the template has no {field}: {step} is not there{did_you_mean(step, here)}{there}")
    else:
        yield from _below(data, here[step], rest, field)


def _below(data: Any, key: Any, rest: Sequence[str], field: str) -> Iterator[Slot]:
    if not rest:
        yield data, key
    else:
        yield from _slots(data[key], rest, field)


def _below_each(data: Any, key: Any, rest: Sequence[str], field: str) -> list[Slot]:
    try:
        return list(_below(data, key, rest, field))
    except ValueError:
        return []


def _children(data: object) -> dict[str, Any]:
    """Name -> key or index."""
    if is_object(data):
        return {str(key): key for key in data}
    if is_array(data):
        return {str(item.get("name", i)) if is_object(item) else str(i): i for i, item in enumerate(data)}
    return {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
