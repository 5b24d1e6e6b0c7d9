"""A request that cannot be answered cannot be made."""

from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import Found
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest, MappingSearch
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import NAMES, ObjectiveName
from tests.json_values import Document
from tests.small_workloads import strip

WORKLOAD = PricedWorkload("strip", "strip.yaml", tuple(strip()))
FILES = (WORKLOAD, Found("a", Path("a.yaml")), Found("m", Path("m.yaml")))


def test_everything_that_there_is_not_is_said_at_once() -> None:
    priced: Document = {"opt": "area", "lpf_limit": 0, "temporal_mapping_type": "odd", "engine": "genetic"}
    chosen: Document = {"rules": "loose", "budget": 0}
    asked: Document = {"search": "quick", "mapping_search": MappingSearch(**chosen)}
    with pytest.raises(InputError) as error:
        EvaluationRequest(*FILES, PriceOptions(**priced), **asked)
    assert [str(problem) for problem in error.value.problems] == [
        f"opt: no such choice: 'area'; one of {', '.join(NAMES)}",
        "search: no such choice: 'quick'; one of fast, exhaustive, both",
        "engine: no such choice: 'genetic'; one of loma, salsa",
        "temporal: no such choice: 'odd'; one of uneven, even",
        "lpf_limit: is 0; a number above 0 is needed",
        "mapping_rules: no such choice: 'loose'; one of strict, free",
        "mapping_budget: is 0; a number above 0 is needed",
    ]


@pytest.mark.parametrize(
    ("opt", "more", "said"),
    [
        ("EDP", {}, "latency or energy"),
        ("energy", {"search": "both"}, "all orderings"),
        ("latency", {"mapping_search": MappingSearch()}, "name a mapping"),
    ],
)
def test_simulated_annealing_is_not_asked_for_what_it_cannot_do(opt: ObjectiveName, more: Document, said: str) -> None:
    with pytest.raises(InputError, match=said):
        EvaluationRequest(*FILES, PriceOptions(opt=opt, engine="salsa"), **more)


def test_only_simulated_annealing_ends_otherwise_each_time() -> None:
    assert EvaluationRequest(*FILES).repeatable
    assert not EvaluationRequest(*FILES, PriceOptions(engine="salsa")).repeatable
