"""Edits of YAML texts: the data are those wanted, and what did not change stands as it stood."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.files.document import Value
from onnx2zz.formats.shipped_files import ACCELERATORS, ours
from onnx2zz.formats.yaml_edit import edited

TEXT = """\
# my chip
name: mine
memories:
  rf:            # the register
    size: 32     # bit
    r_bw: 8      # left over
    ports:
    - name: r_port_1
      allocation: [I2, tl]   # weights
multipliers:
  multiplier_energy: 0.5  # pJ
  sizes: [4, 2]
"""


def test_comments_stay_and_what_goes_takes_its_own_along() -> None:
    data = yaml.safe_load(TEXT)
    del data["memories"]["rf"]["r_bw"]
    data["memories"]["rf"]["ports"][0]["allocation"] = ["I2, tl"]
    data["multipliers"] = {"unit_energy": 0.5, "sizes": [4, 2]}
    assert edited(TEXT, data) == TEXT.replace("    r_bw: 8      # left over\n", "").replace(
        "multiplier_energy", "unit_energy"
    ).replace("[I2, tl]", "['I2, tl']")


def test_the_first_key_of_an_item_goes() -> None:
    text = "- core_allocation: [1]  # all\n  name: default # mine\n  D: 1\n"
    assert edited(text, yaml.safe_load("[{name: default, D: 1}]")) == "- name: default # mine\n  D: 1\n"


def test_items_are_added_behind_the_last() -> None:
    new = yaml.safe_load("[{name: default}, {name: one}, {name: two}]")
    found = edited("- name: default # mine\n- name: one\n", new)
    assert found == "- name: default # mine\n- name: one\n- {name: two}\n"


def test_aliases_that_change_in_one_place_are_no_edit() -> None:
    text = "memories:\n  a: &one\n    size: 3\n  b: *one\n"
    assert edited(text, yaml.safe_load("memories: {a: {size: 4}, b: {size: 3}}")) is None


@pytest.mark.parametrize("path", ours(ACCELERATORS).values(), ids=lambda path: path.stem)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_a_changed_number_is_the_only_change(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    new = copy.deepcopy(yaml.safe_load(text))
    name = data.draw(st.sampled_from(sorted(new["memories"])))
    size: Value = data.draw(st.integers(1, 10**6))
    new["memories"][name]["size"] = size
    found = edited(text, new)
    assert found is not None and yaml.safe_load(found) == new
    assert found.count("#") == text.count("#")
    changed = [one for one, other in zip(text.splitlines(), found.splitlines(), strict=True) if one != other]
    assert len(changed) <= 1
