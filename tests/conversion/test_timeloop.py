"""Timeloop's problems and mappings as a layer and its mapping entry; no two sizes are alike."""

import re
from math import prod
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.timeloop.read import convert_timeloop
from onnx2zz.errors import InputError
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.mapping_entry import read_mapping as read_entries
from onnx2zz.formats.workload_entry import EntryLayer, read_layer

SIZES = {"C": 6, "M": 8, "R": 3, "S": 2, "N": 1, "P": 10, "Q": 7}
PROBLEM = """
problem:
  version: 0.4
  shape:
    name: CNN_Layer
    dimensions: [C, M, R, S, N, P, Q]
    coefficients:
    - {name: Wstride, default: 1}
    - {name: Hstride, default: 1}
    - {name: Wdilation, default: 1}
    - {name: Hdilation, default: 1}
    data_spaces:
    - name: Weights
      projection: [[[C]], [[M]], [[R]], [[S]]]
    - name: Inputs
      projection: [[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]
    - name: Outputs
      projection: [[[N]], [[M]], [[Q]], [[P]]]
      read_write: true
  instance: {C: 6, M: 8, R: 3, S: 2, N: 1, P: 10, Q: 7, Wstride: 2, Hdilation: 3}
"""
MAPPING = """
mapping:
- {target: DRAM, type: temporal, factors: [C=1, M=2, R=1, S=1, N=1, P=5, Q=1], permutation: PMCRSNQ}
- {target: buffer, type: temporal, factors: "C=0 M=1 R=3 S=2 N=1 P=1 Q=7", permutation: [R, Q, C, S, M, N, P]}
- {target: buffer, type: spatial, factors: "C=2 M=4 R=1 S=1 N=1 P=2 Q=1", permutation: PCM, split: 1}
- {target: buffer, type: bypass, keep: [Inputs], bypass: [Weights]}
"""


def convert(folder: Path, *texts: str) -> tuple[Converted, ...]:
    paths = [folder / f"part{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return convert_timeloop([str(path) for path in paths])


def layer_of(converted: Converted) -> EntryLayer:
    assert isinstance(converted.data, list)
    layer = read_layer(0, converted.data[0])
    assert layer is not None
    return layer


def entry_of(converted: Converted) -> MappingEntry:
    return read_entries(converted.data)[0]


@pytest.mark.parametrize("form", ["lists", "texts", "dashes"])
def test_a_convolution_is_one_however_it_is_written(form: str, tmp_path: Path) -> None:
    text = PROBLEM
    if form == "texts":
        text = text.replace("[[[N]], [[C]], [[R, Wdilation], [P, Wstride]], [[S, Hdilation], [Q, Hstride]]]",
                            "'[N] [C] [R*Wdilation + P*Wstride] [S*Hdilation + Q*Hstride]'")  # fmt: skip
    if form == "dashes":
        text = text.replace("data_spaces", "data-spaces").replace("read_write", "read-write")
    layer = layer_of(convert(tmp_path, text)[0])
    assert layer.operations == prod(SIZES.values())
    assert layer.loops == {"OX": 10, "FX": 3, "OY": 7, "FY": 2, "C": 6, "K": 8, "B": 1}
    assert {str(relation) for relation in layer.relations} == {"ix=2*ox+1*fx", "iy=1*oy+3*fy"}
    assert layer.elements("W") == 6 * 8 * 3 * 2
    assert layer.elements("O") == 8 * 10 * 7


def test_the_shape_that_timeloop_knows_needs_no_spaces(tmp_path: Path) -> None:
    text = "problem: {shape: cnn-layer, C: 6, K: 8, R: 3, S: 2, N: 1, P: 10, Q: 7, Wstride: 2, Hdilation: 3}"
    known, written = layer_of(convert(tmp_path, text)[0]), layer_of(convert(tmp_path, PROBLEM)[0])
    assert known.loops == written.loops
    assert set(known.relations) == set(written.relations)


def test_a_product_has_rows_columns_and_depth(tmp_path: Path) -> None:
    text = """
problem:
  shape:
    dimensions: [M, N, K]
    data_spaces:
    - {name: A, projection: '[M] [K]'}
    - {name: B, projection: '[K] [N]'}
    - {name: Z, projection: '[M] [N]', read_write: true}
  instance: {M: 3, N: 5, K: 7}
"""
    layer = layer_of(convert(tmp_path, text)[0])
    assert layer.kind == "Gemm"
    assert layer.loops == {"D": 3, "K": 5, "C": 7}
    assert {operand: layer.elements(operand) for operand in "IWO"} == {"I": 21, "W": 35, "O": 15}


def test_spatial_factors_are_unrolled_and_temporal_ones_ordered_from_the_inside(tmp_path: Path) -> None:
    entry = entry_of(convert(tmp_path, PROBLEM, MAPPING)[1])
    assert entry.spatial_mapping == {"D1": ("OX, 2",), "D2": ("C, 2", "K, 4")}
    assert entry.temporal_ordering == (("FX", 3), ("OY", 7), ("C", 3), ("FY", 2), ("OX", 5), ("K", 2))
    sizes = dict(entry.temporal_ordering or ())
    assert {**SIZES, "C": 2 * 3}["C"] == 2 * int(sizes["C"])


def test_a_dimension_whose_name_has_digits_is_one_in_a_mapping_too(tmp_path: Path) -> None:
    """`C1=3` is three of C1, and not one of C."""
    mapping = MAPPING.replace("PMCRSNQ", "P M C R S N Q").replace("PCM", "P C M")
    named = [re.sub(r"\bC\b", "C1", text) for text in (PROBLEM, mapping)]
    plain, renamed = (entry_of(convert(tmp_path, *texts)[1]) for texts in ((PROBLEM, MAPPING), named))
    assert renamed.spatial_mapping == plain.spatial_mapping
    assert renamed.temporal_ordering == plain.temporal_ordering


def test_the_order_of_levels_is_not_guessed(tmp_path: Path) -> None:
    _, mapping = convert(tmp_path, PROBLEM, MAPPING.replace("DRAM", "L2"))
    assert entry_of(mapping).temporal_ordering is None
    assert any("order of loops is left out" in note for note in mapping.notes)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("M: 8,", "", "part0.yaml:20: the problem has no size for M"),
        ("[P, Wstride]", "[P, Step]", "a coefficient `Step`"),
        ("[[M]]", "[[Z]]", "an index `Z` that is no dimension"),
        ("read_write: true", "read_write: false", "3 tensors are read and 0 written"),
        ("[[P]]]\n      read", "[[P], [M]]]\n      read", "sums in the indices of Outputs"),
    ],
)
def test_what_is_no_layer_is_one_sentence(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in PROBLEM
    with pytest.raises(InputError) as raised:
        convert(tmp_path, PROBLEM.replace(old, new))
    assert said in str(raised.value)


def test_a_mapping_alone_or_of_another_problem_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give Timeloop's problem"):
        convert(tmp_path, MAPPING)
    with pytest.raises(InputError, match=r"part1.yaml:3: a factor of X, which the problem lacks"):
        convert(tmp_path, PROBLEM, MAPPING.replace("P=5", "X=5"))


def test_the_command_writes_both_and_stock_prices_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("layer.yaml").write_text(PROBLEM + MAPPING)
    assert run(["convert", "layer.yaml", "-o", "out"]) == 0
    arguments = ["--arch", "tpu_like", "--mapping", "out/mapping.yaml", "--no-cache"]
    assert run(["evaluate", "out/workload.yaml", *arguments]) == 0
