"""All orderings of a setting, as the search holds them and as ZigZag evaluates them one by one."""

from functools import cached_property
from typing import Any

import numpy as np
from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.datatypes import LayerDim
from zigzag.mapping.temporal_mapping import TemporalMapping, TemporalMappingType
from zigzag.opt.loma.memory_allocator import (
    MemoryAllocator,
    MemoryHierarchyTooSmallException,
    MemoryTooSmallException,
)

from onnx2zz.zigzag.search import SearchedLayer
from onnx2zz.zigzag.search.allocation import Allocation, allocate
from onnx2zz.zigzag.search.loop_factors import loop_factors
from onnx2zz.zigzag.search.merge_down import Borders, merge_down
from onnx2zz.zigzag.search.nest import Nest
from onnx2zz.zigzag.search.orderings import Orderings, chunks
from onnx2zz.zigzag.search.pricing import SizeTables, size_tables
from onnx2zz.zigzag.search.profiles import Profile, profile
from onnx2zz.zigzag.search.reading import read_nest

EVERY = 11
"""Each eleventh ordering is compared: enough to meet every kind of cut, cheap enough for the default target."""


class Lockstep:
    """Our arrays and ZigZag's objects for the same orderings; row r of the former belongs to the r-th of the latter."""

    def __init__(self, setting: SearchedLayer) -> None:
        self.setting = setting
        self.nest: Nest = read_nest(
            setting.accelerator, setting.layer, setting.fractional, setting.integer, setting.keeps_at_output
        )
        factors = loop_factors(
            setting.accelerator, setting.layer, setting.fractional, setting.mapping_type, setting.lpf_limit
        )
        (every,) = chunks(factors.loops, factors.fixed, 10**6)
        self.orderings: Orderings = every.rows(np.arange(0, len(every), EVERY))
        self.tables: SizeTables = size_tables(self.nest, factors.loops)
        self.ordered: list[list[tuple[LayerDim, int]]] = [
            [factors.named[loop] for loop in row] for row in self.orderings.loop
        ]

    @cached_property
    def allocation(self) -> Allocation:
        even = self.setting.mapping_type == TemporalMappingType.EVEN
        return allocate(self.nest, self.tables.fractional, self.orderings, even)

    @cached_property
    def zigzag_mappings(self) -> list[TemporalMapping | None]:
        """ZigZag's temporal mapping of each ordering, None where it does not fit."""
        return [self._zigzag_mapping(ordering) for ordering in self.ordered]

    def _zigzag_mapping(self, ordering: list[tuple[LayerDim, int]]) -> TemporalMapping | None:
        given = self.setting
        try:
            return MemoryAllocator(
                given.accelerator, given.layer, given.fractional, list(ordering), given.mapping_type
            ).run()
        except (MemoryTooSmallException, MemoryHierarchyTooSmallException):
            return None

    @cached_property
    def fitting(self) -> list[int]:
        return [row for row, mapping in enumerate(self.zigzag_mappings) if mapping is not None]

    @cached_property
    def fitting_orderings(self) -> Orderings:
        return self.orderings.rows(np.array(self.fitting))

    @cached_property
    def borders(self) -> list[Borders]:
        """Of the orderings that fit."""
        return [
            merge_down(operand, [cut[self.fitting] for cut in cuts], self.fitting_orderings)
            for operand, cuts in zip(self.nest.operands, self.allocation.cuts, strict=True)
        ]

    def profiles(self, unrolling: str) -> list[Profile]:
        """unrolling: "fractional" or "integer"."""
        return [
            profile(
                operand,
                getattr(operand, unrolling),
                getattr(self.tables, unrolling)[op],
                self.borders[op].cuts,
                self.fitting_orderings,
            )
            for op, operand in enumerate(self.nest.operands)
        ]

    @cached_property
    def evaluations(self) -> list[Any]:
        """ZigZag's cost model on the orderings that fit."""
        given = self.setting
        return [
            CostModelEvaluation(
                accelerator=given.accelerator,
                layer=given.layer,
                spatial_mapping=given.fractional,
                spatial_mapping_int=given.integer,
                temporal_mapping=self.zigzag_mappings[row],  # type: ignore[arg-type]
                access_same_data_considered_as_no_access=given.keeps_at_output,
            )
            for row in self.fitting
        ]

    def per_operand(self, rows_of: list[dict[Any, Any]]) -> list[list[Any]]:
        """ZigZag's per-operand dicts, one a row, as [operand][row]."""
        return [[row[op] for row in rows_of] for op in self.setting.layer.layer_operands]


def columns(levels: Any) -> list[list[float]]:
    """[level] arrays (N,) as [row][level] lists, to compare with ZigZag's."""
    return np.stack([np.broadcast_to(level, np.shape(levels[-1])) for level in levels], axis=1).tolist()
