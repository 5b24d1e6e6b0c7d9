"""Layers that read a tensor through views, of which workload.yaml tells no more than the order."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.system.checker import faults_in
from tests.system.small_systems import evaluated, system_file

ROWS, COLUMNS = 6, 5
CHANNEL_BITS = ROWS * COLUMNS * 8
HELD_TOGETHER = CHANNEL_BITS * (4 + 1 + 9) + 9 * 8
"""What core 1 holds while `b` runs before `c`: `d`, what `b` reads, makes and multiplies by. While `b` runs after `c`,
what `c` has read of `a` lies where `d` did: nothing says that `b` does not read it."""


def two_readers_of_one_tensor() -> onnx.ModelProto:
    """`b` reads one channel of `a`, `c` the other four, and `d`, which lies in the way of `b`."""
    nodes = [
        make_node("Conv", ["x", "wa"], ["a"], "a"),
        make_node("Conv", ["x", "wd"], ["d"], "d"),
        make_node("Slice", ["a", "zero", "one", "channel"], ["low"], "low"),
        make_node("Conv", ["low", "wb"], ["b"], "b"),
        make_node("Slice", ["a", "one", "five", "channel"], ["high"], "high"),
        make_node("Add", ["high", "d"], ["c"], "c"),
    ]
    rng = np.random.default_rng(1)
    numbers = {"zero": 0, "one": 1, "five": 5, "channel": 1}
    constants = {name: np.array([number]) for name, number in numbers.items()}
    constants |= {f"w{name}": distinct(rng, channels, 1, 1, 1) for name, channels in (("a", 5), ("d", 4), ("b", 9))}
    return model_of(nodes, {"x": np.zeros((1, 1, ROWS, COLUMNS), np.float32)}, constants, ["b", "c"])


@pytest.mark.parametrize(("bits", "code"), [(HELD_TOGETHER - 8, 3), (HELD_TOGETHER, 0)])
def test_what_comes_for_one_layer_is_kept_by_another_that_may_read_it(bits: int, code: int, tmp_path: Path) -> None:
    placement = tmp_path / "placement.yaml"
    cores = {"a": 0, "d": 1, "b": 1, "c": 1}
    placement.write_text("".join(f"{name}: {{cores: [{core}], turns: {{}}}}\n" for name, core in cores.items()))
    system = system_file(tmp_path / "system", "a row of cores", bits)
    assert evaluated(two_readers_of_one_tensor(), system, tmp_path, "--placement", str(placement)) == code
    if code == 0:
        assert faults_in(tmp_path) == []
