"""A large ONNX file without the bytes of its weights, which then stay where they are: in the file.

Each large tensor becomes one whose data is external, and lies in the model's own file at an offset: whoever needs the
value reads it from there. Source: onnx.proto (ModelProto.graph 7, GraphProto.initializer 5, TensorProto.raw_data 9,
external_data 13, data_location 14).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from onnx import StringStringEntryProto, TensorProto

from onnx2zz.files.protobuf_wire import bytes_at, fields, message

GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
LARGE_FILE, LARGE_TENSOR = 16 << 20, 1 << 16  # bytes


def model_bytes(path: Path) -> bytes:
    """The file's bytes, without large weights where the file is large. Raises OSError if it cannot be read."""
    if path.stat().st_size <= LARGE_FILE:
        return path.read_bytes()
    with path.open("rb") as file:
        try:
            return b"".join(_model(file, path.stat().st_size, path.name))
        except ValueError:  # no protobuf: the parser says so
            return bytes_at(file, 0, LARGE_FILE)


def _model(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    for number, start, payload, end in fields(file, 0, size):
        if number == GRAPH:
            yield message(GRAPH, b"".join(_graph(file, payload, end, name)))
        else:
            yield bytes_at(file, start, end)


def _graph(file: BinaryIO, begin: int, stop: int, name: str) -> Iterator[bytes]:
    for number, start, payload, end in fields(file, begin, stop):
        if number == INITIALIZER and end - start > LARGE_TENSOR:
            yield message(INITIALIZER, _tensor(file, payload, end, name))
        else:
            yield bytes_at(file, start, end)


def _tensor(file: BinaryIO, begin: int, stop: int, name: str) -> bytes:
    """The tensor with its raw data named instead of held."""
    kept, where = b"", None
    for number, start, payload, end in fields(file, begin, stop):
        if number == RAW_DATA and end - payload > LARGE_TENSOR:
            where = (payload, end - payload)
        else:
            kept += bytes_at(file, start, end)
    if where is None:
        return kept
    entries = (("location", name), ("offset", str(where[0])), ("length", str(where[1])))
    external = TensorProto(data_location=TensorProto.EXTERNAL)
    external.external_data.extend(StringStringEntryProto(key=key, value=value) for key, value in entries)
    return kept + external.SerializeToString()
