"""onnx2zz: ONNX graphs in, proven ZigZag workloads and ZigZag's numbers out."""

from importlib.metadata import version

__version__ = version("onnx2zz")
