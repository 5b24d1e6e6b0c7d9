"""A sweep in sentences: what runs of a front buy and pay, which parameter moves which total, what sums stand for."""

from collections.abc import Mapping, Sequence
from typing import Any

from onnx2zz.design_space.columns import MINIMISED
from onnx2zz.design_space.factors import TEMPLATE, factors, told_apart
from onnx2zz.design_space.front import ALL
from onnx2zz.design_space.sensitivity import Effect, effects
from onnx2zz.design_space.trade_off import TradeOff, trade_offs
from onnx2zz.report.quantity import AREA, ENERGY, TIME, Units, quantity, share_told, significant

Row = Mapping[str, Any]
LARGE = 1.1
"""Ratios from this on are told as such, smaller ones as what is added."""
LEAST = 0.005
"""Effects below half a percent are only named."""
MOST = 8
"""Sentences of a kind for a model."""
MEANING_OF_ALL = (
    f"{ALL}: the sum over the models of what each takes on the same accelerator with the same options, as if they ran "
    "one after the other; its area counts once"
)
MEASURES: Mapping[str, tuple[str, Units | None]] = {
    "energy_pj": ("energy", ENERGY),
    "corrected_energy_pj": ("corrected energy", ENERGY),
    "static_energy_pj": ("static energy", ENERGY),
    "physical_energy_pj": ("energy on silicon", ENERGY),
    "latency_cycles": ("latency", None),
    "physical_latency_cycles": ("latency on silicon", None),
    "interval_cycles": ("interval", None),
    "cores": ("cores", None),
    "latency_ns": ("time", TIME),
    "area": ("area", None),
}
"""How each measure is called, and its units; cycles and areas of files have none."""
BETTER = {
    **dict.fromkeys(("latency_cycles", "physical_latency_cycles", "latency_ns"), "faster"),
    "interval_cycles": "shorter interval",
    "cores": "fewer cores",
}
"""What less of it is called, where that is not less of it."""


def heading(measure: str, um2: bool) -> str:
    """What stands over a column: the measure with the unit of its numbers."""
    units = {"energy_pj": "pJ", "latency_ns": "ns", "area": "um2" if um2 else "files' unit"}
    if measure == "cores":
        return measure
    unit = units.get(measure) or ("cycles" if measure.endswith("_cycles") else "pJ")
    return f"{MEASURES[measure][0]} [{unit}]"


def measures(um2: bool) -> dict[str, tuple[str, Units | None]]:
    """How a page calls each column that can be minimised, in the order of a run's columns, and its units."""
    areas = ("Area", AREA) if um2 else ("Area (as in the files)", None)
    told = {name: (MEASURES[name][0].capitalize(), MEASURES[name][1]) for name in MINIMISED}
    cycles = {name: (f"{told[name][0]} (cycles)", None) for name in MINIMISED if name.endswith("_cycles")}
    return {**told, **cycles, "area": areas}


def called(row: Row, names: Sequence[str]) -> str:
    """`npes 32, sram_kib 256`: a run by what is varied; its accelerator where nothing but that is."""
    told = [
        str(row[name]) if name == TEMPLATE else f"{name} {row[name]}" for name in names if row.get(name) is not None
    ]
    return ", ".join(told) or str(row["accelerator"])


def trade_off_sentences(rows: Sequence[Row], front: Sequence[Row], objectives: Sequence[str], um2: bool) -> list[str]:
    """`npes 32, sram_kib 256: 3.90x faster for 0.0900 mm2 more (1.4x) than npes 8, sram_kib 128`, the runs of a front
    in its order. `um2`: areas are in um2."""
    apart = told_apart(rows)
    flat = {id(row): one for row, one in zip(rows, apart, strict=True)}
    found = trade_offs([flat[id(row)] for row in front], objectives)
    names = factors(apart)
    more = [f"and {len(found) - MOST} more runs of the front"] if len(found) > MOST else []
    return [*(_trade_off(one, objectives, names, um2) for one in found[:MOST]), *more]


def _trade_off(one: TradeOff, objectives: Sequence[str], names: Sequence[str], um2: bool) -> str:
    gains = [_gain(one, name) for name in objectives if one.more(name) < 0]
    costs = [_cost(one, name, um2) for name in objectives if one.more(name) > 0]
    said = " and ".join(gains) or "nothing better"
    pays = f" for {' and '.join(costs)}" if costs else ""
    return f"{called(one.row, names)}: {said}{pays} than {called(one.base, names)}"


