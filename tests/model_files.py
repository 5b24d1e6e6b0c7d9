"""ONNX files as tests write and read them: all in one file, weights beside it neither made nor looked for."""

from pathlib import Path

import onnx
from onnx.external_data_helper import convert_model_to_external_data, write_external_data_tensors
from onnx.onnx_cpp2py_export import checker


def save_model(model: onnx.ModelProto, path: Path | str) -> None:
    Path(path).write_bytes(model.SerializeToString())


def save_with_weights_beside(model: onnx.ModelProto, path: Path, weights: str, *, least_bytes: int = 0) -> None:
    """Weights of `least_bytes` and more go to a file of this name in the same folder."""
    convert_model_to_external_data(model, location=weights, size_threshold=least_bytes)
    save_model(write_external_data_tensors(model, str(path.parent)), path)


def read_model(path: Path) -> onnx.ModelProto:
    return onnx.load_model_from_string(path.read_bytes())


def check_model(model: onnx.ModelProto, *, with_shapes: bool = False) -> None:
    """As onnx.checker does, whose own function has no full type. Raises onnx.checker.ValidationError."""
    checker.check_model(
        model.SerializeToString(),
        full_check=with_shapes,
        skip_opset_compatibility_check=False,
        check_custom_domain=False,
    )
