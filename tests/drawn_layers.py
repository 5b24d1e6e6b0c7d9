"""Layers as workload entries, of any kind and of drawn sizes."""

from hypothesis import strategies as st

from onnx2zz.formats.workload_entry import WorkloadEntry
from tests.small_workloads import add, conv, depthwise, gemm, pool


@st.composite
def layers(draw: st.DrawFn, grain: int = 1) -> WorkloadEntry:
    """Channels in multiples of a grain: with 1 such that arrays seldom divide them."""

    def channels(most: int) -> int:
        return grain * draw(st.integers(1, most // grain))

    def size(most: int) -> int:
        return draw(st.integers(1, most))

    oy, ox, fy, fx = size(9), size(17), size(3), size(2)
    made = (
        lambda: conv(0, None, "conv", k=channels(70), c=channels(40), oy=oy, ox=ox, fy=fy, fx=fx, stride=(2, 1)),
        lambda: depthwise(0, 1, "depthwise", g=channels(40), oy=oy, ox=ox, fy=fy, fx=fx),
        lambda: pool(0, 1, "pool", g=channels(36), oy=oy, ox=ox, fy=fy, fx=fx, stride=(1, 2)),
        lambda: add(2, (0, 1), "add", g=channels(70), oy=oy, ox=ox),
        lambda: gemm(0, None, "gemm", k=channels(110), c=channels(70), b=size(4)),
    )
    return draw(st.sampled_from(made))()
