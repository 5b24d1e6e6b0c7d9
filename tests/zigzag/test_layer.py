"""Layers that share what does not depend on their unrolling are priced as those that share nothing."""

from dataclasses import replace

import pytest

from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.layer import mapped_layer, parse_layer
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.spatial import price_unrolling
from onnx2zz.zigzag.unrolling import Unrolling
from tests.small_workloads import conv, name_of, pool

PLAIN = MappingEntry("default", memory_operand_links={"O": "O", "W": "I2", "I": "I1"})
CONV = conv(0, None, "conv", k=24, c=10, oy=7, ox=14, fy=3, fx=5, pads=((1, 1), (2, 2)))
BORDER = conv(0, None, "border", k=24, c=10, oy=7, ox=14, fy=3, fx=5, pads=((1, 0), (2, 0)))
POOL = pool(0, 1, "pool", g=24, oy=10, ox=15, fy=2, fx=3, stride=(2, 2))


def unrolled(first: tuple[str, int], second: tuple[str, int]) -> MappingEntry:
    return replace(PLAIN, spatial_mapping={"D1": (f"{first[0]}, {first[1]}",), "D2": (f"{second[0]}, {second[1]}",)})


def test_a_second_unrolling_leaves_the_first_as_it_was():
    first = mapped_layer(CONV, unrolled(("K", 8), ("C", 5)))
    before = str(first.spatial_mapping)
    second = mapped_layer(CONV, unrolled(("OX", 7), ("K", 12)))
    assert str(first.spatial_mapping) == before == str(parse_layer(CONV, unrolled(("K", 8), ("C", 5))).spatial_mapping)
    assert str(second.spatial_mapping) == str(parse_layer(CONV, unrolled(("OX", 7), ("K", 12))).spatial_mapping)


def test_hints_are_each_layers_own():
    hinted = replace(PLAIN, spatial_mapping_hint={"D1": ("K",), "D2": ("C",)})
    first = mapped_layer(CONV, hinted)
    first.spatial_mapping_hint.clear_invalid_hits([])
    fresh = parse_layer(CONV, hinted).spatial_mapping_hint
    assert mapped_layer(CONV, hinted).spatial_mapping_hint.data == fresh.data
    assert first.spatial_mapping_hint.data != fresh.data


@pytest.mark.parametrize("entry", [CONV, BORDER, POOL], ids=name_of)
def test_every_unrolling_in_turn_costs_what_it_costs_alone(entry: WorkloadEntry):
    accelerator = load_accelerator(find_accelerator("tpu_like").path)
    options = PriceOptions(lpf_limit=4)
    channels = "K" if entry is not POOL else "G"
    ways: list[Unrolling] = [
        (("D1", ((channels, 8),)), ("D2", (("OX", 7),))),
        (("D1", (("OX", 5),)), ("D2", ((channels, 12),))),
        (("D1", (("OY", 5),)), ("D2", (("OX", 3),))),
    ]
    for way in (*ways, *ways):
        first, second = (pairs[0] for _, pairs in way)
        alone = price(entry, accelerator, unrolled(first, second), options)
        found = price_unrolling(entry, PLAIN, way, accelerator, options)
        assert found == (alone.energy_pj, alone.latency_cycles)
