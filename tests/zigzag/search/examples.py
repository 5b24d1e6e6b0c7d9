"""Settings on which each module of the search is compared with the ZigZag class that it mirrors."""

from dataclasses import replace
from typing import Any

from zigzag.mapping.temporal_mapping import TemporalMappingType

from onnx2zz.formats.mapping_entry import read_mapping_entry
from onnx2zz.zigzag.layer import WorkloadEntry, parse_layer
from onnx2zz.zigzag.search import SearchedLayer, convert

from . import hardware, layers
from .hardware import MadeUpMemory

LINKS = {"O": "O", "W": "I2", "I": "I1"}
CROWDED = hardware.made_up(
    (3, 4),
    [
        MadeUpMemory(("I2", "O"), 700, ((8, 24), (24, 24)), ("D1",), 0.02, 0.03, double_buffered=True),
        MadeUpMemory(("I1", "I2", "O"), 9000, ((8, 64),), ("D1", "D2"), 1.5, 1.75, double_buffered=True),
        MadeUpMemory(("I1", "I2", "O"), 10**9, ((64, 64),), ("D1", "D2"), 700.0, 750.0),
    ],
    systolic=("D1",),
)
"""Memories that all operands share and that are forced to double their buffers."""


def make(
    accelerator: Any, entry: WorkloadEntry, mapping: dict[str, dict[str, int]], lpf_limit: int = 4, order: Any = ()
) -> SearchedLayer:
    layer = parse_layer(
        entry, read_mapping_entry({"memory_operand_links": {**LINKS}, "temporal_ordering": list(order)})
    )
    return convert(accelerator, layer, hardware.spatial(accelerator, mapping), lpf_limit)


def examples() -> dict[str, SearchedLayer]:
    tpu, edge, eyeriss = (hardware.shipped(name) for name in ("tpu_like", "edge_tpu_like", "eyeriss_like"))
    conv, wide = layers.conv(), layers.conv(k=21, c=9, out=(11, 30), kernel=(3, 5), dilation=(2, 1))
    crowded = make(CROWDED, conv, {"D1": {"K": 3}, "D2": {"C": 2, "OX": 2}})
    return {
        "dividing": make(tpu, conv, {"D1": {"K": 12}, "D2": {"C": 10}}),
        "fractions": make(edge, wide, {"D1": {"K": 6}, "D2": {"C": 4}, "D3": {"OX": 4}, "D4": {"OY": 4}}, 5),
        "windows": make(eyeriss, wide, {"D1": {"OY": 8, "FY": 2}, "D2": {"FX": 3, "K": 4}}, 5),
        "depthwise": make(eyeriss, layers.depthwise(), {"D1": {"G": 10}, "D2": {"FY": 3, "OX": 2}}),
        "no weights": make(edge, layers.depthwise(pooling=True), {"D1": {"G": 8}, "D2": {"FY": 2}}),
        "two activations": make(tpu, layers.add(), {"D1": {"G": 18}, "D2": {"OX": 5}}),
        "crowded": crowded,
        "crowded, even": replace(crowded, mapping_type=TemporalMappingType.EVEN),
        "read again": replace(crowded, keeps_at_output=False),
        "input-based": make(CROWDED, layers.input_based(), {"D1": {"IX": 3}, "D2": {"FX": 3}}),
    }
