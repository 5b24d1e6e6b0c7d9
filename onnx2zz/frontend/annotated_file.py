"""An ONNX file with entries added to the `metadata_props` of its nodes and of the model, every other byte as it is.

The file is copied piece by piece, so that its weights are never held, and external ones are not opened. Source:
onnx.proto (ModelProto.graph 7, metadata_props 14; GraphProto.node 1, initializer 5; NodeProto.output 2,
metadata_props 9; TensorProto.external_data 13; StringStringEntryProto.key 1).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from onnx import StringStringEntryProto

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.protobuf_wire import bytes_at, fields, message, message_head

GRAPH, OF_MODEL, NODE, INITIALIZER, OUTPUT, OF_NODE, EXTERNAL, KEY = 7, 14, 1, 5, 2, 9, 13, 1
PREFIX = "onnx2zz."
"""What keys of ours begin with; those of an earlier export are replaced."""
CHUNK = 1 << 20  # bytes that are copied at a time
Entries = Mapping[str, str]
Piece = bytes | tuple[int, int]
"""Bytes, or a range of the file."""


def annotated_file(path: Path, of_model: Entries, of_node: Mapping[tuple[str, ...], Entries]) -> Iterator[bytes]:
    """The file in pieces. `of_node`: entries by the outputs of a node of the main graph. Raises InputError, before the
    first piece, where the file cannot be read or is no ONNX model."""
    try:
        with path.open("rb") as file:
            pieces = list(_model(file, path.stat().st_size, of_model, of_node))
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read ({error.strerror})", "give an ONNX file")) from error
    except ValueError as error:
        raise InputError(Problem(str(path), "is not an ONNX model", "give the model as an ONNX file")) from error
    return _copied(path, pieces)


def has_external_weights(path: Path) -> bool:
    """Whether the weights of an ONNX file lie in others beside it. Raises OSError, or ValueError if it is none."""
    with path.open("rb") as file:
        return any(
            part == EXTERNAL
            for number, _, begin, stop in fields(file, 0, path.stat().st_size)
            if number == GRAPH
            for kind, _, start, end in fields(file, begin, stop)
            if kind == INITIALIZER
            for part, *_ in fields(file, start, end)
        )


def _copied(path: Path, pieces: Iterable[Piece]) -> Iterator[bytes]:
    with path.open("rb") as file:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            for start in range(*piece, CHUNK):
                yield bytes_at(file, start, min(start + CHUNK, piece[1]))


def _model(file: BinaryIO, size: int, of_model: Entries, of_node: Mapping[tuple[str, ...], Entries]) -> Iterator[Piece]:
    for number, start, payload, end in fields(file, 0, size):
        if number == GRAPH:
            graph = list(_graph(file, payload, end, of_node))
            yield message_head(GRAPH, sum(map(_length, graph)))
            yield from graph
        elif number != OF_MODEL or not _is_ours(file, payload, end):
            yield start, end
    yield _entries(OF_MODEL, of_model)


def _graph(file: BinaryIO, begin: int, stop: int, of_node: Mapping[tuple[str, ...], Entries]) -> Iterator[Piece]:
    for number, start, payload, end in fields(file, begin, stop):
        if number == NODE:
            node = list(_node(file, payload, end, of_node))
            yield message_head(NODE, sum(map(_length, node)))
            yield from node
        else:
            yield start, end


def _node(file: BinaryIO, begin: int, stop: int, of_node: Mapping[tuple[str, ...], Entries]) -> Iterator[Piece]:
    outputs: list[str] = []
    for number, start, payload, end in fields(file, begin, stop):
        if number == OUTPUT:
            outputs.append(bytes_at(file, payload, end).decode("utf-8", "replace"))
        if number != OF_NODE or not _is_ours(file, payload, end):
            yield start, end
    yield _entries(OF_NODE, of_node.get(tuple(outputs), {}))


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]


def _is_ours(file: BinaryIO, begin: int, stop: int) -> bool:
    """Whether an entry's key is one of ours."""
    keys = (bytes_at(file, payload, end) for number, _, payload, end in fields(file, begin, stop) if number == KEY)
    return any(key.startswith(PREFIX.encode()) for key in keys)


def _entries(number: int, entries: Entries) -> bytes:
    pairs = (StringStringEntryProto(key=f"{PREFIX}{key}", value=value) for key, value in entries.items())
    return b"".join(message(number, pair.SerializeToString()) for pair in pairs)
