"""The SENECA core: each figure follows from its source, and every kind of layer runs on it."""

import pytest
import yaml

from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.json_values import Document
from tests.present import present
from tests.small_workloads import add, conv, depthwise, gemm, pool

NPES = 8
FJ_PER_BIT = {
    "event_register": (12, 12),
    "register_file": (12, 12),
    "data_memory": (180, 220),
    "shared_memory": (7000,) * 2,
}
UM2_PER_BIT = {"event_register": 3.6, "register_file": 3.6, "data_memory": 0.2, "shared_memory": 0.003}
BITS = {"register_file": 64 * 16, "data_memory": 8 * 8192 * 32, "shared_memory": 64 * 2**30}


@pytest.fixture(scope="module")
def core() -> Document:
    return yaml.safe_load(find_accelerator("seneca").path.read_text())


@pytest.mark.parametrize("memory", FJ_PER_BIT)
def test_a_full_width_access_costs_its_bits(core: Document, memory: str) -> None:
    found = core["memories"][memory]
    (width,) = {port["bandwidth_max"] for port in found["ports"]}
    read, write = FJ_PER_BIT[memory]
    assert found["r_cost"] == pytest.approx(width * read / 1000)
    assert found["w_cost"] == pytest.approx(width * write / 1000)
    assert found["area"] == pytest.approx(found["size"] * UM2_PER_BIT[memory])
    assert found["size"] == BITS.get(memory, found["size"])


def test_a_synaptic_operation_costs_what_was_published(core: Document) -> None:
    """Two instructions of 1.4 pJ, of which the register file's three accesses are ZigZag's to count."""
    register = core["memories"]["register_file"]
    once = 2 * register["r_cost"] + register["w_cost"]
    assert core["operational_array"]["unit_energy"] + once == pytest.approx(2 * 1.4)


def test_a_load_and_a_store_cost_what_was_published(core: Document) -> None:
    data = core["memories"]["data_memory"]
    assert data["r_cost"] * 16 / 128 == pytest.approx(2.9, rel=0.01)
    assert data["w_cost"] * 16 / 128 == pytest.approx(3.5, rel=0.01)


def test_the_core_is_about_as_large_as_was_published(core: Document) -> None:
    memories = core["memories"]
    area = memories["data_memory"]["area"] + NPES * memories["register_file"]["area"]
    assert 0.9 < area / 0.47e6 < 1


PADS = ((1, 1), (1, 1))
LAYERS = [
    conv(0, None, "stem", k=64, c=3, oy=112, ox=112, fy=7, fx=7, stride=(2, 2), pads=((3, 2), (3, 2))),
    pool(1, 0, "max_pool", g=64, oy=56, ox=56, fy=3, fx=3, stride=(2, 2), pads=((1, 0), (1, 0))),
    conv(2, 1, "conv_3x3", k=64, c=64, oy=56, ox=56, fy=3, fx=3, pads=PADS),
    add(3, (1, 2), "residual", g=64, oy=56, ox=56),
    depthwise(4, 3, "depthwise", g=64, oy=56, ox=56, fy=3, fx=3, pads=PADS),
    pool(5, 4, "global_pool", g=512, oy=1, ox=1, fy=7, fx=7, stride=(1, 1)),
    gemm(6, 5, "classes", k=1000, c=512),
]


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    accelerator = find_accelerator("seneca")
    workload, options = PricedWorkload("layers", "layers.yaml", tuple(LAYERS)), PriceOptions(lpf_limit=1)
    log = tmp_path_factory.mktemp("seneca") / "zigzag.log"
    return evaluate(EvaluationRequest(workload, accelerator, choose_mapping(None, accelerator), options), log)


@pytest.mark.long
def test_every_kind_of_layer_runs(priced: Evaluation) -> None:
    assert [layer.error for layer in priced.layers] == [None] * len(LAYERS)


@pytest.mark.long
def test_each_npe_has_an_output_channel_and_sees_every_input(priced: Evaluation) -> None:
    unrolled = {layer.name: present(layer.spatial_mapping)["D1"] for layer in priced.layers}
    assert unrolled["conv_3x3"] == unrolled["classes"] == {"K": NPES}
    assert unrolled["max_pool"] == unrolled["residual"] == {"G": NPES}


@pytest.mark.long
def test_no_layer_is_faster_than_its_operations_and_its_traffic_allow(priced: Evaluation) -> None:
    assert all(present(layer.latency_cycles) >= present(layer.roofline_cycles) for layer in priced.layers)
