"""The data types that QONNX and FINN give tensors by name: how many bits each takes.

Source: qonnx, core/datatype.py (BINARY, BIPOLAR, TERNARY, INT, UINT, FIXED, SCALEDINT, FLOAT with exponent and
mantissa); files carry them as quantization_annotation under `finn_datatype`, and MultiThreshold as its `out_dtype`.
"""

import re
from collections.abc import Mapping

import onnx

NAMED = {"BINARY": 1, "BIPOLAR": 1, "TERNARY": 2}
WHOLE = re.compile(r"U?INT(\d+)|(?:FIXED|SCALEDINT)<(\d+)(?:,-?\d+)?>")
NARROW_FLOAT = re.compile(r"FLOAT<(\d+),(\d+)(?:,-?\d+)?>")
ANNOTATION = "finn_datatype"


def bits_of_datatype(name: str) -> int:
    """Bits of one element; 0 of a type that leaves the width open (FLOAT32, and what is no such type)."""
    name = name.replace(" ", "")
    if name in NAMED:
        return NAMED[name]
    if whole := WHOLE.fullmatch(name):
        return int(whole[1] or whole[2])
    if narrow := NARROW_FLOAT.fullmatch(name):
        return 1 + int(narrow[1]) + int(narrow[2])
    return 0


def annotated_bits(graph: onnx.GraphProto) -> Mapping[str, int]:
    """The widths that a file gives tensors beside their ONNX types."""
    found = {
        annotation.tensor_name: bits_of_datatype(entry.value)
        for annotation in graph.quantization_annotation
        for entry in annotation.quant_parameter_tensor_names
        if entry.key == ANNOTATION
    }
    return {name: bits for name, bits in found.items() if bits}
