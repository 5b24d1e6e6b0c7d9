"""The drop-in stage: what it hands on, and when ZigZag's own search takes over."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from zigzag.opt.loma.engine import NoValidLoopOrderingFoundException
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage
from zigzag.stages.results.reduce_stages import MinimalLatencyStage

from onnx2zz.zigzag.objective import NAMES
from onnx2zz.zigzag.search import SearchedLayer, SearchNote, TemporalSearchStage, best_orderings
from onnx2zz.zigzag.search import search as search_module
from onnx2zz.zigzag.search.pricing import Prices

from . import hardware, layers
from .examples import CROWDED, make
from .exhaustive import all_evaluations, outcome, reduced, run

MAPPING = {"D1": {"K": 3}, "D2": {"C": 4}}


@pytest.fixture
def small() -> SearchedLayer:
    return make(CROWDED, layers.gemm(c=8, d=10, k=9), MAPPING, lpf_limit=3)


def searched(given: SearchedLayer, *above: Any, **more: Any) -> tuple[list[Any], SearchNote]:
    notes: list[SearchNote] = []
    results = run(given, *above, TemporalSearchStage, CostModelStage, search_notes=notes, **more)
    return [cme for cme, _ in results], notes[0]


def test_hands_on_only_what_the_reducers_can_keep(small: SearchedLayer) -> None:
    evaluations, note = searched(small)
    everything = all_evaluations(small)
    wanted = {reduced("latency", everything), reduced("energy", everything), reduced("EDP", everything)}
    assert {outcome(cme) for cme in evaluations} == wanted
    assert len(evaluations) <= 3
    assert note == SearchNote("layer", len(everything))


def test_one_objective_costs_one_evaluation(small: SearchedLayer) -> None:
    (cme,), _ = searched(small, search_objective="energy")
    assert outcome(cme) == reduced("energy", all_evaluations(small))


def test_a_reducer_that_is_to_keep_all_others_gets_the_winners_only(small: SearchedLayer) -> None:
    """The option ends at the reducer: no stage below can know. What it keeps as the best is the same."""
    ((best, others),) = run(
        small, MinimalLatencyStage, TemporalSearchStage, CostModelStage, reduce_minimal_keep_others=True
    )
    everything = all_evaluations(small)
    assert outcome(best) == reduced("latency", everything)
    assert {outcome(cme) for cme, _ in others} == {reduced(objective, everything) for objective in NAMES}


def test_extra_info_is_zigzags(small: SearchedLayer) -> None:
    (ours,) = run(small, TemporalSearchStage, CostModelStage, search_objective="EDP")
    (theirs, *_) = run(small, TemporalMappingGeneratorStage, CostModelStage)
    assert [type(part) for part in ours[1]] == [type(part) for part in theirs[1]]


def test_a_complete_order_is_left_to_zigzag() -> None:
    order = [["D", 10], ["C", 2], ["K", 3]]
    given = make(CROWDED, layers.gemm(c=8, d=10, k=9), MAPPING, order=order)
    evaluations, note = searched(given)
    assert "whole loop order" in note.fallback
    assert list(map(outcome, evaluations)) == list(map(outcome, all_evaluations(given)))


def test_an_array_that_computes_in_memory_is_left_to_zigzag() -> None:
    accelerator = hardware.shipped("dimc")
    given = make(accelerator, layers.gemm(c=32, d=6, k=33), {"D1": {"K": 32}, "D2": {"C": 32}}, lpf_limit=3)
    evaluations, note = searched(given)
    assert "in memory" in note.fallback
    assert list(map(outcome, evaluations)) == list(map(outcome, all_evaluations(given)))


def test_a_layer_too_large_for_exact_floats_is_left_to_zigzag(
    small: SearchedLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "EXACT_BELOW", 8 * 10 * 9 * 16)
    evaluations, note = searched(small)
    assert "too large" in note.fallback
    assert list(map(outcome, evaluations)) == list(map(outcome, all_evaluations(small)))


@pytest.mark.parametrize("wrong", ["energy", "latency"])
def test_a_wrong_price_is_loud_and_not_used(
    small: SearchedLayer, wrong: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = search_module.price

    def off_by_one(*arguments: Any) -> Prices:
        prices = real(*arguments)
        return replace(prices, **{wrong: getattr(prices, wrong) + 1})

    monkeypatch.setattr(search_module, "price", off_by_one)
    with caplog.at_level(logging.WARNING):
        evaluations, note = searched(small)
    assert note.mismatch
    assert "differs from ZigZag's" in note.fallback
    assert "bug of onnx2zz" in caplog.text
    assert list(map(outcome, evaluations)) == list(map(outcome, all_evaluations(small)))


def test_no_ordering_fits() -> None:
    tiny = hardware.MadeUpMemory(("I1", "I2", "O"), 5000, ((8, 8),), ("D1",), 1.0, 1.0)
    given = make(hardware.made_up((3,), [tiny]), layers.gemm(c=40, d=12, k=30), {"D1": {"K": 3}}, lpf_limit=3)
    assert not best_orderings(given).best
    with pytest.raises(NoValidLoopOrderingFoundException):
        searched(given)
    with pytest.raises(NoValidLoopOrderingFoundException):
        all_evaluations(given)


@pytest.mark.parametrize("rows", [1, 5, 23])
def test_winners_do_not_depend_on_the_chunks(small: SearchedLayer, rows: int) -> None:
    longer = replace(small, lpf_limit=5)
    whole = best_orderings(longer)
    assert whole.priced == 24
    assert best_orderings(longer, rows=rows) == whole
