"""`--fix` of layers whose output is derived from their input: the mapping that names their loops goes with them."""

from math import ceil
from typing import Any

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from onnx2zz.checks.context import Context
from onnx2zz.checks.diagnosis import causes, diagnose
from onnx2zz.checks.repair import repair, repaired_context
from onnx2zz.files.document import Value
from onnx2zz.formats.mapping_entry import MappingEntry, read_mapping
from onnx2zz.formats.workload_entry import read_layer
from onnx2zz.formats.yaml_source import parse_yaml
from tests.checks.test_families import ACCELERATOR
from tests.checks.triples import stock_zigzag

LAYER = """\
- id: {id}
  name: {name}
  operator_type: Conv
  equation: O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]
  dimension_relations: [{relations}]
  loop_dims: [B, K, C, {rows}, {columns}, FY, FX]
  loop_sizes: [1, 5, 2, {height}, {width}, 3, 2]
  operand_precision: {{W: 8, I: 8, O: 16, O_final: 8}}
  operand_source: {{I: {id}, W: {id}}}
"""


def input_based(height: int, width: int, name: str = "turned", identifier: int = 0) -> str:
    relations = "ox=1*ix+1*fx, oy=1*iy+1*fy"
    places = {"rows": "IY", "columns": "IX", "height": height, "width": width}
    return LAYER.format(id=identifier, name=name, relations=relations, **places)


def output_based(height: int, width: int) -> str:
    relations = "ix=1*ox+1*fx, iy=1*oy+1*fy"
    places = {"rows": "OY", "columns": "OX", "height": height, "width": width}
    return LAYER.format(id=1, name="as_it_is", relations=relations, **places)


def files(mapping: str, workload: str) -> Context:
    return Context(parse_yaml(ACCELERATOR, "a"), parse_yaml(mapping, "m"), parse_yaml(workload, "w"))


def fixed(mapping: str, workload: str) -> tuple[Context, tuple[MappingEntry, ...]]:
    context = files(mapping, workload)
    after = repaired_context(context, repair(context, {}))
    return after, after.mapping_entries


@st.composite
def orders(draw: st.DrawFn) -> tuple[int, int, int, str]:
    """Height, width, a factor of IX, and a mapping that unrolls it, perhaps with all that is left as an order.

    The loops that are left in time are primes: stock ZigZag wants others factor by factor.
    """
    height, factor = draw(st.sampled_from((5, 7, 9))), draw(st.integers(1, 4))
    width = draw(st.sampled_from((2, 3, 5, 7))) * factor + 1
    steps = [("IX", ceil(width / factor)), ("FY", 3), ("IY", height), ("C", 2), ("FX", 2), ("K", 5)]
    chosen = draw(st.permutations([[loop, size] for loop, size in steps if size > 1]))
    order = draw(st.sampled_from(({}, {"temporal_ordering": chosen})))
    entry = {"name": "default", "spatial_mapping": {"D1": [f"IX, {factor}"], "D2": ["C, 1"]}, **order}
    return height, width, factor, yaml.safe_dump([entry], sort_keys=False)


@given(orders())
@settings(max_examples=4, deadline=None, phases=[Phase.generate])
def test_stock_zigzag_runs_what_is_written(drawn: tuple[int, int, int, str]) -> None:
    height, width, factor, mapping = drawn
    context, (entry,) = fixed(mapping, input_based(height, width))
    assert dict(entry.unrolled["D1"]) == {"OX": min(factor, width - 1)}
    if entry.temporal_ordering:
        left = {"OX": ceil((width - 1) / factor), "FY": 3, "OY": height - 2, "C": 2, "FX": 2, "K": 5}
        assert dict(entry.sized_loops) == {loop: size for loop, size in left.items() if size > 1}
    triple: Any = tuple(source.data for source in context.sources)
    assert stock_zigzag(triple, lpf_limit=6, locality=False, picture=False) is None
    assert not [one for one in diagnose(context) if one.severity == "error"]


def test_a_layer_gets_an_entry_of_its_own_where_others_take_the_same() -> None:
    mapping = '- name: default\n  spatial_mapping: {D1: ["IX, 4"], D2: ["K, 2"]}\n'
    context, entries = fixed(mapping, input_based(6, 9) + output_based(4, 7))
    assert [(entry.name, entry.unrolled["D1"]) for entry in entries] == [
        ("default", (("IX", 4),)),
        ("turned", (("OX", 4),)),
    ]
    assert [context.mapping_of(layer) for layer in context.layers] == [entries[1], entries[0]]


def test_layers_of_several_sizes_share_their_entry_where_it_orders_nothing() -> None:
    mapping = '- name: default\n  spatial_mapping: {D1: ["IX, 4"], D2: ["OX, 2"]}\n  spatial_mapping_hint: {D2: [IY]}\n'
    _, (entry,) = fixed(mapping, input_based(6, 4) + input_based(6, 9, "wider", 1))
    assert entry.unrolled == {"D1": (("OX", 4),), "D2": ()}, "OX stood idle on D2, and stays idle there"
    assert entry.spatial_mapping_hint == {"D2": ("OY",)}


def test_steps_of_one_loop_are_all_of_it_again() -> None:
    mapping = "- name: default\n  temporal_ordering: [[IX, 2], [FY, 3], [IX, 6], [IY, '*']]\n"
    _, (entry,) = fixed(mapping, input_based(7, 12))
    assert entry.temporal_ordering == (("FY", 3), ("OX", 11), ("OY", "*"))


def test_an_entry_without_such_loops_stays() -> None:
    mapping = '- name: default\n  spatial_mapping: {D1: ["OX, 4"], D2: ["K, 2"]}\n'
    context = files(mapping, input_based(6, 9))
    _, written, _ = repair(context, {})
    assert written.text == mapping


def test_what_is_said_of_the_mapping_is_said_of_the_layer_as_it_stands() -> None:
    """ZigZag unrolls IX by 4 on 4 of 8 units."""
    context = files('- name: default\n  spatial_mapping: {D1: ["IX, 4"]}\n', input_based(6, 8))
    assert [one.code for one in causes(context)] == ["input-based-relation"]


def test_every_written_layer_can_be_read() -> None:
    context, entries = fixed('- name: default\n  spatial_mapping: {D1: ["IX, 4"]}\n', input_based(6, 9))
    assert context.workload is not None
    data: Value = context.workload.data
    assert isinstance(data, list) and read_layer(0, data[0]) is not None
    assert read_mapping(context.mapping.data if context.mapping else None) == entries
