"""A padded layer is one whose loops are multiples of their unrolling, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.formats.workload_entry import loop_sizes, volumes
from onnx2zz.mapping.padding import padded
from tests.small_workloads import conv, gemm


def test_the_input_grows_with_its_windows() -> None:
    layer = conv(0, None, "c", k=10, c=3, oy=7, ox=9, fy=3, fx=5, stride=(2, 1), pads=((1, 1), (2, 2)))
    wide = padded(layer, {"OY": 4, "OX": 3, "FX": 2, "K": 4})
    assert loop_sizes(wide) == {"B": 1, "K": 12, "OY": 8, "OX": 9, "C": 3, "FY": 3, "FX": 6}
    assert wide.get("padding") == layer.get("padding") == [[1, 1], [2, 2]]
    assert volumes(layer)["I"] == 3 * (6 * 2 + 3 - 2) * (9 + 5 - 1 - 4)
    assert volumes(wide)["I"] == 3 * (7 * 2 + 3 - 2) * (9 + 6 - 1 - 4)


@given(st.integers(2, 60), st.integers(2, 60), st.integers(1, 16), st.integers(1, 16))
def test_a_loop_grows_to_the_next_multiple_and_no_further(k: int, c: int, over_k: int, over_c: int) -> None:
    layer = gemm(0, None, "fc", k=k, c=c, b=3)
    found = loop_sizes(padded(layer, {"K": over_k, "C": over_c}))
    for name, size, factor in (("K", k, over_k), ("C", c, over_c)):
        assert found[name] % factor == 0 and size <= found[name] < size + factor
    assert found["B"] == 3


def test_a_layer_that_is_divided_evenly_is_itself() -> None:
    layer = gemm(0, None, "fc", k=24, c=36)
    assert padded(layer, {"K": 8, "C": 12}) is layer
