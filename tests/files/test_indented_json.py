"""Documents are written as Python's own encoder writes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.files.indented_json import Writer

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner),
    max_leaves=40,
)


@given(DOCUMENTS, st.integers(0, 3), st.booleans())
def test_the_text_is_that_of_json_dumps(document: object, indent: int, ensure_ascii: bool) -> None:
    expected = json.dumps(document, indent=indent, ensure_ascii=ensure_ascii)
    assert Writer(indent, ensure_ascii).write(document) == expected


def test_what_stands_there_several_times_at_several_depths_is_right_each_time() -> None:
    shared = {"a": [1, {"b": 2.5}], "c": ()}
    document = {"first": shared, "deep": {"again": shared, "list": [shared, [shared]]}}
    assert Writer(2).write(document) == json.dumps(document, indent=2)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_number_for_is_an_error(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        Writer(1).write({"a": [number]})


def test_what_json_has_no_form_for_is_an_error() -> None:
    with pytest.raises(TypeError, match="set"):
        Writer(1).write({"a": {1, 2}})
