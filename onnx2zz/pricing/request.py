"""What an evaluation is asked for: the command line, Python, a sweep and the zoo fill it in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Literal, get_args

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.shipped_files import Found
from onnx2zz.pricing.companion import Companion
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.supplement import NOTHING, Supplement
from onnx2zz.zigzag.layer_price import Engine, PriceOptions, Search, TemporalMappingType
from onnx2zz.zigzag.objective import NAMES, OBJECTIVES

Rules = Literal["strict", "free"]
"""What a chosen mapping may unroll: what the accelerator's wires allow, or whatever ZigZag accepts."""
ChoiceKind = Literal["auto", "optimal"]
"""How a mapping is chosen: well and quickly, or the best with a certificate."""
BUDGET = 30
"""Prices that `auto` may take for a layer unless told otherwise."""


@dataclass(frozen=True)
class MappingSearch:
    """A mapping is to be chosen for each layer, under `rules`, with at most `budget` prices a layer (None: as many as
    `auto` takes, or as `optimal` needs). `gap`: how much better than the best that is found another may be, as a share,
    for `optimal` to end."""

    rules: Rules = "strict"
    budget: int | None = None
    kind: ChoiceKind = "auto"
    gap: float | None = None

    @property
    def quick_budget(self) -> int:
        """Prices that `auto` may take for a layer."""
        return BUDGET if self.budget is None else self.budget

    @property
    def problems(self) -> Iterator[Problem]:
        """What there is not."""
        yield from no_such_choice("mapping_rules", self.rules, get_args(Rules))
        if self.budget is not None:
            yield from _below_one("mapping_budget", self.budget)
        if self.gap is not None and not 0 <= self.gap < inf:
            yield Problem("gap", f"is {self.gap:g}", "a share of 0 or more is needed, 0.01 or 1% say")
        if self.gap is not None and self.kind != "optimal":
            yield Problem("gap", "goes with --mapping optimal, which proves one", "leave it out, or ask for optimal")


@dataclass(frozen=True)
class EvaluationRequest:
    """Everything that the result of an evaluation depends on; how its numbers are come by is in `Resources`.

    `mapping` is what the layers are mapped by, or with `mapping_search` what the choice starts from. `locality`: data
    may stay in lower memories between layers. `supplement`: the accelerator's sidecar, and events that a run counted.
    `save_mapping`: where the mapping is written with everything fixed that was decided. `companion`: what prices the
    layers that an array that computes in memory has no price for.

    Raises InputError with every option that there is not, or that does not go with another.
    """

    workload: PricedWorkload
    accelerator: Found
    mapping: Found
    options: PriceOptions = field(default_factory=PriceOptions)
    locality: bool = False
    search: Search = "fast"
    mapping_search: MappingSearch | None = None
    supplement: Supplement = NOTHING
    save_mapping: Path | None = None
    companion: Companion | None = None

    def __post_init__(self) -> None:
        raise_if_any(self._problems())

    @property
    def repeatable(self) -> bool:
        """Whether the same request has the same answer each time, so that prices may be kept and taken."""
        return self.options.repeatable

    def _problems(self) -> Iterator[Problem]:
        return option_problems(self.options, self.search, self.mapping_search)


def option_problems(options: PriceOptions, search: Search, mapping_search: MappingSearch | None) -> Iterator[Problem]:
    """Every option that there is not, or that does not go with another; None where no mapping is chosen."""
    yield from no_such_choice("opt", options.opt, NAMES)
    yield from no_such_choice("search", search, get_args(Search))
    yield from no_such_choice("engine", options.engine, get_args(Engine))
    yield from no_such_choice("temporal", options.temporal_mapping_type, get_args(TemporalMappingType))
    yield from _below_one("lpf_limit", options.lpf_limit)
    if mapping_search is not None:
        yield from mapping_search.problems
    if conflict := annealing_conflict(options, search, mapping_search is not None):
        yield Problem("", conflict)


def annealing_conflict(options: PriceOptions, search: Search, mapping_is_chosen: bool) -> str | None:
    """What simulated annealing is asked for and cannot do, in a sentence."""
    # Annealing draws at random and prices few orderings, so nothing that compares or proves can rest on it.
    if options.repeatable:
        return None
    annealed = [one.name for one in OBJECTIVES if one.annealed]
    if options.opt not in annealed:
        return f"--engine salsa optimises {' or '.join(annealed)}"
    if search == "both":
        return "--paranoid compares searches of all orderings, and --engine salsa is none"
    if mapping_is_chosen:
        way_out = "name a mapping, the mapping.yaml that auto writes, say"
        return f"--engine salsa: --mapping auto prices with all orderings; {way_out}"
    return None


def no_such_choice(option: str, given: object, known: Sequence[str]) -> Iterator[Problem]:
    """The problem of an option whose value is none of those known."""
    if given not in known:
        yield Problem(option, f"no such choice: {given!r}", f"one of {', '.join(known)}")


def _below_one(option: str, given: int) -> Iterator[Problem]:
    if given < 1:
        yield Problem(option, f"is {given}", "a number above 0 is needed")
