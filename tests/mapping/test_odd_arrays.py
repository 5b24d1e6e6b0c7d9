"""An accelerator of one's own, of any array, has a mapping without anybody naming one."""

from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.formats.mapping_entry import MappingEntry, over_the_array, read_mapping
from onnx2zz.formats.shipped_files import MAPPINGS, zigzags
from onnx2zz.formats.yaml_source import load_yaml
from tests.checks.test_families import ACCELERATOR, WORKLOAD

ARRAYS = [(1,), (7,), (1, 3), (3, 2, 5), (2, 1, 3, 4)]


@pytest.mark.parametrize("sizes", ARRAYS, ids=str)
def test_every_layer_is_priced_on_an_array_of_any_form(sizes: tuple[int, ...], tmp_path: Path) -> None:
    data = yaml.safe_load(ACCELERATOR)
    dimensions = [f"D{number}" for number in range(1, len(sizes) + 1)]
    data["operational_array"] |= {"dimensions": dimensions, "sizes": list(sizes)}
    data["memories"]["top"]["served_dimensions"] = dimensions
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    (tmp_path / "net.yaml").write_text(WORKLOAD)
    found = onnx2zz.evaluate(tmp_path / "net.yaml", tmp_path / "mine.yaml", lpf_limit=2, mapping_budget=2, cache=False)
    assert [layer.error for layer in found.layers] == [None, None]
    for layer in found.layers:
        assert layer.spatial_mapping is not None and set(layer.spatial_mapping) <= set(dimensions)
        assert layer.spatial_utilization is not None and 0 < layer.spatial_utilization <= 1


def test_what_a_mapping_unrolls_over_other_dimensions_is_left_out() -> None:
    default = read_mapping(load_yaml(zigzags(MAPPINGS)["default"]))
    kept = tuple(over_the_array(default, [("D1", 7)]))
    assert [entry.spatial_mapping for entry in kept] == [
        {"D1": (entry.spatial_mapping or {})["D1"]} for entry in default
    ]
    assert tuple(over_the_array(default, [("D1", 7), ("D2", 3)])) == default
    hinted = MappingEntry("default", spatial_mapping_hint={"D3": ("K",)})
    assert tuple(over_the_array([hinted], [("D1", 7)])) == (MappingEntry("default"),)
