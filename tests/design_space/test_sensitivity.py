"""What moves what, and what a front's runs buy: from made-up laws whose effects are known."""

import json
from itertools import product
from typing import Any

import pytest

from onnx2zz.design_space.factors import factors, told_apart
from onnx2zz.design_space.sensitivity import effects
from onnx2zz.design_space.trade_off import trade_offs
from onnx2zz.report.sweep_words import effect_sentences, trade_off_sentences

OPTIONS: dict[str, Any] = {"mapping": "own", "opt": "latency", "lpf_limit": 4, "precision": "int8", "locality": 0}


def row(npes: int, kib: int, **more: Any) -> dict[str, Any]:
    """Latency halves as npes double, energy is three times as much with 256 KiB; npes cost 100 um2 each."""
    return {
        "accelerator": f"core_npes{npes}_kib{kib}",
        "template": "core",
        "npes": npes,
        "kib": kib,
        **OPTIONS,
        "latency_cycles": 8000 / npes,
        "energy_pj": 50.0 * (3 if kib == 256 else 1),
        "area": 100.0 * npes + kib,
        **more,
    }


ROWS = [row(npes, kib) for npes, kib in product((16, 4, 8), (128, 256))]


def test_factors_are_what_has_several_values() -> None:
    assert factors(ROWS) == ("npes", "kib")
    assert factors([*ROWS, row(4, 128, opt="energy")]) == ("npes", "kib", "opt")


def test_effects_are_those_of_the_law_the_strongest_first() -> None:
    found = effects(ROWS, ("energy_pj", "latency_cycles"))
    told = {(one.measure, one.factor): (one.values, one.times, one.pairs) for one in found}
    assert told["latency_cycles", "npes"] == ((4, 8, 16), pytest.approx((1, 0.5, 0.25)), 2)
    assert told["latency_cycles", "kib"] == ((128, 256), pytest.approx((1, 1)), 3)
    assert told["energy_pj", "kib"] == ((128, 256), pytest.approx((1, 3)), 3)
    assert [(one.measure, one.factor) for one in found][::2] == [("energy_pj", "kib"), ("latency_cycles", "npes")]
    assert effect_sentences(found) == [
        "energy: kib 128 -> 256 3x; npes less than 0.5%",
        "latency: npes 4 -> 8 -> 16 0.5x -> 0.25x; kib less than 0.5%",
    ]


def test_only_runs_that_are_alike_in_all_else_are_compared() -> None:
    """A single run of another corner tells nothing; a run without a number is left out."""
    lonely = [row(4, 128), row(8, 256)]
    assert effects(lonely, ("latency_cycles",)) == []
    lacking = [row(4, 128), row(8, 128, latency_cycles=None), row(16, 128)]
    (one,) = effects(lacking, ("latency_cycles",))
    assert (one.values, one.times) == ((4, 16), pytest.approx((1, 0.25)))


def test_effects_that_differ_say_between_what() -> None:
    rows = [row(4, 128), row(8, 128), row(4, 256), row(8, 256, latency_cycles=400.0)]
    (line,) = effect_sentences([one for one in effects(rows, ("latency_cycles",)) if one.factor == "npes"])
    assert line == "latency: npes 4 -> 8 0.316x (0.2x to 0.5x in 2 pairs)"


def test_a_trade_off_is_told_beside_the_smallest() -> None:
    rows = [as_kept(one) for one in ROWS]
    front = [one for one in rows if json.loads(one["parameters"])["kib"] == "128"]
    objectives = ("energy_pj", "latency_cycles", "area")
    assert {one.base["area"] for one in trade_offs(front, objectives)} == {528.0}
    said = trade_off_sentences(rows, front, objectives, um2=True)
    assert said == [
        "npes 16, kib 128: 4x faster for 1,200 um2 more area (3.27x) than npes 4, kib 128",
        "npes 8, kib 128: 2x faster for 400.0 um2 more area (1.76x) than npes 4, kib 128",
    ]
    assert trade_off_sentences(rows, front[:1], objectives, um2=True) == []
    told = trade_off_sentences(rows, front, ("latency_cycles", "area"), um2=False)[0]
    assert "1,200 of the files' unit more area" in told


