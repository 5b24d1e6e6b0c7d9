"""Layers that fail for one reason are one sentence."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import onnx2zz
from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.pricing.room import in_common
from onnx2zz.report.unpriced import reasons
from tests.checks.test_families import ACCELERATOR, MAPPING, WORKLOAD
from tests.small_workloads import gemm


def test_layers_that_do_not_fit_one_memory_are_one_sentence_with_the_size_for_all(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    layers = [gemm(number, None, f"L{number}_fc", k=24 + number, c=40, b=6) for number in range(3)]
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(layers))
    (tmp_path / "small.yaml").write_text(ACCELERATOR.replace("size: 65536", "size: 9000"))
    (tmp_path / "map.yaml").write_text(MAPPING)
    net, small, mapping = (str(tmp_path / f"{name}.yaml") for name in ("net", "small", "map"))
    files = [net, "--arch", small, "--mapping", mapping]
    assert run(["evaluate", *files, "--no-cache", "-o", str(tmp_path / "out"), "--lpf-limit", "3"]) == 3
    (said,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("not priced")]
    # the largest has 26 x 40 weights and 40 x 6 inputs of 8 bit, and 26 x 6 outputs: all must lie in top
    least = (26 * 40 + 40 * 6 + 26 * 6) * 8
    assert said == (
        "not priced: L0_fc, L1_fc, L2_fc (3 layers): does not fit top, the highest memory for O, I, W; "
        f"{least:,} bit would do for all (NoValidLoopOrderingFoundException)"
    )
    kept = json.loads((tmp_path / "out" / "result.json").read_text())["layers"]
    assert [layer["error"].split(":")[0] for layer in kept] == ["L0_fc", "L1_fc", "L2_fc"]


def test_what_is_no_such_sentence_has_nothing_in_common() -> None:
    assert in_common(["took longer than 4 s"]) is None


def test_equal_reasons_are_said_once_and_others_apart(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(WORKLOAD)
    (tmp_path / "mine.yaml").write_text(ACCELERATOR)
    (tmp_path / "map.yaml").write_text(MAPPING)
    files = (tmp_path / f"{name}.yaml" for name in ("net", "mine", "map"))
    (layer, _) = onnx2zz.evaluate(*files, lpf_limit=3, cache=False).layers
    failed = [
        replace(layer, name=name, error=f"{name}: {why}")
        for name, why in (("a", "took longer than 4 s"), ("b", "no loop"), ("c", "took longer than 4 s"))
    ]
    assert list(reasons([layer, *failed])) == ["a, c (2 layers): took longer than 4 s", "b: no loop"]


BROKEN = ACCELERATOR.replace('"O, fh", "O, tl", ', '"O, tl", ', 1)


@pytest.mark.parametrize(
    ("accelerator", "line", "words"),
    [
        (BROKEN, 10, "[port-direction] O in rf lacks fh"),
        (ACCELERATOR.replace("[I1, I2, O]", "[I1, I2, O, H]"), 20, "[value] memories.top: operands 'H'"),
    ],
)
def test_an_accelerator_at_fault_ends_with_what_check_finds(
    accelerator: str, line: int, words: str, tmp_path: Path
) -> None:
    for name, text in (("mine.yaml", accelerator), ("net.yaml", WORKLOAD), ("map.yaml", MAPPING)):
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as raised:
        onnx2zz.evaluate(tmp_path / "net.yaml", tmp_path / "mine.yaml", tmp_path / "map.yaml", lpf_limit=3, cache=False)
    *found, cure = raised.value.problems
    assert (f"{tmp_path / 'mine.yaml'}:{line}", True) in [(one.where, one.what.startswith(words)) for one in found]
    assert f"onnx2zz check {tmp_path / 'mine.yaml'} --fix -o DIR" in cure.what
