"""What moves what, and what a front's runs buy: from made-up laws whose effects are known."""

from itertools import product
from typing import Any

import pytest

from onnx2zz.design_space.factors import factors
from onnx2zz.design_space.sensitivity import effects
from onnx2zz.design_space.trade_off import trade_offs
from onnx2zz.report.sweep_words import effect_sentences, trade_off_sentences

OPTIONS: dict[str, Any] = {"mapping": "own", "opt": "latency", "lpf_limit": 4, "precision": "int8", "locality": 0}


def row(npes: int, kib: int, **more: Any) -> dict[str, Any]:
    """Latency halves as npes double, energy is three times as much with 256 KiB; npes cost 100 um2 each."""
    return {
        "accelerator": f"core_{npes}_{kib}",
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
    import json

    def as_kept(one: dict[str, Any]) -> dict[str, Any]:
        parameters = {name: str(one[name]) for name in ("npes", "kib")}
        return {
            **{name: value for name, value in one.items() if name not in parameters},
            "parameters": json.dumps(parameters),
        }

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