def _gain(one: TradeOff, objective: str) -> str:
    times = one.times(objective)
    how = BETTER.get(objective, f"less {MEASURES[objective][0]}")
    if not times:
        return f"no {MEASURES[objective][0]}"
    return f"{_times(1 / times) if 1 / times >= LARGE else share_told(1 - times)} {how}"


def _cost(one: TradeOff, objective: str, um2: bool) -> str:
    name, units = MEASURES[objective]
    more, times = one.more(objective), one.times(objective)
    ratio = f" ({_times(times) if times >= LARGE else f'+{share_told(times - 1)}'})" if times else ""
    if objective == "area":
        said = _area(more) if um2 else f"{significant(more, 4)} of the files' unit"
        return f"{said} more area{ratio}"
    if objective == "cores":
        return f"{significant(more, 4)} more core{'s' * (more != 1)}{ratio}"
    said = quantity(more, units) if units else f"{significant(more, 4)} cycles"
    return f"{said} more {name}{ratio}"


def _area(um2: float) -> str:
    """In mm2 from a hundredth of one on."""
    return f"{significant(um2 / 1e6, 3)} mm2" if um2 >= 1e4 else quantity(um2, AREA)


def _times(ratio: float) -> str:
    return f"{significant(ratio, 3)}x"


def effect_sentences(found: Sequence[Effect]) -> list[str]:
    """`energy: node a -> b 0.41x (0.40x to 0.43x in 4 pairs); npes 4 -> 12 1.02x`, a line for each measure, the
    strongest first; what moves nothing is named last."""
    lines: list[str] = []
    for measure in dict.fromkeys(one.measure for one in found):
        own = [one for one in found if one.measure == measure]
        moved = [_effect(one) for one in own if _share(one) > LEAST]
        # A factor of which no run joins two groups of values has an effect for each: only then do the values say which.
        several = {one.factor for one in own if [other.factor for other in own].count(one.factor) > 1}
        still = [_still(one, one.factor in several) for one in own if _share(one) <= LEAST]
        more = [f"{len(moved) - MOST} more"] if len(moved) > MOST else []
        rest = [f"{', '.join(still)} less than {LEAST:.1%}"] if still else []
        lines.append(f"{MEASURES[measure][0]}: {'; '.join([*moved[:MOST], *more, *rest])}")
    return lines


def _still(one: Effect, is_one_of_several: bool) -> str:
    return f"{one.factor} {one.values[0]} -> {one.values[-1]}" if is_one_of_several else one.factor


def _share(one: Effect) -> float:
    return max(one.times) / min(one.times) - 1


def _effect(one: Effect) -> str:
    shown = list(zip(one.values, one.times, strict=True))
    if len(shown) > 3:
        shown = [shown[0], shown[-1]]
    steps = " -> ".join(str(value) for value, _ in shown)
    means = " -> ".join(_times(times) for _, times in shown[1:])
    apart = f" ({_times(one.least)} to {_times(one.most)} in {one.pairs} pairs)" if one.most - one.least > LEAST else ""
    return f"{one.factor} {steps} {means}{apart}{_beyond_the_ends(one, [times for _, times in shown])}"


def _beyond_the_ends(one: Effect, shown: Sequence[float]) -> str:
    """The least and the most of the means, where they are at values between those that are shown."""
    extremes = (min(one.times), min(shown)), (max(one.times), max(shown))
    found = [
        f"{_times(extreme)} at {one.values[one.times.index(extreme)]}"
        for extreme, end in extremes
        if abs(extreme / end - 1) > LEAST
    ]
    return f", {' and '.join(found)}" if found else ""


def decisions(
    groups: Mapping[str, Sequence[Row]], fronts: Mapping[str, Sequence[Row]], objectives: Sequence[str], um2: bool
) -> Mapping[str, Mapping[str, Any]]:
    """By model: sentences of trade-offs and of what moves what, and the effects as data."""
    found: dict[str, Mapping[str, Any]] = {}
    for model, rows in groups.items():
        moved = effects(told_apart(rows), objectives)
        found[model] = {
            "trade_offs": trade_off_sentences(rows, fronts[model], objectives, um2),
            "moves": effect_sentences(moved),
            "effects": [
                {
                    "parameter": one.factor,
                    "total": one.measure,
                    "values": list(one.values),
                    "times": list(one.times),
                    "least": one.least,
                    "most": one.most,
                    "pairs": one.pairs,
                }
                for one in moved
            ],
        }
    return found
