"""A hand-written workload passes in anybody's words, and is refused for what it says otherwise than the model."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.cli.main import run
from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.proof.by_hand.verify import verify_by_hand
from onnx2zz.proof.result import Verification
from tests.json_values import Document
from tests.model_files import save_model
from tests.models.real_models import SHARED, SHIPPED
from tests.proof.networks import residual
from tests.small_workloads import as_read, sources_of

SEED_CASE = SHARED.parent / "seed_cases/1_edge_tpu_like/workload.yaml"
STEM, BRANCH, SUM, NARROW, POOL, MEAN, CLASSIFY = range(7)
LOOPS = ["B", "K", "G", "D", "OX", "OY", "C", "FX", "FY", "IX", "IY"]


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(residual(), name="residual")


def changed(compiled: Compiled, layer: int, **fields: Any) -> list[WorkloadEntry]:
    """The workload with one layer otherwise than the model's."""
    return [as_read(entry | fields) if entry["id"] == layer else as_read(entry) for entry in compiled.entries]


def resized(compiled: Compiled, layer: int, **sizes: int) -> list[WorkloadEntry]:
    entry = compiled.entries[layer]
    loops = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True)) | sizes
    return changed(compiled, layer, loop_dims=list(loops), loop_sizes=list(loops.values()))


def causes(result: Verification) -> set[tuple[int | None, str]]:
    return {(m.layer, m.cause) for m in result.mismatches}


def assert_passes(compiled: Compiled, written: list[WorkloadEntry]) -> None:
    result = verify_by_hand(compiled, written)
    assert result.mismatches == ()
    assert result.nodes_matched == result.nodes_checked == result.nodes_exact == 7


def renamed(entry: WorkloadEntry, names: dict[str, str]) -> WorkloadEntry:
    """The layer with other names of its loops."""

    def word(match: re.Match[str]) -> str:
        name = names.get(match[0].upper(), match[0].upper())
        return name.lower() if match[0].islower() else name

    def text(value: str) -> str:
        return re.sub(r"(?<![A-Za-z0-9])[A-Za-z]+[0-9]*", lambda m: m[0] if m[0] in "OIW" else word(m), value)

    return {
        **entry,
        "equation": text(entry["equation"]),
        "dimension_relations": [text(relation) for relation in entry.get("dimension_relations", [])],
        "loop_dims": [names.get(loop, loop) for loop in entry["loop_dims"]],
        "pr_loop_dims": [names.get(index, index) for index in entry.get("pr_loop_dims") or ()],
    }


def test_what_was_compiled_passes(compiled: Compiled) -> None:
    assert_passes(compiled, list(compiled.entries))


@settings(max_examples=5, deadline=None)
@given(st.permutations(LOOPS), st.permutations(range(7)))
def test_names_and_numbers_mean_nothing(compiled: Compiled, letters: list[str], numbers: list[int]) -> None:
    written = [renamed(entry, dict(zip(LOOPS, letters, strict=True))) for entry in compiled.entries]
    for entry in written:
        entry["operand_source"] = {operand: 10 + numbers[i] for operand, i in sources_of(entry).items()}
        entry["id"] = 10 + numbers[entry["id"]]
    assert_passes(compiled, written)


def test_a_product_may_be_written_as_a_convolution_and_loops_of_one_left_out(compiled: Compiled) -> None:
    gemm = dict(zip(compiled.entries[CLASSIFY]["loop_dims"], compiled.entries[CLASSIFY]["loop_sizes"], strict=True))
    written = changed(
        compiled,
        CLASSIFY,
        operator_type="Conv",
        equation="O[k][oy][ox]+=W[k][c][fy][fx]*I[c][iy][ix]",
        dimension_relations=["ix=1*ox+1*fx", "iy=1*oy+1*fy"],
        loop_dims=["K", "C", "OY", "OX", "FY", "FX"],
        loop_sizes=[gemm["K"], gemm["C"], 1, 1, 1, 1],
    )
    assert_passes(compiled, written)


def test_the_operands_of_a_sum_may_be_exchanged(compiled: Compiled) -> None:
    sources = sources_of(compiled.entries[SUM])
    assert_passes(compiled, changed(compiled, SUM, operand_source={"I": sources["W"], "W": sources["I"]}))


def test_a_pool_may_have_an_operand_of_no_bits(compiled: Compiled) -> None:
    entry = compiled.entries[POOL]
    equation = entry["equation"].replace("W[]", "W[fy][fx]")
    assert equation != entry["equation"]
    written = changed(compiled, POOL, equation=equation, operand_precision={**entry["operand_precision"], "W": 0})
    assert_passes(compiled, written)


def test_a_size(compiled: Compiled) -> None:
    assert (NARROW, "size") in causes(verify_by_hand(compiled, resized(compiled, NARROW, C=5)))


def test_a_filter(compiled: Compiled) -> None:
    found = causes(verify_by_hand(compiled, resized(compiled, BRANCH, FY=2, FX=2)))
    assert found == {(BRANCH, "filter 2x2 instead of 1x3")}


def test_missing_padding(compiled: Compiled) -> None:
    gone: Document = {"pr_loop_dims": None, "pr_loop_sizes": None, "padding": None}
    assert causes(verify_by_hand(compiled, changed(compiled, STEM, **gone))) == {(STEM, "missing padding")}
    assert causes(verify_by_hand(compiled, changed(compiled, POOL, **gone))) == {(POOL, "missing padding of a pool")}


