"""Of many orderings few are priced, and the same one wins as if all were."""

from dataclasses import replace
from math import gcd
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onnx2zz.zigzag.objective import NAMES, ObjectiveName
from onnx2zz.zigzag.search import SearchedLayer, best_orderings, contest, convert, promising
from onnx2zz.zigzag.search.winners import Winners

from . import draws, hardware

KINDS = ("shipped", "trimmed", "made_up")
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]


def dividing(setting: SearchedLayer) -> SearchedLayer:
    """The same with factors that divide the loops: of others there are no bounds."""
    left = {str(dim): int(size) for dim, size in setting.layer.layer_dim_sizes.items()}
    mapping: dict[str, dict[str, int]] = {}
    for array_dim, pairs in setting.layer.spatial_mapping.items():
        mapping[str(array_dim)] = {}
        for loop, factor in pairs.items():
            divides = gcd(int(factor), left[str(loop)])
            mapping[str(array_dim)][str(loop)] = divides
            left[str(loop)] //= divides
    given = hardware.spatial(setting.accelerator, mapping)
    whole = convert(setting.accelerator, setting.layer, given, setting.lpf_limit)
    return replace(whole, mapping_type=setting.mapping_type, keeps_at_output=setting.keeps_at_output)


def found(setting: SearchedLayer, objective: ObjectiveName, many: int) -> Winners | str:
    """Bounds are asked from so `many` orderings on; a refusal as its sentence. Most drawn layers have few orderings, so
    that only two are priced before the bounds have their say."""
    with patch.object(promising, "MANY", many), patch.object(contest, "FIRST_LOOK", 2):
        try:
            return best_orderings(setting, (objective,))
        except Exception as reason:  # ZigZag's own engine raises anything
            return repr(reason)


def check(setting: SearchedLayer) -> None:
    for objective in NAMES:
        of_all, of_promising = found(setting, objective, 10**9), found(setting, objective, 0)
        if isinstance(of_all, str) or isinstance(of_promising, str):
            event("refused")
            assert of_all == of_promising
        else:
            event("fewer priced" if of_promising.priced < of_all.priced else "as many priced")
            assert of_promising.best == of_all.best


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_the_same_ordering_wins(kind: str, data: st.DataObject) -> None:
    check(dividing(data.draw(draws.settings(kind, lpf_limits=(4, 5)))))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_the_same_ordering_wins_in_many_draws(kind: str, data: st.DataObject) -> None:
    check(dividing(data.draw(draws.settings(kind, lpf_limits=(4, 5, 6, 7)))))
