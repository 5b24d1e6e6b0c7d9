"""Large files: compiled without their weights in memory, which verify still finds in the file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.frontend import weight_free
from onnx2zz.frontend.load import load_model
from onnx2zz.proof.stored_values import StoredValues
from tests.model_files import read_model, save_model
from tests.oracle import distinct, model_of


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, np.ndarray]:
    """A model with one large and one small weight, in a file that counts as large."""
    monkeypatch.setattr(weight_free, "LARGE_FILE", 1000)
    rng = np.random.default_rng(0)
    weights = {"w": distinct(rng, 150, 200), "b": distinct(rng, 200)}
    model = model_of([helper.make_node("Gemm", ["x", "w", "b"], ["y"])], {"x": distinct(rng, 3, 150)}, weights, ["y"])
    save_model(model, tmp_path / "large.onnx")
    return tmp_path / "large.onnx", weights["w"]


def test_large_weights_stay_in_the_file(saved: tuple[Path, np.ndarray]) -> None:
    path, _ = saved
    large, small = load_model(path).graph.initializer
    assert large.data_location == onnx.TensorProto.EXTERNAL and not large.raw_data
    assert small.raw_data
    assert len(weight_free.model_bytes(path)) < 3000


def test_nothing_else_is_lost(saved: tuple[Path, np.ndarray]) -> None:
    path, _ = saved
    slim, whole = load_model(path), read_model(path)
    for model in (slim, whole):
        del model.graph.initializer[0]
    assert slim == whole


def test_values_are_found_in_the_file(saved: tuple[Path, np.ndarray]) -> None:
    path, weight = saved
    compiled = compile_model(path)
    found = StoredValues(compiled.graph, path.parent).of("w")
    np.testing.assert_array_equal(found, weight)


def test_what_is_no_message_is_left_to_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_free, "LARGE_FILE", 10)
    (tmp_path / "bad.onnx").write_bytes(b"\xff\xfe" * 100)
    assert weight_free.model_bytes(tmp_path / "bad.onnx") == b"\xff\xfe" * 5
