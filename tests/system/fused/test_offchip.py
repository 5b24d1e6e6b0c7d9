"""What goes off the chip where activations do not fit: weights, inputs and results once, and nothing that lies between
layers."""

import json
import math
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from onnx2zz.cli.main import run
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.shared_material import shared
from tests.system.checker import faults_in
from tests.system.fused.plain_stacks import BITS
from tests.system.small_systems import evaluated, system_file
from tests.system.test_schedule_json import the_judges_verdict

ROWS, COLUMNS, CHANNELS, LAYERS = 24, 14, 9, 4


def residual_network() -> onnx.ModelProto:
    """Convolutions of 3 x 3 on an image, the third added to what the first has made."""
    rng = np.random.default_rng(3)
    weights = {f"w{n}": distinct(rng, CHANNELS, CHANNELS if n else 2, 3, 3) for n in range(LAYERS)}
    nodes = [make_node("Conv", [f"t{n}", f"w{n}"], [f"t{n + 1}"], pads=[1, 1, 1, 1]) for n in range(3)]
    nodes += [make_node("Add", ["t3", "t1"], ["sum"]), make_node("Conv", ["sum", "w3"], ["y"], pads=[1, 1, 1, 1])]
    return model_of(nodes, {"t0": np.zeros((1, 2, ROWS, COLUMNS), np.float32)}, weights, ["y"])


def layer_by_layer_bits(folder: Path) -> int:
    """Each layer's operands and its output through the port: what a core does that can hold no activation."""
    bits = 0
    for entry in yaml.safe_load((folder / "workload.yaml").read_text()):
        sizes = dict(zip(map(str.lower, entry["loop_dims"]), entry["loop_sizes"], strict=True))
        sizes |= dict(zip(map(str.lower, entry.get("pr_loop_dims", ())), entry.get("pr_loop_sizes", ()), strict=True))
        for operand, indices in re.findall(r"([OIW])((?:\[\w+\])+)", entry["equation"]):
            elements = math.prod(sizes[index] for index in re.findall(r"\w+", indices))
            bits += elements * entry["operand_precision"]["O_final" if operand == "O" else operand]
    return bits


def test_a_residual_network_runs_on_a_core_that_holds_none_of_its_activations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    activations = ROWS * COLUMNS * CHANNELS * BITS
    weights = (2 + 3 * CHANNELS) * CHANNELS * 9 * BITS
    arch = system_file(tmp_path / "system", "one core with a memory", weights + activations)
    assert evaluated(residual_network(), arch, tmp_path, "--schedule", "fused") == 0
    (stack,) = json.loads((tmp_path / "result.json").read_text())["system"]["stacks"]
    assert stack["cores"] == [0]
    named = "Stack L0_t1 to L4_y on core 0"
    assert (stack["layers"] == [0, 1, 2, 3, 4]) == (named in " ".join(capsys.readouterr().out.split()))
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)
    assert run(["verify", str(tmp_path / "drawn.onnx"), "--schedule", str(tmp_path)]) == 0
    moved = json.loads((tmp_path / "schedule.json").read_text())["total"]["offchip_bits"]
    assert moved == weights + ROWS * COLUMNS * 2 * BITS + activations
    assert layer_by_layer_bits(tmp_path) == moved + (4 + 5) * activations
    assert moved <= layer_by_layer_bits(tmp_path) / 2


@pytest.mark.long
def test_fsrcnn_on_one_core_moves_a_twentieth_of_layer_by_layer(tmp_path: Path) -> None:
    model = shared("cases/public_fsrcnn.onnx")
    assert run(["evaluate", str(model), "--arch", "seneca_1x1", "--schedule", "fused", "-o", str(tmp_path)]) == 0
    moved = json.loads((tmp_path / "schedule.json").read_text())["total"]["offchip_bits"]
    assert moved <= layer_by_layer_bits(tmp_path) / 20
