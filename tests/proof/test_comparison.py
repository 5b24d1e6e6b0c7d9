"""What counts as a difference from onnxruntime's values, and what is rounding."""

import numpy as np
import pytest

from onnx2zz.proof.comparison import differing


@pytest.mark.parametrize(
    ("got", "expected", "differs"),
    [
        pytest.param(1.0 + 1e-6, np.float32(1.0), False, id="rounding"),
        pytest.param(1.001, np.float32(1.0), True, id="more than rounding"),
        pytest.param(np.nan, np.float32(np.nan), False, id="no number, twice"),
        pytest.param(np.nan, np.float32(1.0), True, id="no number"),
        pytest.param(np.inf, np.finfo(np.float32).max, False, id="infinity and the largest number"),
        pytest.param(np.inf, np.float32(np.inf), False, id="infinity, twice"),
        pytest.param(-np.inf, np.float32(np.inf), True, id="infinity of the other sign"),
        pytest.param(1e40, np.float32(np.inf), False, id="more than the type holds"),
        pytest.param(1e38, np.float32(np.inf), True, id="a number where infinity is expected"),
        pytest.param(300.0, np.uint8(44), False, id="a byte wraps"),
        pytest.param(300.0, np.uint8(255), True, id="a byte does not saturate by itself"),
        pytest.param(-(2.0**31) - 1, np.int32(2**31 - 1), False, id="four bytes wrap"),
        pytest.param(2.0**63, np.int64(-(2**63)), False, id="eight bytes wrap"),
        pytest.param(7.0, np.int32(8), True, id="integers are exact"),
        pytest.param(7.0, np.int8(8), False, id="one tie of a quantised number"),
    ],
)
def test_a_value(got: float, expected: np.generic, differs: bool) -> None:
    assert differing(np.array([got]), np.array([expected])).tolist() == [differs]


def test_ties_are_few() -> None:
    expected = np.arange(100, dtype=np.int8)
    one_off, many_off = expected.astype(float), expected.astype(float)
    one_off[3] += 1
    many_off[::3] += 1
    assert not differing(one_off, expected).any()
    assert differing(many_off, expected).sum() == len(many_off[::3])
