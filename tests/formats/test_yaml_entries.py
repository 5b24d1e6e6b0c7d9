"""Named entries read one for many: the same as PyYAML reads the whole, and faults told as it tells them."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.errors import InputError
from onnx2zz.formats.yaml_entries import FEW, named_entries
from onnx2zz.formats.yaml_source import load_yaml

NAMES = st.sampled_from(["default", "Conv", "L3_conv", "L12_a.b-c", "L4_true", "'L5_x'", "12", "~", "L6_y # told"])
BODIES = st.sampled_from(
    ["  spatial_mapping: {D1: ['K, 8']}\n", "  spatial_mapping:\n    D1: ['K, 8', 'OX, 4']\n    D2: []\n\n", "",
     "  temporal_ordering: [['*', '*'], [K, 3]]\n  # said beside it\n", "  note: >-\n    two\n    lines\n"]
)  # fmt: skip


@given(entries=st.lists(st.tuples(NAMES, BODIES), min_size=1, max_size=6), head=st.sampled_from(["", "# chosen\n\n"]))
def test_what_is_read_is_what_the_whole_says(entries: list[tuple[str, str]], head: str) -> None:
    text = head + "".join(f"- name: {name}\n{body}" for name, body in entries) * (FEW + 1)
    assert named_entries(text, yaml.SafeLoader) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "odd",
    [
        "---\n",  # another document
        "other: 1\n",  # no entry of the list
        "- name: &a L9_x\n  links: *a\n",  # a repeat
        "- name: L9_x\n  name: L8_y\n",  # named twice
        "- name: L9_x\n   and: more\n",  # a scalar over two lines would be its name
        '- name: L9_x\n  said: "begun\n- name: L8_y\n  ended"\n',  # the margin inside quotes
        "- name: L9_x\r- other: 1\n",  # a line that ends otherwise
    ],
)
def test_another_form_is_left_to_the_whole(odd: str) -> None:
    text = "- name: L1_x\n  links: {O: O}\n" * (FEW + 1) + odd
    assert named_entries(text, yaml.SafeLoader) is None


def test_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("- name: L1_x\n  links: {O: O}\n" * (FEW + 1) + "- name: L2_y\n  links: {O: [}\n")
    with pytest.raises(InputError, match=f"mapping.yaml:{2 * (FEW + 1) + 2}"):
        load_yaml(file)
