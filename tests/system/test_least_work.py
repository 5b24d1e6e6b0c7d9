"""What the cores have to do at least: no tile takes less, however small it is and however it is mapped."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.padding import padded
from onnx2zz.mapping.space import read_space
from onnx2zz.pricing.inputs import read_accelerator
from onnx2zz.pricing.roofline import busiest_port, ports_to_lower
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.spatial import limits, price_unrolling, stays_as_it_is
from onnx2zz.zigzag.unrolling import totals
from tests.mapping.ground import terms
from tests.nodes import make_node
from tests.oracle import model_of
from tests.small_workloads import add, conv, depthwise, gemm
from tests.system.small_systems import evaluated

LINKS = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
CORE = str(find_accelerator("tpu_like_quad").path.parent / "cores" / "tpu_like_core.yaml")
ARCHS = [CORE, "tpu_like", "edge_tpu_like", "eyeriss_like", "meta_prototype", "gemm_l1", "seneca_core"]
SIZE = st.integers(1, 9)


@st.composite
def tiles(draw: st.DrawFn) -> WorkloadEntry:
    """Layers as small as tiles of tiles, of one loop point even."""
    ox, oy, f = draw(SIZE), draw(st.integers(1, 6)), draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["conv", "depthwise", "add", "gemm"]))
    if kind == "conv":
        return conv(0, None, "conv", k=draw(SIZE), c=draw(SIZE), oy=oy, ox=ox, fy=1, fx=f)
    if kind == "depthwise":
        return depthwise(0, 1, "depthwise", g=draw(SIZE), oy=oy, ox=ox, fy=f, fx=1)
    if kind == "add":
        return add(2, (0, 1), "add", g=draw(SIZE), oy=oy, ox=ox)
    return gemm(0, None, "gemm", k=draw(st.integers(1, 40)), c=draw(st.integers(1, 40)), b=f)


def port_cycles(entry: WorkloadEntry, arch: str) -> float:
    hierarchy = read_accelerator(find_accelerator(arch).path).hierarchy
    port = busiest_port(entry, LINKS, ports_to_lower(terms(arch).hardware, hierarchy))
    return 0.0 if port is None else port.cycles


def mapped_anyhow(entry: WorkloadEntry, arch: str, drawn: random.Random) -> float | None:
    """ZigZag's cycles with one loop or none unrolled on each array dim; None where it has no price for that."""
    given = terms(arch)
    space, most = read_space(entry, LINKS, given.hardware.array), limits(entry, LINKS, given.accelerator)
    pairs: list[tuple[tuple[str, int], ...]] = []
    for name, units in space.array:
        loop, size = drawn.choice([("", 1), *zip(space.loops, space.sizes, strict=True)])
        factor = drawn.randint(1, min(size, units, most[name].get(loop, 1)))
        pairs.append(((loop, factor),) if factor > 1 else ())
    unrolling = tuple(zip((name for name, _ in space.array), pairs, strict=True))
    wide = padded(entry, totals(unrolling))
    if not stays_as_it_is(wide, LINKS, unrolling, given.accelerator):
        return None
    try:
        return price_unrolling(wide, LINKS, unrolling, given.accelerator, PriceOptions(opt="latency", lpf_limit=4))[1]
    except PricingError:
        return None


@pytest.mark.parametrize("arch", ARCHS)
@settings(max_examples=60, deadline=None)
@given(entry=tiles(), seed=st.integers(0, 1 << 20))
def test_what_goes_through_a_lower_memory_takes_its_time_at_the_port(
    arch: str, entry: WorkloadEntry, seed: int
) -> None:
    cycles = mapped_anyhow(entry, arch, random.Random(seed))
    assume(cycles is not None)
    assert cycles is not None and cycles >= port_cycles(entry, arch) * (1 - 1e-12)


def test_a_matrix_product_that_stays_takes_as_long_as_its_weights_through_the_ports_of_four_cores(
    tmp_path: Path,
) -> None:
    node = make_node("Gemm", ["x", "w"], ["y"])
    model = model_of([node], {"x": np.ones((1, 900), np.float32)}, {"w": np.ones((900, 1000), np.float32)}, ["y"])
    assert evaluated(model, "tpu_like_quad", tmp_path, "--schedule", "pipeline") == 0
    pipeline = json.loads((tmp_path / "result.json").read_text())["system"]["pipeline"]
    assert pipeline["interval_bound_cycles"] == 900 * 1000 * 8 / 2048 / 4
    assert pipeline["interval_bound_by"] == "the cores"
