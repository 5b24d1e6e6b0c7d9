"""Operators that rename data: shapes change, elements stay where they are."""

from onnx2zz.ops.registry import renames

renames("Reshape", "Flatten", "Squeeze", "Unsqueeze", how="a view: same elements, another shape")
renames("BitCast", how="a view: same bits, another type")
renames("Identity", "Dropout", "onnx2zz.Call", how="a view: same tensor, another name")
