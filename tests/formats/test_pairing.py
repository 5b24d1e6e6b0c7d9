"""Hand-written layers find the model's layers that they stand for."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.formats.pairing import pair_layers


def conv(k: int, c: int, size: int, window: int, kind: str = "Conv") -> dict[str, Any]:
    return {
        "id": 0, "operator_type": kind, "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
        "dimension_relations": ["ix=1*ox+1*fx", "iy=1*oy+1*fy"], "loop_dims": ["B", "K", "C", "OY", "OX", "FY", "FX"],
        "loop_sizes": [1, k, c, size, size, window, window],
        "operand_precision": {"W": 8, "I": 8, "O": 16, "O_final": 8},
        "operand_source": {"I": 0, "W": 0},
    }  # fmt: skip


def test_a_branch_written_in_the_other_order_is_paired_across() -> None:
    """ResNet's downsampling: same output as the block's first layer, written 3x3 where the model has 1x1."""
    written = [conv(8, 4, 14, 3), conv(8, 8, 14, 3), conv(8, 4, 14, 3, "Conv_downsample")]
    model = [conv(8, 4, 14, 1), conv(8, 4, 14, 3), conv(8, 8, 14, 3)]
    assert pair_layers(written, model).pairs == ((0, 1), (1, 2), (2, 0))


def test_what_has_no_partner_is_left_over() -> None:
    pairing = pair_layers([conv(8, 4, 14, 3), conv(9, 8, 7, 3)], [conv(8, 4, 14, 3), conv(8, 4, 5, 3)])
    assert (pairing.pairs, pairing.only_written, pairing.only_model) == (((0, 0),), (1,), (1,))


def test_a_network_that_shrinks_for_want_of_padding_is_paired_in_place() -> None:
    written = [conv(8, 4, 12, 3), conv(8, 8, 10, 3), conv(4, 8, 8, 3)]
    model = [conv(8, 4, 14, 3), conv(8, 8, 14, 3), conv(9, 5, 14, 1), conv(4, 8, 14, 3)]
    pairing = pair_layers(written, model)
    assert (pairing.pairs, pairing.only_written, pairing.only_model) == (((0, 0), (1, 1), (2, 3)), (), (2,))


layers = st.builds(
    conv, st.sampled_from((4, 8)), st.sampled_from((2, 4)), st.sampled_from((5, 7)), st.sampled_from((1, 3))
)


@given(st.lists(layers, max_size=8), st.data())
def test_a_network_without_some_layers_loses_only_those(model: list[dict[str, Any]], data: st.DataObject) -> None:
    kept = [layer for layer in model if data.draw(st.booleans())]
    pairing = pair_layers(kept, model)
    assert not pairing.only_written
    assert len(pairing.only_model) == len(model) - len(kept)
    assert all(kept[i]["loop_sizes"] == model[j]["loop_sizes"] for i, j in pairing.pairs)
