"""Protobuf's wire format, read where it lies in a file: fields of messages that are too large to be held in memory.

Source: protobuf.dev, "Encoding".
"""

from collections.abc import Iterator
from typing import BinaryIO

LONGEST_VARINT, LONGEST_HEAD = 10, 20  # bytes; a head is a key and a length
VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, int, int]  # number, where it starts, where its payload starts, where it ends


def bytes_at(file: BinaryIO, start: int, end: int) -> bytes:
    """The bytes of a file from `start` up to `end`."""
    file.seek(start)
    return file.read(end - start)


def fields(file: BinaryIO, begin: int, stop: int) -> Iterator[Field]:
    """The fields of a message, read where they lie: a mapped file would count as memory page by page, and pages may be
    large. Raises ValueError where the bytes are no message."""
    at = begin
    while at < stop:
        start = at
        head = bytes_at(file, at, at + LONGEST_HEAD)
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


def message(number: int, payload: bytes) -> bytes:
    """A field that holds a message, a text or bytes."""
    return message_head(number, len(payload)) + payload


def message_head(number: int, length: int) -> bytes:
    """What stands before a payload of so many bytes."""
    return _as_varint(number << 3 | LENGTH_DELIMITED) + _as_varint(length)


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
