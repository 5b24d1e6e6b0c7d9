"""The values of a model's constants: those in its file, and those in files beside it."""

from pathlib import Path

import numpy as np
import onnx

from onnx2zz.frontend.graph import Graph
from onnx2zz.frontend.values import UNDECODABLE


class StoredValues:
    """Tensor name to the value that the model's files hold, None where the data is missing."""

    def __init__(self, graph: Graph, directory: Path | None):
        self.graph = graph
        self.directory = directory

    def holds(self, name: str) -> bool:
        """Whether the tensor is one of the file's own, its data perhaps missing."""
        return self.graph.values.stored(name) is not None

    def of(self, name: str) -> np.ndarray | None:
        """The value of a tensor of the file."""
        proto = self.graph.values.stored(name)
        if proto is None:
            return None
        # Without a folder nobody may go looking for files whose names a model brings along.
        external = proto.data_location == onnx.TensorProto.EXTERNAL
        if external and self.directory is None:
            return None
        try:
            return onnx.numpy_helper.to_array(proto, str(self.directory or ""))
        except (OSError, *UNDECODABLE, onnx.checker.ValidationError):
            return None
