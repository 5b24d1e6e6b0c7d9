"""YAML with the place of everything, and the traps of YAML 1.1."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.formats.yaml_source import Mark, parse_yaml

TEXT = """\
name: seneca
memories:
  dram:
    size: 4096 # bit
    operands: [I1, O]
"""


@pytest.mark.parametrize(
    ("place", "mark"),
    [
        (("name",), Mark(1, 1)),
        (("memories", "dram"), Mark(3, 3)),
        (("memories", "dram", "size"), Mark(4, 5)),
        (("memories", "dram", "operands", 1), Mark(5, 20)),
        (("memories", "dram", "latency"), Mark(3, 3)),  # what is missing is missing in its parent
        (("nothing",), Mark(1, 1)),
    ],
)
def test_places(place: tuple[str | int, ...], mark: Mark) -> None:
    assert parse_yaml(TEXT, "a.yaml").at(*place) == mark


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("mem_type: no\n", 1, "`no` is read as False"),
        ("a: 1\nlatency: 010\n", 2, "`010` is read as octal 8"),
        ("a: 1\nlatency: 0__17\n", 2, "`0__17` is read as octal 15"),
        ("size: 1e10\n", 1, "`1e10` is read as text"),
        ("size: 1:30\n", 1, "`1:30` is read as a number to base 60"),
        ("size: 1\narea: 0\nsize: 2\n", 3, "`size` stands here a second time (first in line 1)"),
    ],
)
def test_traps_are_named(text: str, line: int, words: str) -> None:
    (trap,) = parse_yaml(text, "a.yaml").traps
    assert trap.mark.line == line
    assert words in trap.what
    assert not trap.fatal


@pytest.mark.parametrize("text", ["a: [1, 2\n", "a: b: c\n", "\ta: 1\n", "&a [*b]\n"])
def test_syntax_errors_are_fatal_and_have_a_place(text: str) -> None:
    source = parse_yaml(text, "a.yaml")
    assert [trap.fatal for trap in source.traps] == [True]
    assert source.data is None


@pytest.mark.parametrize("text", ["a: true\nb: False\n", "a: 10\nb: 0\nc: 1.0e+10\n", "a: 0_\n", 'a: "no"\nb: "010"\n'])
def test_what_is_read_as_it_looks_is_no_trap(text: str) -> None:
    assert parse_yaml(text, "a.yaml").traps == ()


keys = st.text("abcxyz", min_size=1, max_size=4)
scalars = st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=6), st.none())
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(documents)
def test_the_data_is_what_zigzag_reads(document: object) -> None:
    text = yaml.safe_dump(document)
    assert parse_yaml(text, "a.yaml").data == yaml.safe_load(text)


def test_an_anchor_inside_itself_ends() -> None:
    (trap,) = parse_yaml("&a [*a]\n", "a.yaml").traps
    assert trap.fatal and "holds itself" in trap.what


def test_a_place_before_a_colon_is_a_text_where_that_is_asked_for() -> None:
    text = "cores: {[0, 1]: big, default: small}\nlist:\n- {[2]: a, [3, 4]: {[5, 6]: b}}\n"
    source = parse_yaml(text, "s.yaml", place_keys=True)
    assert source.data == {
        "cores": {"[0, 1]": "big", "default": "small"},
        "list": [{"[2]": "a", "[3, 4]": {"[5, 6]": "b"}}],
    }
    assert source.at("cores", "[0, 1]") == Mark(1, 9) and source.at("list", 0, "[3, 4]", "[5, 6]") == Mark(3, 21)
    assert [trap.fatal for trap in parse_yaml(text, "s.yaml").traps] == [True]  # as PyYAML, and so ZigZag, takes it


def test_two_keys_that_are_the_same_place_are_a_trap() -> None:
    source = parse_yaml("{[0, 1]: a, [0,  1]: b}\n", "s.yaml", place_keys=True)
    assert ["second time" in trap.what for trap in source.traps] == [True]
