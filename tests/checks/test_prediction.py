"""An error if and only if ZigZag raises: generated triples, sound or broken in one place, against stock ZigZag."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import diagnose
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.spellings import spelt
from tests.checks.test_families import ACCELERATOR, MAPPING, WORKLOAD
from tests.checks.triples import Triple, stock_zigzag, triples

LPF_LIMIT = 4


SLOW_OR_LARGE = [
    HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example,
]  # fmt: skip


def agrees(broken: str, triple: Triple, read: Triple, *, locality: bool) -> None:
    """`read` is the triple as the files spell it that check is given."""
    raised = stock_zigzag(triple, lpf_limit=LPF_LIMIT, locality=locality, picture=False)
    if raised and "StopIteration" in raised:
        return  # many heads with locality: evaluate survives it
    accelerator, mapping, workload = (
        parse_yaml(yaml.safe_dump(data, sort_keys=False), name) for data, name in zip(read, "amw", strict=True)
    )
    findings = diagnose(Context(accelerator, mapping, workload, lpf_limit=LPF_LIMIT, exploit_data_locality=locality))
    errors = [one for one in findings if one.severity == "error"]
    assert bool(errors) == bool(raised), (broken, raised, errors)


@given(triples(), st.booleans(), st.data())
@settings(max_examples=24, deadline=None, suppress_health_check=SLOW_OR_LARGE)
def test_an_error_is_what_zigzag_raises_on(drawn: tuple[str, Triple], locality: bool, data: st.DataObject) -> None:
    agrees(*drawn, data.draw(spelt(drawn[1])), locality=locality)


@pytest.mark.long
@given(triples(), st.data())
@settings(max_examples=2000, deadline=None, suppress_health_check=SLOW_OR_LARGE)
def test_an_error_is_what_zigzag_raises_on_in_both_modes(drawn: tuple[str, Triple], data: st.DataObject) -> None:
    read = data.draw(spelt(drawn[1]))
    agrees(*drawn, read, locality=False)
    agrees(*drawn, read, locality=True)


def test_many_heads_with_locality_are_a_note_because_evaluate_survives_them() -> None:
    """Two layers that nobody reads: stock ZigZag ends in StopIteration."""
    second = WORKLOAD.replace("{I: 0, W: 1}", "{I: 1, W: 1}")
    texts = zip((ACCELERATOR, MAPPING, second), "amw", strict=True)
    accelerator, mapping, workload = (parse_yaml(text, name) for text, name in texts)
    triple: Triple = (yaml.safe_load(ACCELERATOR), yaml.safe_load(MAPPING), yaml.safe_load(second))
    assert "StopIteration" in str(stock_zigzag(triple, lpf_limit=LPF_LIMIT, locality=True))
    findings = diagnose(Context(accelerator, mapping, workload, lpf_limit=LPF_LIMIT, exploit_data_locality=True))
    assert [(one.code, one.severity) for one in findings] == [("unread-output", "note"), ("many-heads", "note")]
