"""JSON that every reader takes (RFC 8259), whatever is in the numbers and names."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from onnx2zz.files.document import is_array, is_iterator, is_object, is_tuple
from onnx2zz.files.indented_json import Writer

NOT_FINITE = "not_finite"
"""The key that tells which numbers of a document are none."""


def json_text(
    document: Mapping[str, object], *, indent: int | None = None, compact: bool = False, ensure_ascii: bool = True
) -> str:
    """`document` as JSON, laid out as `json.dumps` does it; `compact`: without a space between values.

    NaN and infinities, which JSON has no number for, are null; the key `not_finite`, which is there in this case only,
    says of each place (`layers.3.energy_pj`) what stood there. Half a surrogate pair in a name is escaped.
    """
    try:
        text = _written(document, indent, compact, ensure_ascii)
    except ValueError:
        known = {key: _finite(inner) for key, inner in document.items()}
        text = _written({**known, NOT_FINITE: dict(_others("", document))}, indent, compact, ensure_ascii)
    # A large schedule has hundreds of megabytes, all in ASCII: two more copies of it would be the most that a run has.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def json_items(documents: Sequence[Mapping[str, object]]) -> str:
    """`json_text` of each of several documents, with commas between: together they take a tenth of the time."""
    try:
        return json.dumps(documents, allow_nan=False)[1:-1]
    except ValueError:
        return ", ".join(map(json_text, documents))


def json_numbers(numbers: Sequence[float]) -> list[str]:
    """The text of each of several numbers. Raises ValueError where one is not finite."""
    return json.dumps(numbers, allow_nan=False)[1:-1].split(", ")


def json_pieces(document: Mapping[str, object]) -> Iterator[str]:
    """`json_text` of a document that is too large to be held, piece by piece: a value that is an iterator is an array,
    whose items are made and told one after the other."""
    others: dict[str, str] = {}
    for number, (key, value) in enumerate(document.items()):
        yield f"{', ' if number else '{'}{json.dumps(key)}: "
        if is_iterator(value):
            yield "["
            for place, item in enumerate(value):
                yield f"{', ' if place else ''}{_text_of(item, f'{key}.{place}', others)}"
            yield "]"
        else:
            yield _text_of(value, key, others)
    if others:
        yield f", {json.dumps(NOT_FINITE)}: {json.dumps(others)}"
    yield "}"


_ENCODER = json.JSONEncoder(allow_nan=False)


def _text_of(value: object, place: str, others: dict[str, str]) -> str:
    """A value as JSON; the numbers that are none are noted in `others` with their places."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        others.update(_others(place, value))
        return _ENCODER.encode(_finite(value))


def _written(document: Mapping[str, object], indent: int | None, compact: bool, ensure_ascii: bool) -> str:
    if indent is None:
        comma, colon = (",", ":") if compact else (", ", ": ")
        parts = (
            f"{json.dumps(key, ensure_ascii=ensure_ascii)}{colon}{_by_item(value, (comma, colon), ensure_ascii)}"
            for key, value in document.items()
        )
        return f"{{{comma.join(parts)}}}"
    return Writer(indent, ensure_ascii).write(document)


def _by_item(value: object, between: tuple[str, str], ensure_ascii: bool) -> str:
    # json keeps a string for each number and comma until the end: of a long list a hundred times its text's memory.
    def text(one: object) -> str:
        return json.dumps(one, allow_nan=False, ensure_ascii=ensure_ascii, separators=between)

    return f"[{between[0].join(map(text, value))}]" if is_array(value) else text(value)


def _finite(value: object) -> object:
    if is_object(value):
        return {key: _finite(inner) for key, inner in value.items()}
    if is_array(value) or is_tuple(value):
        return [_finite(inner) for inner in value]
    return None if _is_no_number(value) else value


def _others(place: str, value: object) -> Iterator[tuple[str, str]]:
    """Each number that is none, with its place."""
    if _is_no_number(value):
        yield place, "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    inner = value.items() if is_object(value) else enumerate(value) if (is_array(value) or is_tuple(value)) else ()
    for key, below in inner:
        yield from _others(f"{place}.{key}" if place else str(key), below)


def _is_no_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and not math.isfinite(value)
