"""ZigZag's exceptions as sentences: none is empty, each names the exception."""

import pytest

from onnx2zz.zigzag.failure import sentence


class NoValidLoopOrderingFoundException(Exception):  # noqa: N818
    """As ZigZag calls it (opt/loma/engine.py:29)."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NoValidLoopOrderingFoundException("long\n- list"), "no loop ordering fits the memories"),
        (KeyError("I1"), "ZigZag looked up 'I1' in vain: accelerator or mapping have none, or its model has no case"),
        (KeyError(), "ZigZag looked up something"),
        (StopIteration(), "ran out of candidates in the middle of its search (StopIteration)"),
        (RuntimeError("generator raised StopIteration"), "ran out of candidates"),
        (AssertionError("No SpatialMappings found"), "own check failed: No SpatialMappings found (AssertionError)"),
        (AssertionError(), "ZigZag's own check failed (AssertionError)"),
        (ZeroDivisionError("division by zero"), "ZigZag failed: division by zero (ZeroDivisionError)"),
        (ValueError("two\n  lines"), "ZigZag failed: two lines (ValueError)"),
    ],
)
def test_each_has_a_sentence(error: Exception, expected: str) -> None:
    assert expected in sentence(error)
    assert type(error).__name__ in sentence(error) or "StopIteration" in sentence(error)
    assert "\n" not in sentence(error)
