"""A large ONNX file without the bytes of its weights, which then stay where they are: in the file.

Each large tensor becomes one whose data is external, and lies in the model's own file at an offset: whoever needs the
value reads it from there. Source: onnx.proto (ModelProto.graph 7, GraphProto.initializer 5, TensorProto.raw_data 9,
external_data 13, data_location 14) and protobuf's wire format.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from onnx import StringStringEntryProto, TensorProto

GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
LARGE_FILE, LARGE_TENSOR = 16 << 20, 1 << 16  # bytes
VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, int, int]  # number, where it starts, where its payload starts, where it ends


def model_bytes(path: Path) -> bytes:
    """The file's bytes, without large weights where the file is large. Raises OSError if it cannot be read."""
    if path.stat().st_size <= LARGE_FILE:
        return path.read_bytes()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return b"".join(_model(data, path.name))
        except (ValueError, IndexError):  # no protobuf: the parser says so
            return data[:LARGE_FILE]


def _model(data: mmap.mmap, name: str) -> Iterator[bytes]:
    for number, start, payload, end in _fields(data, 0, len(data)):
        if number == GRAPH:
            yield _message(GRAPH, b"".join(_graph(data, payload, end, name)))
        else:
            yield data[start:end]


def _graph(data: mmap.mmap, begin: int, stop: int, name: str) -> Iterator[bytes]:
    for number, start, payload, end in _fields(data, begin, stop):
        if number == INITIALIZER and end - start > LARGE_TENSOR:
            yield _message(INITIALIZER, _tensor(data, payload, end, name))
        else:
            yield data[start:end]


def _tensor(data: mmap.mmap, begin: int, stop: int, name: str) -> bytes:
    """The tensor with its raw data named instead of held."""
    kept, where = b"", None
    for number, start, payload, end in _fields(data, begin, stop):
        if number == RAW_DATA and end - payload > LARGE_TENSOR:
            where = (payload, end - payload)
        else:
            kept += data[start:end]
    if where is None:
        return kept
    entries = (("location", name), ("offset", str(where[0])), ("length", str(where[1])))
    external = TensorProto(data_location=TensorProto.EXTERNAL)
    external.external_data.extend(StringStringEntryProto(key=key, value=value) for key, value in entries)
    return kept + external.SerializeToString()


def _fields(data: mmap.mmap, begin: int, stop: int) -> Iterator[Field]:
    """The fields of a message. Raises ValueError where the bytes are no message."""
    at = begin
    while at < stop:
        start = at
        key, at = _varint(data, at)
        kind = key & 7
        payload = at
        if kind == VARINT:
            _, at = _varint(data, at)
        elif kind == LENGTH_DELIMITED:
            length, payload = _varint(data, at)
            at = payload + length
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"no wire type {kind}")
        if at > stop:
            raise ValueError("a field reaches beyond its message")
        yield key >> 3, start, payload, at


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _message(number: int, payload: bytes) -> bytes:
    return _as_varint(number << 3 | LENGTH_DELIMITED) + _as_varint(len(payload)) + payload


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
