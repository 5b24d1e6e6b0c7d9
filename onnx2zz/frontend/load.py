"""Reads an ONNX file; weights stay where they are, in it or beside it. Reads a graph of NIR as the model of a step."""

from dataclasses import replace
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.weight_free import model_bytes


def load_model(path: Path) -> onnx.ModelProto:
    """The model in a file, without large weights; external data is never opened.

    Raises InputError if it is no readable ONNX model.
    """
    if path.suffix == ".nir":
        return _nir_model(path)
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


def _nir_model(path: Path) -> onnx.ModelProto:
    """Raises InputError without the package nir, for what it cannot read, and for what such a graph cannot be."""
    from onnx2zz.frontend.nir_graph import step_model

    try:
        import nir
    except ImportError:
        what = "is a graph of NIR, and the package nir is not installed"
        raise InputError(Problem(str(path), what, 'install it: pip install "onnx2zz[nir]"')) from None
    try:
        graph = nir.read(str(path)).to_dict()
    except Exception as error:  # whatever h5py and nir find in a file of others
        raise InputError(
            Problem(str(path), f"is no graph that nir reads ({error})", "write it with nir.write")
        ) from error
    try:
        return step_model(path.stem, graph)
    except InputError as error:
        raise InputError(replace(one, where=f"{path}: {one.where}") for one in error.problems) from error
