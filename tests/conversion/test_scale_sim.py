"""SCALE-Sim's topologies in and out: the counts are those of its own formulas, written here a second time.

scalesim 3.0.0 topology_utils.py: outputs = ceil((H - R + s) / s), MACs = outputs x filter x channels x filters; a
product M, N, K is a convolution of M x K by 1 x K.
"""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.scale_sim import read_topology
from onnx2zz.conversion.workload_text import read_workload_file
from onnx2zz.conversion.write import Form, written_as
from onnx2zz.conversion.yaml_files import yaml_text
from onnx2zz.errors import InputError
from onnx2zz.formats.workload_entry import EntryLayer, read_layer

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"


def layers(converted: Converted) -> list[EntryLayer]:
    data = converted.data
    assert isinstance(data, list)
    return [layer for number, entry in enumerate(data) if (layer := read_layer(number, entry))]


def macs_of_lines(text: str) -> int:
    """What SCALE-Sim counts."""
    total = 0
    for line in text.splitlines()[1:]:
        name, *cells = [cell.strip() for cell in line.split(",")[:-1]]
        sizes = [int(cell) for cell in cells]
        if len(sizes) == 3:
            m, n, k = sizes
            sizes = [m, k, 1, k, 1, n, 1]
        h, w, r, s, c, f, stride = sizes
        times = c if "DP" in name else 1
        channels = 1 if "DP" in name else c
        outputs = -(-(h - r + stride) // stride) * -(-(w - s + stride) // stride)
        total += times * outputs * r * s * channels * f
    return total


convolutions = st.tuples(
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(1, 6),
    st.integers(1, 7),
    st.integers(1, 3),
).map(lambda t: (t[0] + t[2], t[1] + t[3], t[0], t[1], t[4], t[5], t[6]))


@given(convolutions, st.booleans())
def test_a_line_in_has_scale_sims_macs_and_comes_out_as_it_was(sizes: tuple[int, ...], by_channel: bool) -> None:
    name = "convDP1" if by_channel else "conv1"
    text = HEADER + ", ".join(map(str, (name, *sizes))) + ",\n"
    (layer,) = layers(read_topology("net.csv", text))
    assert layer.operations == macs_of_lines(text)
    height, width, *_, stride = sizes
    assert (layer.extents["IY"], layer.extents["IX"]) == (height, width)
    assert {relation.a for relation in layer.relations} == {stride}


@given(sizes=convolutions, form=st.sampled_from(("scale-sim", "scale-sim-gemm")))
def test_what_goes_out_keeps_its_macs(
    sizes: tuple[int, ...], form: Form, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = HEADER + ", ".join(map(str, ("conv1", *sizes))) + ",\n"
    path = tmp_path_factory.mktemp("net") / "workload.yaml"
    path.write_text(yaml_text(read_topology("net.csv", text)))
    assert macs_of_lines(written_as(form, str(path)).text) == macs_of_lines(text)


def test_products_keep_their_rows_columns_and_depth() -> None:
    (layer,) = layers(read_topology("net.csv", "Layer, M, N, K,\nfc, 3, 5, 7,\n"))
    assert layer.kind == "Gemm"
    assert layer.loops == {"C": 7, "D": 3, "K": 5}


def test_a_convolution_by_channel_has_one_weight_a_channel_and_tap() -> None:
    (layer,) = layers(read_topology("net.csv", HEADER + "dwDP, 9, 8, 3, 2, 6, 1, 1,\n"))
    assert layer.elements("W") == 6 * 3 * 2


WORKLOAD = """
- id: 0
  name: L0_convDP,x
  operator_type: Conv
  equation: O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][c][fy][fx]
  dimension_relations: [iy=2*oy+1*fy, ix=2*ox+1*fx]
  loop_dims: [B, K, G, OX, OY, C, FX, FY]
  loop_sizes: [2, 6, 3, 7, 5, 4, 1, 3]
  operand_precision: {W: 8, I: 8, O: 16, O_final: 8}
  operand_source: {W: 0, I: 0}
- id: 1
  name: L1_add
  operator_type: Add
  equation: O[b][g]=I[b][g]+W[b][g]
  loop_dims: [B, G]
  loop_sizes: [2, 9]
  operand_precision: {W: 8, I: 8, O: 16, O_final: 8}
  operand_source: {W: 0, I: 0}
"""


def write(folder: Path, text: str) -> str:
    path = folder / "workload.yaml"
    path.write_text(text)
    return str(path)


def test_samples_and_groups_are_lines_and_names_mean_nothing_to_scale_sim(tmp_path: Path) -> None:
    written = written_as("scale-sim", write(tmp_path, WORKLOAD))
    rows = written.text.splitlines()[1:]
    assert len(rows) == 2 * 3
    assert macs_of_lines(written.text) == 2 * 6 * 3 * 7 * 5 * 4 * 3
    assert rows[0] == "L0_convDp_x_0, 11, 13, 3, 1, 4, 6, 2,"
    assert "L1_add" in written.notes[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ix=2*ox", "ix=1*ox", "workload.yaml:2: layer L0_convDP,x: strides 2 and 1"),
        ("2*oy+1*fy", "2*oy+3*fy", "a dilated filter"),
        ("operator_type: Conv", "operator_type: Pooling", "no layer that SCALE-Sim's topology takes"),
        ("loop_sizes: [2, 6, 3, 7, 5, 4, 1, 3]", "loop_sizes: [2]", "workload.yaml:2: no layer that ZigZag reads"),
    ],
)
def test_what_a_line_cannot_say_is_one_sentence(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        written_as("scale-sim", write(tmp_path, WORKLOAD.replace(old, new)))
    assert said in str(raised.value)


def test_products_take_what_a_convolution_line_cannot(tmp_path: Path) -> None:
    text = written_as("scale-sim-gemm", write(tmp_path, WORKLOAD.replace("ix=2*ox", "ix=1*ox"))).text
    assert text.splitlines()[1] == "L0_convDp_x_0, 70, 6, 12,"


def test_all_lines_at_fault_are_said_at_once_and_headings_are_notes() -> None:
    text = HEADER + "AlphaGoZero,\nA, 9, 8, 3, x, 6, 1, 1,\nB, 9, 8, 3,\nC, 2, 8, 3, 3, 6, 1, 1,\n"
    with pytest.raises(InputError) as raised:
        read_topology("net.csv", text)
    said = [str(problem) for problem in raised.value.problems]
    assert [problem.partition(": ")[0] for problem in said] == ["net.csv:3", "net.csv:4", "net.csv:5"]
    assert any(
        "AlphaGoZero" in note
        for note in read_topology("net.csv", text[: text.index("A, 9")] + "A,9,8,3,2,6,1,1,1:2,\n").notes
    )


def test_an_einsum_has_the_layers_ranks_and_bounds(tmp_path: Path) -> None:
    written = written_as("accelforge", write(tmp_path, WORKLOAD))
    first, second = yaml.safe_load(written.text)["workload"]["einsums"]
    bounds = {text.split()[2]: int(text.split()[4]) for text in first["iteration_space_shape"]}
    assert bounds == {"b_0": 2, "k_0": 6, "g_0": 3, "ox_0": 7, "oy_0": 5, "c_0": 4, "fx_0": 1, "fy_0": 3}
    accesses = {access["name"]: access for access in first["tensor_accesses"]}
    assert accesses["I0"]["projection"]["IY_0"] == "oy_0 * 2 + fy_0"
    assert accesses["O0"]["output"] is True
    assert [access["name"] for access in second["tensor_accesses"]] == ["I1", "W1", "O1"]
    assert read_workload_file(write(tmp_path, WORKLOAD)).layers[0].operations == 2 * 6 * 3 * 7 * 5 * 4 * 3
