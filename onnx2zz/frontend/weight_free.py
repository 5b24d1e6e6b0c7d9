"""A large ONNX file without the bytes of its weights, which then stay where they are: in the file.

Each large tensor becomes one whose data is external, and lies in the model's own file at an offset: whoever needs the
value reads it from there. Source: onnx.proto (ModelProto.graph 7, GraphProto.initializer 5, TensorProto.raw_data 9,
external_data 13, data_location 14) and protobuf's wire format.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from onnx import StringStringEntryProto, TensorProto

GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
LARGE_FILE, LARGE_TENSOR = 16 << 20, 1 << 16  # bytes
LONGEST_VARINT, LONGEST_HEAD = 10, 20  # bytes; a head is a key and a length
VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, int, int]  # number, where it starts, where its payload starts, where it ends


def model_bytes(path: Path) -> bytes:
    """The file's bytes, without large weights where the file is large. Raises OSError if it cannot be read."""
    if path.stat().st_size <= LARGE_FILE:
        return path.read_bytes()
    with path.open("rb") as file:
        try:
            return b"".join(_model(file, path.stat().st_size, path.name))
        except ValueError:  # no protobuf: the parser says so
            return _bytes(file, 0, LARGE_FILE)


def _model(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    for number, start, payload, end in _fields(file, 0, size):
        if number == GRAPH:
            yield _message(GRAPH, b"".join(_graph(file, payload, end, name)))
        else:
            yield _bytes(file, start, end)


def _graph(file: BinaryIO, begin: int, stop: int, name: str) -> Iterator[bytes]:
    for number, start, payload, end in _fields(file, begin, stop):
        if number == INITIALIZER and end - start > LARGE_TENSOR:
            yield _message(INITIALIZER, _tensor(file, payload, end, name))
        else:
            yield _bytes(file, start, end)


def _tensor(file: BinaryIO, begin: int, stop: int, name: str) -> bytes:
    """The tensor with its raw data named instead of held."""
    kept, where = b"", None
    for number, start, payload, end in _fields(file, begin, stop):
        if number == RAW_DATA and end - payload > LARGE_TENSOR:
            where = (payload, end - payload)
        else:
            kept += _bytes(file, start, end)
    if where is None:
        return kept
    entries = (("location", name), ("offset", str(where[0])), ("length", str(where[1])))
    external = TensorProto(data_location=TensorProto.EXTERNAL)
    external.external_data.extend(StringStringEntryProto(key=key, value=value) for key, value in entries)
    return kept + external.SerializeToString()


def _bytes(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _fields(file: BinaryIO, begin: int, stop: int) -> Iterator[Field]:
    """The fields of a message, read where they lie: a mapped file would count as memory page by page, and pages may be
    large. Raises ValueError where the bytes are no message."""
    at = begin
    while at < stop:
        start = at
        head = _bytes(file, at, at + LONGEST_HEAD)
        key, at = _varint(head, 0, start)
        kind = key & 7
        payload = at
        if kind == VARINT:
            _, at = _varint(head, at - start, start)
        elif kind == LENGTH_DELIMITED:
            length, payload = _varint(head, at - start, start)
            at = payload + length
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"no wire type {kind}")
        if at > stop:
            raise ValueError("a field reaches beyond its message")
        yield key >> 3, start, payload, at


def _varint(head: bytes, at: int, origin: int) -> tuple[int, int]:
    """The number at a place in bytes that begin at `origin` of the file, and where in the file it ends."""
    value = 0
    for index, byte in enumerate(head[at : at + LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, origin + at + index + 1
    raise ValueError("a number does not end")


def _message(number: int, payload: bytes) -> bytes:
    return _as_varint(number << 3 | LENGTH_DELIMITED) + _as_varint(len(payload)) + payload


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
