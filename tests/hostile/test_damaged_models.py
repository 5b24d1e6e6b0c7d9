"""ONNX files with bytes flipped, lost and put in: compiled, or refused in a sentence."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from onnx import helper

from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, damaged, model, verdict

CONV = model(
    [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 2, 1, 0], strides=[2, 1]),
        helper.make_node("Softmax", ["c"], ["s"], "softmax", axis=1),
        helper.make_node("Transpose", ["s"], ["y"], "turn", perm=[0, 3, 1, 2]),
    ],
    w=(6, 4, 3, 5),
)
BRANCH = helper.make_graph(
    [helper.make_node("Relu", ["x"], ["o"])], "branch", [], [helper.make_empty_tensor_value_info("o")]
)
IF = model(
    [
        helper.make_node("Constant", [], ["true"], value=helper.make_tensor("t", 9, [], [True])),
        helper.make_node("If", ["true"], ["y"], then_branch=BRANCH, else_branch=BRANCH),
    ]
)
WHOLE = [CONV.SerializeToString(), IF.SerializeToString()]


@settings(max_examples=150)
@given(damaged(WHOLE))
@example(b"")
@example(WHOLE[0].replace(b"softmax", b"soft\xff\xfex"))
def test_a_damaged_file_is_compiled_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.onnx").write_bytes(data)
        code = verdict(["compile", "net.onnx", "-o", "out", "--unsupported", "host"], Path(folder))
        assert code in (FINE, INPUT_AT_FAULT)
        assert (code == FINE) == (Path(folder) / "out" / "workload.yaml").is_file()


@pytest.mark.parametrize("data", WHOLE)
def test_undamaged_they_compile(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(data)
    assert verdict(["compile", "net.onnx", "-o", "out"], tmp_path) == FINE
