"""The one list of a layer's columns."""

from dataclasses import fields

from onnx2zz.pricing.columns import COLUMNS, SHOWN
from onnx2zz.pricing.result import LayerResult
from onnx2zz.pricing.sparse import BEYOND

DERIVED: tuple[str, ...] = ()
"""Columns that are made of a layer's numbers, and are none of them."""


def test_every_number_of_a_layer_is_a_column_in_the_order_of_json():
    of_the_layer = [field.name for field in fields(LayerResult) if field.name not in BEYOND]
    plain = [column.name for column in COLUMNS if column.beside is None]
    assert [name for name in plain if name not in DERIVED] == of_the_layer and {*plain} == {*of_the_layer, *DERIVED}


def test_the_short_table_has_the_columns_in_their_places():
    assert [column.place for column in SHOWN] == list(range(1, len(SHOWN) + 1))
    assert [column.name for column in SHOWN] == [
        *("name", "operator_type", "macs", "latency_cycles"),
        *("energy_pj", "spatial_utilization", "bound_by", "error"),
    ]


def test_names_are_told_apart_and_end_in_their_unit():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert all(column.name.endswith(f"_{column.unit.lower()}") for column in COLUMNS if column.unit)
