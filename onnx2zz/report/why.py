"""Why one run takes more than another, in sentences that hold without the tables."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onnx2zz.comparison.explanation import BELOW, HIGHEST, Cause, Difference, Explanation
from onnx2zz.comparison.parts import Objective, Run
from onnx2zz.comparison.unequal import clock_mhz
from onnx2zz.report.quantity import AREA, ENERGY, TIME, quantity, share_told, significant
from onnx2zz.report.system import NS_PER_CYCLE_AT_1_MHZ

OPERANDS = {"W": "weights", "I": "inputs", "O": "outputs and partial sums"}
SHOWN_LAYERS = 3
ALIKE = 0.005
"""Ratios closer to 1 than this are called the same."""
CLOSE = 0.01
"""Ratios closer to 1 than this are told as shares."""


def amount(value: float, objective: Objective) -> str:
    """`5.856 µJ`, `58,883 cycles`."""
    return quantity(value, ENERGY) if objective == "energy" else f"{value:,.0f} cycles"


def signed(value: float, objective: Objective) -> str:
    return f"{'+' if value >= 0 else '-'}{amount(abs(value), objective)}"


def figures(run: Run) -> dict[str, tuple[float, str]]:
    """What runs are judged by, as far as a run tells it: the number, the less the better, and how it is read."""
    total = run["total"]
    energy, cycles = total["energy_pj"], total["latency_cycles"]
    found = {"energy": (energy, quantity(energy, ENERGY)), "latency": (cycles, f"{cycles:,.0f} cycles")}
    system: Mapping[str, Any] = run.get("system") or {}
    if system.get("pipeline"):
        interval = system["pipeline"]["interval_cycles"]
        found["interval"] = interval, f"{interval:,.0f} cycles"
    clock = clock_mhz(run)
    if clock:
        time = cycles * NS_PER_CYCLE_AT_1_MHZ / clock
        found["time"] = time, quantity(time, TIME)
    found["energy x delay"] = energy * cycles, f"{energy * cycles:.3e} pJ cycles"
    physical: Mapping[str, float | None] = total.get("physical") or {}
    area = physical.get("area_um2")
    if area:
        found["area"] = area, quantity(area, AREA)
    return found


def verdicts(first: Run, second: Run, labels: tuple[str, str]) -> list[str]:
    """Who wins what, a line for each figure that both tell."""
    mine, theirs = figures(first), figures(second)
    return [_verdict(name, mine[name], theirs[name], labels) for name in mine if name in theirs]


def _verdict(name: str, mine: tuple[float, str], theirs: tuple[float, str], labels: tuple[str, str]) -> str:
    said = f"{name}: {labels[0]} {mine[1]}, {labels[1]} {theirs[1]}"
    least, most = sorted((mine[0], theirs[0]))
    if least == most:
        return f"{said}: equal"
    winner = labels[mine[0] > theirs[0]]
    return f"{said}: {winner} wins{_by(least, most)}"


def _by(least: float, most: float) -> str:
    """How much less it is: as a share, where a ratio would read as one."""
    if not least:
        return ""
    return (
        f", {significant(most / least, 3)} times less"
        if most / least >= 1 + CLOSE
        else f", {share_told(1 - least / most)} less"
    )


def sentences(
    found: Explanation,
    labels: tuple[str, str],
    memories: Sequence[Mapping[str, int]],
    alike: Mapping[str, str] | None = None,
) -> list[str]:
    """The gap, what makes most of it, and what the rest comes to. `memories`: those of each run, lowest first.
    `alike`: layers that are told as one with the one that stands for them; None where every layer is named."""
    objective, (_, second) = found.objective, labels
    if not found.gap:
        return [f"{objective}: no difference"]
    more = "more" if found.gap > 0 else "less"
    told = [f"{objective}: {second} takes {amount(abs(found.gap), objective)} {more} than {labels[0]}"]
    told += [f"  {line}" for cause in found.causes for line in _cause(cause, found, labels, memories, alike)]
    others = len(found.differences) - sum(len(cause.differences) for cause in found.causes)
    if others:
        told.append(f"  {signed(found.rest, objective)} ({_share(found.rest, found)}): {others} smaller differences")
    return told


def _share(gap: float, found: Explanation) -> str:
    return f"{gap / found.gap:.0%} of it"


def _cause(
    cause: Cause,
    found: Explanation,
    labels: tuple[str, str],
    memories: Sequence[Mapping[str, int]],
    alike: Mapping[str, str] | None,
) -> Iterator[str]:
    objective, sums = found.objective, cause.sums
    change = f"{amount(sums.first, objective)} to {amount(sums.second, objective)}"
    where = f"{OPERANDS.get(cause.operand, cause.operand)} at {cause.place}" if cause.operand else cause.place
    said = (
        f"{signed(cause.gap, objective)} ({_share(cause.gap, found)}): {where}{_named(cause.place, labels, memories)}"
    )
    yield "; ".join([f"{said}, {change}", *_reason(sums, labels), *_layers(cause, objective, alike)])


def _named(place: str, labels: tuple[str, str], memories: Sequence[Mapping[str, int]]) -> str:
    """Which memories are meant where the two have other names."""
    if place not in (HIGHEST, BELOW) or not all(memories):
        return ""
    names = [list(own) for own in memories]
    if place == HIGHEST:
        told = [own[-1] for own in names]
    else:
        # Below the highest, those that both have are named by the place itself: only what one of them has beside
        # them.
        told = ["/".join(name for name in own[:-1] if name not in other[:-1]) for own, other in (names, names[::-1])]
    return f" ({labels[0]} {told[0] or 'none'}, {labels[1]} {told[1] or 'none'})"


def _reason(sums: Difference, labels: tuple[str, str]) -> Iterator[str]:
    """Whether more elements move, or each costs more."""
    if not (sums.first_elements and sums.second_elements and sums.first and sums.second):
        return
    first, second = labels
    times = sums.second_elements / sums.first_elements
    costs = sums.first / sums.first_elements, sums.second / sums.second_elements
    if abs(math.log(times)) >= ALIKE:
        yield (
            f"{second} moves {significant(times, 3)} times as many elements there "
            f"({sums.first_elements:,.0f} to {sums.second_elements:,.0f})"
        )
    else:
        yield f"as many elements move there ({sums.second_elements:,.0f})"
    if abs(math.log(costs[1] / costs[0])) >= ALIKE:
        yield f"each costs {significant(costs[0], 3)} pJ in {first}, {significant(costs[1], 3)} in {second}"


def _layers(cause: Cause, objective: Objective, alike: Mapping[str, str] | None) -> Iterator[str]:
    named = [one for one in cause.differences if one.layer]
    if not named:
        return
    if alike is None:
        yield f"in {', '.join(f'{one.layer} {signed(one.gap, objective)}' for one in named)}"
        return
    told = _repeated(named, alike)
    shown = ", ".join(
        f"{f'{times} x ' if times > 1 else ''}{name} {signed(gap, objective)}"
        for name, times, gap in told[:SHOWN_LAYERS]
    )
    more = f" and {len(told) - SHOWN_LAYERS} more" if len(told) > SHOWN_LAYERS else ""
    yield f"most in {shown}{more}" if more else f"in {shown}"


def _repeated(named: Sequence[Difference], alike: Mapping[str, str]) -> list[tuple[str, int, float]]:
    """Each layer with how many it stands for and what they come to together, the largest first."""
    gaps: dict[str, list[float]] = {}
    for one in named:
        gaps.setdefault(alike.get(one.layer, one.layer), []).append(one.gap)
    found = [(name, len(own), math.fsum(own)) for name, own in gaps.items()]
    return sorted(found, key=lambda one: -abs(one[2]))
