"""The search against ZigZag's own, ordering by ordering, bit for bit."""

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage

from onnx2zz.zigzag.objective import NAMES
from onnx2zz.zigzag.search import NotCoveredError, SearchedLayer, SearchNote, TemporalSearchStage
from onnx2zz.zigzag.search.search import priced_chunks

from . import draws
from .exhaustive import REDUCERS, all_evaluations, outcome, reduced, run

KINDS = ("shipped", "trimmed", "made_up")
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]


def check(setting: SearchedLayer) -> None:
    """Every ordering has ZigZag's price, every reducer keeps ZigZag's winner; where ZigZag raises, so do we."""
    try:
        evaluations = all_evaluations(setting)
    except Exception as error:
        event(f"ZigZag raises {type(error).__name__}")
        with pytest.raises(type(error)):
            run(setting, TemporalSearchStage, CostModelStage)
        return
    prices = ours(setting)
    event("left to ZigZag" if prices is None else "several outcomes" if len(set(prices)) > 1 else "one outcome")
    assert prices in (None, [(cme.energy_total, cme.latency_total2) for cme in evaluations])
    for objective in NAMES:
        notes: list[SearchNote] = []
        ((best, _),) = run(setting, REDUCERS[objective], TemporalSearchStage, CostModelStage, search_notes=notes)
        assert outcome(best) == reduced(objective, evaluations)
        assert not notes[0].mismatch
        assert not notes[0].fallback or is_expected(notes[0].fallback)


def ours(setting: SearchedLayer) -> list[tuple[float, float]] | None:
    """Every price in order, from chunks of an odd size; None where the search leaves the layer to ZigZag."""
    try:
        return [
            price
            for chunk in priced_chunks(setting, rows=37)
            for price in zip(chunk.prices.energy.tolist(), chunk.prices.latency.tolist(), strict=True)
        ]
    except NotCoveredError:
        return None


def is_expected(fallback: str) -> bool:
    """One layer dimension on two array dimensions can come out below 1; a layer with one loop can be fully ordered."""
    return "unrolled by less than one" in fallback or "the whole loop order" in fallback


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@hypothesis_settings(max_examples=4, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_few_loops(kind: str, data: st.DataObject) -> None:
    check(data.draw(draws.settings(kind, lpf_limits=(3, 4))))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@hypothesis_settings(max_examples=1100, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_many_draws(kind: str, data: st.DataObject) -> None:
    check(data.draw(draws.settings(kind, lpf_limits=(3, 4, 4, 5))))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_many_loops(kind: str, data: st.DataObject) -> None:
    check(data.draw(draws.settings(kind, lpf_limits=(6, 7))))