@pytest.mark.parametrize(
    ("layer", "fields", "cause"),
    [
        pytest.param(STEM, {"dimension_relations": ["iy=1*oy+1*fy", "ix=1*ox+2*fx"]}, "stride", id="stride"),
        pytest.param(STEM, {"dimension_relations": ["iy=2*oy+1*fy", "ix=1*ox+1*fx"]}, "dilation", id="dilation"),
        pytest.param(
            STEM, {"dimension_relations": ["iy=2*oy+1*fx", "ix=1*ox+2*fy"]}, "filter 2x3 instead of 3x2", id="swap"
        ),
        pytest.param(STEM, {"padding": [[0, 1], [0, 1]]}, "padding", id="padding at the wrong end"),
        pytest.param(SUM, {"operand_source": {"I": STEM, "W": STEM}}, "source", id="source"),
        pytest.param(
            NARROW, {"equation": "O[b][g][k][oy][ox]+=I[b][g][c][iy][ix]*W[g][k][fy][fx]"}, "equation", id="index"
        ),
        pytest.param(
            SUM, {"equation": "O[b][g][oy][ox]=W[b][g][oy][ox]*I[b][g][oy][ox]"}, "function", id="product for a sum"
        ),
    ],
)
def test_another_layer(compiled: Compiled, layer: int, fields: Document, cause: str) -> None:
    written = changed(compiled, layer, **fields)
    assert written[layer] != compiled.entries[layer]
    assert (layer, cause) in causes(verify_by_hand(compiled, written))


def test_a_layer_that_is_missing_is_looked_through(compiled: Compiled) -> None:
    """The sum left out: its readers take what fed it, which is all that is wrong with them."""
    written: list[WorkloadEntry] = [
        {**e, "operand_source": {o: BRANCH if s == SUM else s for o, s in sources_of(e).items()}}
        for e in compiled.entries
        if e["id"] != SUM
    ]
    result = verify_by_hand(compiled, written)
    assert causes(result) == {(None, "a layer that is missing")}
    assert result.nodes_checked == result.nodes_exact - 1


def test_a_layer_too_many(compiled: Compiled) -> None:
    entry = compiled.entries[NARROW]
    sizes = [size + 5 for size in entry["loop_sizes"]]
    extra: WorkloadEntry = {**entry, "id": 50, "loop_sizes": sizes, "operand_source": {"I": CLASSIFY, "W": 50}}
    assert causes(verify_by_hand(compiled, [*compiled.entries, extra])) == {(50, "a layer that the model lacks")}


def test_an_output_that_is_derived_from_the_input(compiled: Compiled) -> None:
    """The other way round than ZigZag wants it: loops over the input, the output their sum."""
    entry = compiled.entries[NARROW]
    loops = {loop.replace("O", "I"): size for loop, size in zip(entry["loop_dims"], entry["loop_sizes"], strict=True)}
    turned: Document = {
        "dimension_relations": ["oy=1*iy+1*fy", "ox=1*ix+1*fx"],
        "loop_dims": list(loops),
        "loop_sizes": list(loops.values()),
        "pr_loop_dims": None,
        "pr_loop_sizes": None,
        "padding": None,
    }
    assert (NARROW, "input-based relation") in causes(verify_by_hand(compiled, changed(compiled, NARROW, **turned)))


def test_the_command_refuses_and_names_each_cause(
    compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    save_model(residual(), tmp_path / "residual.onnx")
    file = tmp_path / "hand.yaml"
    file.write_text(yaml.safe_dump(changed(compiled, POOL, padding=[[0, 0], [0, 0]])), encoding="utf-8")
    assert run(["verify", str(tmp_path / "residual.onnx"), "--workload", str(file)]) == 1
    assert f"missing padding of a pool: layer {POOL}" in capsys.readouterr().out
    file.write_text(yaml.safe_dump(list(compiled.entries)), encoding="utf-8")
    assert run(["verify", str(tmp_path / "residual.onnx"), "--workload", str(file)]) == 0


def test_a_file_that_is_no_workload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hand.yaml"
    file.write_text("- id: 0\n", encoding="utf-8")
    assert run(["verify", "lenet5", "--workload", str(file)]) == 1
    assert f"error: {file}: layer 0: operator_type, equation" in capsys.readouterr().err


@pytest.mark.skipif(not SEED_CASE.is_file(), reason="the seed's cases are not beside the checkout")
def test_the_hand_written_resnet18() -> None:
    """3x3 where ResNet-18 has 1x1, no padding anywhere (its two 1x1 layers need none), none in the pool."""
    compiled = compile_model(SHIPPED["resnet18"])
    written = yaml.safe_load(SEED_CASE.read_text(encoding="utf-8"))
    result = verify_by_hand(compiled, written)
    downsamples = {e["id"] for e in written if e["operator_type"] == "Conv_downsample"}
    padded = {e["id"] for e in compiled.entries if any(map(any, e.get("padding") or ()))}
    assert len(downsamples) == 3 and len(padded) == 18
    assert causes(result) == {
        *((layer, "filter 3x3 instead of 1x1") for layer in downsamples),
        *((layer, "missing padding") for layer in padded - {1}),
        (1, "missing padding of a pool"),
    }
    assert result.nodes_checked == result.nodes_exact == 31
    assert result.nodes_matched == 31 - 3 - 18
