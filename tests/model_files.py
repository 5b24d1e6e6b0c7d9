"""ONNX files as tests write and read them: all in one file, weights beside it neither made nor looked for."""

from pathlib import Path

import onnx


def save_model(model: onnx.ModelProto, path: Path | str) -> None:
    Path(path).write_bytes(model.SerializeToString())


def read_model(path: Path) -> onnx.ModelProto:
    return onnx.load_model_from_string(path.read_bytes())
