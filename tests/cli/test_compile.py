"""`onnx2zz compile`, `explain` and `ops`, as typed."""

import json
import math
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.model_files import save_model
from tests.oracle import distinct, model_of

LENET5_MACS = {"conv1": 117_600, "conv2": 240_000, "fc1": 48_000, "fc2": 10_080, "fc3": 840}


def layers(folder: Path) -> list[Document]:
    return yaml.load((folder / "workload.yaml").read_text(), yaml.CSafeLoader)


def macs(folder: Path) -> int:
    """The product of loop sizes over the layers that carry MACs."""
    return sum(math.prod(entry["loop_sizes"]) for entry in layers(folder) if entry["operator_type"] in ("Conv", "Gemm"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_lenet_as_the_user_types_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "lenet.onnx"]) == 0
    assert "taking lenet5" in capsys.readouterr().err
    coverage = json.loads((here / "onnx2zz_out" / "coverage.json").read_text())
    assert {layer["node"]: layer["macs"] for layer in coverage["layers"] if layer["macs"]} == LENET5_MACS
    assert coverage["totals"]["macs"] == macs(here / "onnx2zz_out") == sum(LENET5_MACS.values()) == 416_520


@pytest.mark.parametrize(
    ("model", "expected"), [("resnet18", 1_814_073_344), ("alexnet", 654_560_384), ("mobilenetv2", 300_774_272)]
)
def test_macs_of_zigzags_models(model: str, expected: int, here: Path) -> None:
    assert run(["compile", model, "-o", "out"]) == 0
    assert macs(here / "out") == expected


def test_names_are_unique_safe_and_no_words_of_a_mapping(here: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["Pooling", "a/b:c d\n<é>", "x" * 300, "", "Pooling"]
    nodes = [
        helper.make_node("MaxPool", [f"t{i}"], [f"t{i + 1}"], name=n, kernel_shape=[1, 1]) for i, n in enumerate(names)
    ]
    save_model(model_of(nodes, {"t0": distinct(rng, 1, 3, 4, 5)}, {}, ["t5"]), here / "names.onnx")
    assert run(["compile", "names.onnx"]) == 0
    written = [entry["name"] for entry in layers(here / "onnx2zz_out")]
    assert written[0] == "L0_Pooling"
    assert written[1] == "L1_a_b_c_d____"
    assert written[3] == "L3_t4"
    assert len(set(written)) == 5 and max(map(len, written)) == 64


def unbound() -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, None])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", "M"])
    out = helper.make_empty_tensor_value_info("z")
    nodes = [helper.make_node("Relu", ["x"], ["z"]), helper.make_node("Relu", ["y"], ["w"])]
    return helper.make_model(helper.make_graph(nodes, "g", [x, y], [out]), opset_imports=[helper.make_opsetid("", 17)])


def test_what_to_bind_is_listed_all_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(unbound(), here / "open.onnx")
    assert run(["compile", "open.onnx"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: open.onnx: input x: its shape Nx3x? is open; add --shape x=Nx3x?, each letter and ? a number",
        "error: open.onnx: input y: its shape NxM is open; add --dim N=N --dim M=N",
    ]
    assert not (here / "onnx2zz_out").exists()
    assert run(["compile", "open.onnx", "--shape", "x=2x3x5", "--dim", "M=7"]) == 0


def test_unknown_operators_are_named_all_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [
        helper.make_node("Frob", ["x"], ["a"], name="one", domain="my"),
        helper.make_node("Nicate", ["x"], ["b"], domain="my"),
        helper.make_node("Relu", ["x"], ["c"]),
    ]
    model = model_of(nodes, {"x": distinct(np.random.default_rng(0), 2, 3)}, {}, ["a", "b", "c"])
    model.opset_import.append(helper.make_opsetid("my", 1))
    save_model(model, here / "custom.onnx")
    assert run(["compile", "custom.onnx"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(
        "error: custom.onnx: node one (my.Frob): this operator has no lowering; pass --unsupported host"
    )
    assert run(["compile", "custom.onnx", "--unsupported", "host"]) == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "no such file"), (b"\xff\xfenot onnx", "is not an ONNX model"), (b"", "holds no ONNX graph")],
)
def test_files_that_are_no_models(
    content: bytes | None, complaint: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (here / "bad.onnx").write_bytes(content)
    assert run(["compile", "bad.onnx"]) == 1
    assert complaint in capsys.readouterr().err
    assert not (here / "onnx2zz_out").exists()


@pytest.mark.parametrize(
    "options", [["--shape", "x"], ["--dim", "N=two"], ["--precision", "W=4,Q=3"], ["--precision", "half"]]
)
def test_options_that_cannot_be_read_are_usage_errors(options: list[str], here: Path) -> None:
    assert run(["compile", "lenet5", *options]) == 2


def test_explain_shows_the_loop_nest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "lenet5", "conv2"]) == 0
    said = capsys.readouterr().out
    assert "conv2[b, 16*g + k, oy, ox] = sum mul(pool1[b, 6*g + c, oy + fy, ox + fx]" in said
    assert "I from     L1_pool1" in said


def test_explain_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "lenet5", "conv7"]) == 1
    assert "did you mean" in capsys.readouterr().err


def test_ops_lists_every_operator(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ops"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("Conv ", "Concat", "QLinearMatMul"))
