"""Cycles and buffer accesses of systolic arrays against SCALE-Sim's."""

from pathlib import Path

import pytest
import yaml

from onnx2zz import evaluate
from onnx2zz.pricing.result import Evaluation
from tests.present import present
from tests.pricing.silicon.systolic import Array, Dataflow, Layer, mapping, scale_sim_cycles

ARRAYS = ((8, 8), (16, 8), (8, 16), (32, 32), (4, 32))
PLAIN = Layer(channels=64, filters=96, height=9, width=34, taps=3)
STRIDED = Layer(channels=32, filters=64, height=15, width=65, taps=3, stride=2)
PADDED = Layer(channels=32, filters=64, height=6, width=32, taps=3, pad=1)


def priced(folder: Path, array: Array, layer: Layer) -> Evaluation:
    file = folder / "array.yaml"
    file.write_text(yaml.safe_dump(array.accelerator(), sort_keys=False))
    (folder / "array.onnx2zz.yaml").write_text("systolic_skew: [D1, D2]\n")
    (folder / "mapping.yaml").write_text(yaml.safe_dump([mapping(array, layer)], sort_keys=False))
    (folder / "workload.yaml").write_text(yaml.safe_dump([layer.entry()], sort_keys=False))
    return evaluate(folder / "workload.yaml", file, folder / "mapping.yaml", cache=False)


@pytest.mark.parametrize("size", ARRAYS, ids=str)
@pytest.mark.parametrize("dataflow", ["ws", "is", "os"])
@pytest.mark.parametrize("layer", [PLAIN, STRIDED, PADDED], ids=["plain", "strided", "padded"])
def test_cycles_are_scale_sims(tmp_path: Path, size: tuple[int, int], dataflow: Dataflow, layer: Layer) -> None:
    array = Array(dataflow, *size)
    found = present(priced(tmp_path, array, layer).layers[0].physical)
    assert found.latency_cycles == scale_sim_cycles(array, layer)


@pytest.mark.parametrize(
    ("layer", "cycles", "reads"),
    [
        (Layer(32, 64, 30, 30, 3), 15803, (451584, 18432, 451584)),
        (Layer(64, 128, 28, 28), 7023, (200704, 8192, 200704)),
        (Layer(64, 64, 9, 9, 3), 5147, (56448, 36864, 56448)),
    ],
)
def test_a_run_of_scale_sim(tmp_path: Path, layer: Layer, cycles: int, reads: tuple[int, int, int]) -> None:
    """What scalesim 3.0.0 said of three layers on 32 x 32 units, weight stationary; words of 8 b."""
    found = present(priced(tmp_path, Array("ws", 32, 32), layer).layers[0].physical)
    assert found.latency_cycles == cycles
    moved = found.traffic_bits
    words = moved["i1_buffer"]["I"]["read"], moved["i2_buffer"]["W"]["read"], moved["o_buffer"]["O"]["write"]
    assert tuple(bits / 8 for bits in words) == reads