def as_kept(one: dict[str, Any]) -> dict[str, Any]:
    """The row as the sweep's file has it: parameters are one column."""
    parameters = {name: str(one[name]) for name in ("npes", "kib") if name in one}
    return {
        **{name: value for name, value in one.items() if name not in parameters},
        "parameters": json.dumps(parameters),
    }


def test_a_template_under_two_names_is_two_accelerators() -> None:
    """What else they are set to is no parameter: without their names runs of one would stand for those of both."""
    rows = [
        as_kept(row(npes, 128, accelerator=f"{name}_npes{npes}_kib128", energy_pj=50.0 * npes * times))
        for name, times in (("frugal", 1), ("lavish", 5))
        for npes in (4, 8)
    ]
    apart = told_apart(rows)
    assert factors(apart) == ("template", "npes")
    (by_name,) = [one for one in effects(apart, ("energy_pj",)) if one.factor == "template"]
    assert (by_name.values, by_name.times, by_name.pairs) == (("frugal", "lavish"), pytest.approx((1, 5)), 2)
    said = trade_off_sentences(rows, rows[::2], ("energy_pj",), um2=True)
    assert said == ["lavish, npes 4: nothing better for 800.0 pJ more energy (5x) than frugal, npes 4"]


def test_values_are_compared_with_the_first_that_has_a_number() -> None:
    found = effects([row(4, 128, latency_cycles=None), row(8, 128), row(16, 128)], ("latency_cycles",))
    assert [(one.values, one.times) for one in found] == [((8, 16), pytest.approx((1, 0.5)))]


def test_values_that_never_meet_have_effects_of_their_own() -> None:
    """As where two templates have a parameter of one name, over other ranges."""
    rows = [row(npes, 128, template="small") for npes in (2, 4)]
    rows += [row(npes, 128, template="large", latency_cycles=9e3 / npes**2) for npes in (64, 192)]
    found = [one for one in effects(rows, ("latency_cycles",)) if one.factor == "npes"]
    told = {one.values: one.times[-1] for one in found}
    assert told == {(2, 4): pytest.approx(0.5), (64, 192): pytest.approx(1 / 9)}


def test_what_lies_between_the_ends_of_a_range_is_told() -> None:
    """Of more than three values the first and the last are told, and the best, which is at neither."""
    cycles = {4: 900.0, 8: 300.0, 16: 90.0, 32: 450.0, 64: 891.0}
    found = effects([row(npes, 128, latency_cycles=each) for npes, each in cycles.items()], ("latency_cycles",))
    assert effect_sentences(found) == ["latency: npes 4 -> 64 0.99x, 0.1x at 16"]


def test_nothing_is_left_out_in_silence() -> None:
    front = [as_kept(row(npes, 128)) for npes in range(4, 16)]
    said = trade_off_sentences(front, front, ("latency_cycles", "area"), um2=True)
    assert len(said) == 9 and said[-1] == "and 3 more runs of the front"


@pytest.mark.parametrize(
    ("more", "um2", "told"),
    [
        (0.38, False, "0.38 of the files' unit more area (+0.09%)"),
        (0.008, False, "0.008 of the files' unit more area (+0.0018%)"),
        (4.6e10, True, "46,000 mm2 more area (104,545,456x)"),
    ],
)
def test_no_figure_is_rounded_to_nothing_or_told_as_a_power(more: float, um2: bool, told: str) -> None:
    front = [as_kept(row(4, 40)), as_kept(row(8, 40, area=440 + more))]
    said = trade_off_sentences(front, front, ("latency_cycles", "area"), um2)
    assert said == [f"npes 8: 2x faster for {told} than npes 4"]
