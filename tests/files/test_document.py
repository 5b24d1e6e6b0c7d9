"""Questions to a value of a document whose form nobody has checked."""

import pytest

from onnx2zz.files.document import Value, integer, is_list, is_mapping, texts


@pytest.mark.parametrize(
    ("value", "found"), [(["a", 3, "b", None], ("a", "b")), ("ab", ()), ({"a": 1}, ()), (None, ())]
)
def test_texts_are_those_of_a_list(value: Value, found: tuple[str, ...]) -> None:
    assert texts(value) == found


@pytest.mark.parametrize(("value", "found"), [(7, 7), (-7, -7), (True, None), (7.0, None), ("7", None), (None, None)])
def test_true_and_a_text_are_no_whole_number(value: Value, found: int | None) -> None:
    assert integer(value) == found


def test_a_text_is_neither_a_mapping_nor_a_list() -> None:
    assert is_mapping({1: 2}) and is_list([1])
    assert not is_mapping("a") and not is_list("a") and not is_list((1,))
