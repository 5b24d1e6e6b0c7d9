"""Outputs that go off the chip for want of room, and come back to other cores."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated, system_file
from tests.system.test_schedule_json import the_judges_verdict

BITS = 8
"""Of an activation: a byte."""


def chain(skip: bool) -> onnx.ModelProto:
    """Convolutions of 3 x 3; with a skip the first output is added to the last, so that it lies somewhere meanwhile."""
    rng = np.random.default_rng(3)
    channels, shape = 6, (1, 6, 20, 26)
    nodes, constants, last = list[onnx.NodeProto](), dict[str, np.ndarray](), "x"
    for number in range(4):
        constants[f"w{number}"] = distinct(rng, channels, channels, 3, 3)
        nodes.append(make_node("Conv", [last, f"w{number}"], [f"t{number}"], f"c{number}", pads=[1, 1, 1, 1]))
        last = f"t{number}"
    if skip:
        nodes.append(make_node("Add", ["t0", last], ["y"], "sum"))
        last = "y"
    return model_of(nodes, {"x": np.zeros(shape, np.float32)}, constants, [last])


OUTPUT = 6 * 20 * 26 * BITS


def scheduled(model: onnx.ModelProto, system: str, bits: int, folder: Path) -> tuple[Document, Document]:
    """schedule.json and result.json of a network on cores of so many bits."""
    assert evaluated(model, system_file(folder / "system", system, bits), folder, "--schedule", "layers") == 0
    return json.loads((folder / "schedule.json").read_text()), json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize(
    ("system", "bits", "skip"), [("a mesh", 11_000, True), ("a row of cores", 14_000, True), ("a bus", 14_000, False)]
)
def test_a_network_larger_than_all_memories_runs_by_way_of_the_memory_off_the_chip(
    system: str, bits: int, skip: bool, tmp_path: Path
) -> None:
    schedule, result = scheduled(chain(skip), system, bits, tmp_path)
    assert faults_in(tmp_path) == []
    assert the_judges_verdict(tmp_path) in (None, 0)
    assert run(["verify", str(tmp_path / "drawn.onnx"), "--schedule", str(tmp_path)]) == 0
    out, back = moved_there_and_back(schedule)
    told = {one["layer"]: (one["out_bits"], one["back_bits"]) for one in result["system"]["spills"]}
    assert out, "everything fits"
    assert told == {layer: (out[layer], back[layer]) for layer in out}
    # beside these only the weights, the input and the result pass the port
    weights = sum(one["bits"] for one in schedule["transfers"] if one.get("operand") == "W")
    port = sum(one["bits"] for one in schedule["transfers"] if "port" in one["links"])
    assert port == schedule["total"]["offchip_bits"]
    assert port - weights > 2 * OUTPUT + sum(out.values()) + sum(back.values()) // 4


def moved_there_and_back(schedule: Document) -> tuple[dict[int, int], dict[int, int]]:
    """By layer the bits of outputs that leave and come back, from the file alone: of tiles of which any transfer begins
    off the chip."""
    offchip, tiles = schedule["offchip"], {tile["id"]: tile for tile in schedule["tiles"]}
    made = [one for one in schedule["transfers"] if "of" in one]
    fetched = [one for one in made if one["from"] == offchip]
    out: dict[int, int] = {}
    back: dict[int, int] = {}
    for one in made:
        layer = tiles[one["of"]]["layer"]
        if offchip in one["to"] and any(other["of"] == one["of"] for other in fetched):
            out[layer] = out.get(layer, 0) + one["bits"]
        elif one["from"] == offchip:
            back[layer] = back.get(layer, 0) + one["bits"] * len(one["to"])
    return out, back


def test_nothing_leaves_the_chip_where_it_fits(tmp_path: Path) -> None:
    schedule, result = scheduled(chain(skip=True), "a mesh", 60_000, tmp_path)
    assert "spills" not in result["system"]
    assert moved_there_and_back(schedule) == ({}, {})


def joined() -> onnx.ModelProto:
    """Two convolutions of one input, whose outputs are joined and read together."""
    rng = np.random.default_rng(5)
    nodes = [
        make_node("Conv", ["x", "a"], ["t0"], "left", pads=[1, 1, 1, 1]),
        make_node("Conv", ["x", "b"], ["t1"], "right"),
        make_node("Concat", ["t0", "t1"], ["t2"], "join", axis=1),
        make_node("Conv", ["t2", "c"], ["y"], "last"),
    ]
    weights = {"a": distinct(rng, 5, 3, 3, 3), "b": distinct(rng, 7, 3, 1, 1), "c": distinct(rng, 2, 12, 1, 1)}
    return model_of(nodes, {"x": np.zeros((1, 3, 18, 22), np.float32)}, weights, ["y"])


READ_BY_ORDER = 12 * 18 * 22 * BITS


def test_what_is_read_by_order_alone_and_fits_no_memories_is_said_at_once(tmp_path: Path) -> None:
    """All cores together hold a bit less than what the last layer reads: no schedule of the file's form has it."""
    bits = READ_BY_ORDER // 2 - 8
    assert evaluated(joined(), system_file(tmp_path / "system", "a bus", bits), tmp_path, "--schedule", "layers") == 3
    assert not (tmp_path / "schedule.json").exists()
    (error, *_) = {layer["error"] for layer in json.loads((tmp_path / "result.json").read_text())["layers"]}
    assert f"L2_last: it reads {READ_BY_ORDER:,} bit of other layers" in error
    assert f"hold {2 * bits:,} together" in error


def test_with_more_memory_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    assert evaluated(joined(), system_file(folder, "a bus", READ_BY_ORDER), tmp_path, "--schedule", "layers") == 0
    assert faults_in(tmp_path) == []
