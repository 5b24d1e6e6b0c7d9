"""One loop over two array dims, where ZigZag would leave out a part of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import onnx2zz
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.mapping_entry import MappingEntry, read_mapping_entry
from onnx2zz.formats.shipped_files import validation_cases
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.fold import Fold, fold_of, folded_array, folded_entry, why_not
from onnx2zz.pricing.result import LayerResult
from onnx2zz.zigzag.several_dims import steps_are_whole
from tests.present import present
from tests.small_workloads import conv

EYERISS = validation_cases()["eyeriss_alexnet"] / "eyeriss.yaml"
LINKS = {"O": "O", "W": "I2", "I": "I1"}
ORDER = [["FX", 3], ["K", 8], ["OX", 9], ["C", 4]]


def layer(rows: int) -> WorkloadEntry:
    return conv(0, None, "L0_conv", k=8, c=4, oy=rows, ox=9, fy=5, fx=3)


def mapped(first: list[str], second: list[str]) -> MappingEntry:
    return read_mapping_entry({"name": "default", "spatial_mapping": {"D1": first, "D2": second}})


def priced(folder: Path, accelerator: dict[str, Any], rows: int, first: list[str], second: list[str]) -> LayerResult:
    (folder / "array.yaml").write_text(yaml.safe_dump(accelerator, sort_keys=False))
    (folder / "net.yaml").write_text(yaml.safe_dump([layer(rows)], sort_keys=False))
    entry = {"name": "default", "spatial_mapping": {"D1": first, "D2": second}, "memory_operand_links": LINKS}
    (folder / "mapping.yaml").write_text(yaml.safe_dump([{**entry, "temporal_ordering": ORDER}], sort_keys=False))
    found = onnx2zz.evaluate(folder / "net.yaml", folder / "array.yaml", folder / "mapping.yaml", cache=False)
    return found.layers[0]


def eyeriss(rows: int = 12, columns: int = 14) -> dict[str, Any]:
    document = yaml.safe_load(EYERISS.read_text())
    document["operational_array"]["sizes"] = [rows, columns]
    return document


def numbers(found: LayerResult) -> tuple[object, ...]:
    return found.energy_pj, found.latency_cycles, present(found.breakdown).memory_energy, found.spatial_utilization


@pytest.mark.parametrize("rows", [27, 25, 15])
def test_it_is_priced_as_on_the_folded_array(rows: int, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="priced with D1 folded onto D2; stock ZigZag leaves it out"):
        ours = priced(tmp_path, eyeriss(), rows, ["FY, 5", "OY, 2"], ["OY, 14"])
    folded = priced(tmp_path, eyeriss(6, 28), rows, ["FY, 5"], [f"OY, {rows}"])
    assert numbers(ours) == numbers(folded)
    assert ours.spatial_mapping == {"D1": {"FY": 5, "OY": 2}, "D2": {"OY": rows / 2}}


def test_what_zigzag_takes_is_left_to_it() -> None:
    assert fold_of(layer(28), mapped(["FY, 5", "OY, 2"], ["OY, 14"])) is None
    assert fold_of(layer(56), mapped(["FY, 5", "OY, 2"], ["OY, 14"])) is None
    assert fold_of(layer(27), mapped(["FY, 5"], ["OY, 14"])) is None
    assert fold_of(layer(27), mapped(["OY, 1"], ["OY, 14"])) is None
    assert fold_of(layer(27), mapped(["FY, 5", "OY, 2"], ["OY, 14"])) == Fold("OY", 27, "D1", "D2", 2, 28)


@pytest.mark.parametrize(("rows", "first", "second"), [(57, 2, 14), (34, 4, 3), (60, 4, 7), (41, 3, 5)])
def test_a_longer_loop_of_which_zigzag_leaves_nothing_out_is_left_to_it(rows: int, first: int, second: int) -> None:
    """57 = 2 x 9.5 x 3 steps, 34 = 3.8 x 3 x 3, 60 = 4 x 5 x 3, 41 = 3 x 4.6 x 3."""
    assert fold_of(layer(rows), mapped([f"OY, {first}"], [f"OY, {second}"])) is None


def test_a_longer_loop_whose_end_zigzag_leaves_out_is_folded() -> None:
    """40 rows on 4 x 3: ten steps of four, and three times three of them."""
    asked = mapped(["FY, 5", "OY, 4"], ["OY, 3"])
    fold = present(fold_of(layer(40), asked))
    assert folded_entry(asked, fold).unrolled == {"D1": (("FY", 5),), "D2": (("OY", 12),)}


def test_a_dimension_that_is_idle_stays_idle(tmp_path: Path) -> None:
    """ZigZag fills the dimensions that an entry does not name: K would be unrolled over D1."""
    with pytest.warns(UserWarning, match="priced with D1 folded onto D2"):
        ours = priced(tmp_path, eyeriss(), 27, ["OY, 2"], ["OY, 14"])
    assert ours.spatial_mapping == {"D1": {"OY": 2}, "D2": {"OY": 13.5}}


def test_the_array_keeps_its_units() -> None:
    fold = Fold("OY", 27, "D1", "D2", 2, 28)
    document: Any = eyeriss()
    assert folded_array(document, fold) == eyeriss(6, 28)


def test_a_memory_that_serves_one_of_the_two_is_no_longer_the_same(tmp_path: Path) -> None:
    """ZigZag's way then, and it is told."""
    document = eyeriss()
    document["memories"]["ifmap_spad"]["served_dimensions"] = ["D1"]
    fold = Fold("OY", 27, "D1", "D2", 2, 28)
    assert why_not(fold, read_hierarchy(document)) == "ifmap_spad serves one of D1 and D2"
    assert why_not(fold, read_hierarchy(eyeriss())) is None
    assert why_not(fold, read_hierarchy(eyeriss(11))) == "D1 has 11 units, which is no multiple of 2"
    with pytest.warns(UserWarning, match="the array cannot be folded: ifmap_spad serves one of D1 and D2"):
        found = priced(tmp_path, document, 27, ["FY, 5", "OY, 2"], ["OY, 14"])
    assert "OY" not in present(found.spatial_mapping)["D1"]


@given(size=st.integers(2, 60), first=st.integers(2, 20), second=st.integers(2, 20))
def test_a_loop_is_folded_exactly_where_zigzag_does_not_take_all_of_it(size: int, first: int, second: int) -> None:
    folded = fold_of(layer(size), mapped([f"OY, {first}"], [f"OY, {second}"])) is not None
    whole = first * second <= size and steps_are_whole(np.array([[first, second]]), size).item()
    assert folded == (size > max(first, second) and not whole)
