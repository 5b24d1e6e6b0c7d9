"""The unrolling that a template gives a layer: no search, nothing is priced.

Of the unrollings that the template allows, and that ZigZag leaves as they are, the one is taken whose bound on cycles
(bound.py) is least; of those within 1 % of it one that divides evenly, then the one that needs the fewest steps, then
the one that gives most to the loops that stand first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entry_for
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.bound import bounds
from onnx2zz.mapping.choice import WORTH
from onnx2zz.mapping.enumeration import candidates
from onnx2zz.mapping.layer_kind import kind_of
from onnx2zz.mapping.mapping_file import mapped_as, mapping_entries
from onnx2zz.mapping.ranking import Limits, overflowing
from onnx2zz.mapping.space import Factors, Space, read_space
from onnx2zz.mapping.templates import Template, Templates
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.roofline import roofline
from onnx2zz.pricing.task import layer_name
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.hardware import ArrayAndPorts
from onnx2zz.zigzag.hierarchy import BuiltHierarchy
from onnx2zz.zigzag.unrolling import Unrolling

if TYPE_CHECKING:
    from onnx2zz.zigzag.accelerator import Accelerator

TRIED = 50
"""Unrollings that are put to ZigZag at most, to see whether it leaves them as they are."""


def templated_mapping(
    layers: Sequence[WorkloadEntry], base: Sequence[MappingEntry], templates: Templates, target: "TemplateTarget"
) -> tuple[MappingEntry, ...]:
    """The plain mapping of a network. `base` is the accelerator's mapping file: memory operand links and loop orders
    come from it, and so does the unrolling of a layer that ZigZag would not leave as its template has it."""
    found: dict[str, Unrolling | None] = {}
    rows: list[tuple[str, str, MappingEntry]] = []
    for entry in layers:
        mapping_entry = mapping_entry_for(entry, base)
        key = layer_key(entry, mapping_entry)
        if key not in found:
            found[key] = templated(entry, mapping_entry, templates, target)
        rows.append((layer_name(entry), entry["operator_type"], mapped_as(entry, mapping_entry, found[key])))
    return mapping_entries(rows)


@dataclass(frozen=True)
class TemplateTarget:
    """An accelerator: ZigZag's object for it, the plain facts, its memories."""

    accelerator: "Accelerator"
    hardware: ArrayAndPorts
    hierarchy: BuiltHierarchy


def templated(
    entry: WorkloadEntry, mapping_entry: MappingEntry, templates: Templates, target: TemplateTarget
) -> Unrolling | None:
    """How a layer is unrolled; None where ZigZag takes nothing that its template allows. `mapping_entry` has the
    memory operand links."""
    from onnx2zz.zigzag.spatial import limits, stays_as_it_is

    template, space = templates.kinds[kind_of(entry)], read_space(entry, mapping_entry, target.hardware.array)
    try:
        allowed = _only(template, limits(entry, mapping_entry, target.accelerator))
        ranked = _ranked(space, template, allowed, target, roofline(entry, mapping_entry, target.hardware).cycles)
        fit = (one for one in islice(ranked, TRIED) if stays_as_it_is(entry, mapping_entry, one, target.accelerator))
        return next(fit, None)
    except PricingError:
        return None


def _only(template: Template, limits: Limits) -> Limits:
    """The limits, and none of the loops that the template does not name."""
    return {
        dim: {loop: most for loop, most in loops.items() if loop in template.get(dim, ())}
        for dim, loops in limits.items()
    }


def _ranked(
    space: Space, template: Template, allowed: Limits, target: TemplateTarget, floor: float
) -> Iterator[Unrolling]:
    if not space.loops:
        return
    # No wires are asked for and no twins left out: which dim takes which loop is what the template says.
    found = candidates(space, allowed, partial(overflowing, space=space, hierarchy=target.hierarchy), {})
    if not len(found):  # one element is too wide already: partial sums of 32 bit in a register of 16
        return
    cycles = np.maximum(bounds(found, space, target.hierarchy).cycles, floor)
    # All that are within 1 % are one to the sort, so that the next key decides among them.
    cycles = np.where(cycles * (1 - WORTH) <= cycles.min(), 0, cycles)
    uneven = (-np.array(space.sizes) % found.prod(axis=1) > 0).sum(axis=1)
    steps = (-(-np.array(space.sizes) // found.prod(axis=1))).prod(axis=1, dtype=float)
    for row in np.lexsort((*_preferences(found, space, template), steps, uneven, cycles)):
        if steps[row] > 1:  # ZigZag stops at a layer that is done in one step
            yield space.unrolling(found[row])


def _preferences(found: Factors, space: Space, template: Template) -> Sequence[Factors]:
    """The factor of each array dim's first loop, then of its second ..., what counts most last, as numpy has it."""
    keys = [
        -found[:, dim, space.loops.index(loop)]
        for dim, (name, _) in enumerate(space.array)
        for loop in template.get(name, ())
        if loop in space.loops
    ]
    return keys[::-1]
