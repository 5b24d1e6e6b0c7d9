"""Reads an ONNX file; weights stay where they are, in it or beside it."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.weight_free import model_bytes


def load_model(path: Path) -> onnx.ModelProto:
    """The model in a file, without large weights; external data is never opened.

    Raises InputError if it is no readable ONNX model.
    """
    try:
        data = model_bytes(path)
    except OSError as error:
        raise InputError(
            Problem(str(path), f"cannot be read ({error.strerror or error})", "give an ONNX file")
        ) from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise InputError(Problem(str(path), "is not an ONNX model", "export the network to ONNX first")) from None
    if not model.graph.node and not model.graph.output:
        raise InputError(Problem(str(path), "holds no ONNX graph", "export the network to ONNX first"))
    return model
