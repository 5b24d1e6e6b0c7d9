"""SENECA's family: one core under four memories. What they share, what each of them prices, and what does not fit."""

from pathlib import Path

import pytest
import yaml

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.json_values import Document
from tests.present import present
from tests.small_workloads import add, conv, depthwise, gemm, pool

FAMILY = ("seneca_core", "seneca_mram", "seneca", "seneca_events")
HOLDS = {"resnet18": {"seneca_mram", "seneca", "seneca_events"}, "tiny_yolov2": {"seneca", "seneca_events"}}
LARGEST = {  # bits: a layer's weights, inputs and outputs at 8 bit
    "resnet18": (3 * 3 * 512 * 512 + 2 * 7 * 7 * 512) * 8,
    "tiny_yolov2": (3 * 3 * 1024 * 1024 + 2 * 13 * 13 * 1024) * 8,
}


def member(name: str) -> Document:
    return yaml.safe_load(find_accelerator(name).path.read_text())


def run(name: str, layers: list[WorkloadEntry], folder: Path, lpf_limit: int = 1) -> Evaluation:
    accelerator = find_accelerator(name)
    workload, options = PricedWorkload("net", "net.yaml", tuple(layers)), PriceOptions(lpf_limit=lpf_limit)
    return evaluate(
        EvaluationRequest(workload, accelerator, choose_mapping(None, accelerator), options), folder / "zigzag.log"
    )


def compiled(model: str) -> list[WorkloadEntry]:
    return list(compile_model(find_model(model).path).entries)


@pytest.mark.parametrize("name", ["seneca_core", "seneca_mram"])
def test_the_core_is_senecas(name: str) -> None:
    core, whole = member(name), member("seneca")
    assert core["operational_array"] == whole["operational_array"]
    own = ("event_register", "register_file", "data_memory")
    assert [core["memories"][memory] for memory in own] == [whole["memories"][memory] for memory in own]
    assert list(core["memories"]) == [*own, "shared_memory"][: len(core["memories"])]


def test_the_mram_is_the_users() -> None:
    """256K words x 144 b, 2,000 fJ/b, 25 ns at 2 ns a cycle, 0.1 um2/b."""
    shared = member("seneca_mram")["memories"]["shared_memory"]
    assert shared["size"] == 256 * 1024 * 144
    assert shared["r_cost"] == shared["w_cost"] == 64 * 2000 / 1000
    assert shared["latency"] == -(-25 // 2)
    assert shared["area"] == pytest.approx(shared["size"] * 0.1)
    assert shared["ports"] == member("seneca")["memories"]["shared_memory"]["ports"]


def test_the_event_driven_layout_is_the_users_where_it_is_sound() -> None:
    memories = member("seneca_events")["memories"]
    assert {name: set(memory["operands"]) for name, memory in memories.items()} == {
        "event_register": {"I1"},
        "data_memory": {"I2", "O"},
        "dram": {"I1", "I2", "O"},
    }
    assert memories["data_memory"]["size"] == 16 * 1024 * 8
    assert memories["dram"]["size"] == 2**30 * 8
    assert memories["event_register"] == {**member("seneca")["memories"]["event_register"]}
    data, whole = memories["data_memory"], member("seneca")["memories"]["data_memory"]
    assert (data["r_cost"], data["w_cost"]) == (whole["r_cost"], whole["w_cost"])
    assert member("seneca_events")["operational_array"]["unit_energy"] == 2 * 1.4


@pytest.mark.parametrize("name", ["seneca_core", "seneca_mram"])
def test_all_but_the_event_driven_one_are_mapped_alike(name: str) -> None:
    text = choose_mapping(None, find_accelerator(name)).path.read_text()
    assert text == choose_mapping(None, find_accelerator("seneca")).path.read_text()


@pytest.mark.parametrize("name", FAMILY)
def test_lenet_runs(name: str, tmp_path: Path) -> None:
    found = run(name, compiled("lenet5"), tmp_path)
    assert [layer.error for layer in found.layers] == [None] * 7
    assert found.total.macs == 416_520


NET: list[WorkloadEntry] = [
    conv(0, None, "conv", k=16, c=3, oy=1, ox=10, fy=1, fx=3),
    depthwise(1, 0, "depthwise", g=16, oy=1, ox=10, fy=1, fx=3, pads=((0, 0), (1, 1))),
    depthwise(2, 1, "with_k", g=16, oy=1, ox=8, fy=1, fx=3),
    pool(3, 2, "pool", g=16, oy=1, ox=4, fy=1, fx=2, stride=(1, 2)),
    add(4, (3, 3), "add", g=16, oy=1, ox=4),
    gemm(5, 4, "fc", k=24, c=64),
]
NET[2] = {  # as `compile` writes a depthwise convolution
    **NET[2],
    "equation": "O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][c][fy][fx]",
    "loop_dims": ["B", "K", "G", "OX", "OY", "C", "FX", "FY"],
    "loop_sizes": [1, 1, 16, 8, 1, 1, 3, 1],
}


@pytest.mark.parametrize("name", FAMILY)
def test_all_npes_work_on_every_kind_of_layer(name: str, tmp_path: Path) -> None:
    found = run(name, NET, tmp_path)
    unrolled = {
        layer.name: {dim: n for dim, n in present(layer.spatial_mapping)["D1"].items() if n > 1}
        for layer in found.layers
    }
    assert unrolled == {
        "conv": {"K": 8},
        "depthwise": {"G": 8},
        "with_k": {"G": 8},
        "pool": {"G": 8},
        "add": {"G": 8},
        "fc": {"K": 8},
    }


@pytest.mark.long
@pytest.mark.parametrize("model", HOLDS)
@pytest.mark.parametrize("name", FAMILY)
def test_larger_networks_run_where_their_largest_layer_fits(name: str, model: str, tmp_path: Path) -> None:
    found = run(name, compiled(model), tmp_path)
    failed = [layer for layer in found.layers if layer.error]
    assert bool(failed) == (name not in HOLDS[model])
    assert found.total.incomplete == bool(failed)
    top = list(member(name)["memories"])[-1]
    for layer in failed:
        assert f"does not fit {top}, the highest memory for" in present(layer.error)
        assert f"{LARGEST[model]:,} for all" in present(layer.error)
