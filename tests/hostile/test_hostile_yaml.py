"""Accelerators, mappings and workloads that are broken, bombs, or full of YAML 1.1's traps."""

import codecs
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings

from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.formats.yaml_limits import LARGEST
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, NOT_PRICED, damaged, verdict
from tests.json_values import Document
from tests.small_workloads import gemm

LAUGHS = "a0: &a0 [x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
LAYER = "{id: 0, name: fc, operator_type: Gemm, equation: 'O[b][k]+=I[b][c]*W[c][k]', loop_dims: [B, K, C], "
WIDTHS = "operand_precision: {W: 8, I: 8, O: 16, O_final: 8}, operand_source: {I: 0, W: 0}"
REFUSED = {
    "nested": b"[" * 100_000,
    "nested by dashes": b"- " * 100_000,
    "nested maps": b"{a: " * 20_000,
    "billion laughs": LAUGHS.encode(),
    "an anchor in itself": b"&a [*a]",
    "UTF-16": "- name: default".encode("utf-16"),
    "Latin-1": b"- name: \xff",
    "no month 13": b"- 2020-13-45",
    "code": b"- !!python/object/apply:os.system ['touch pwned']",
    "ten thousand digits": b"- 1" + b"0" * 10_000,
    "two documents": b"---\na\n---\nb",
    "unhashable keys": b"? [a]\n: 1",
    "nothing": b"",
    "a number": b"5",
    "memories that are none": b"name: x\nmemories: 5\noperational_array: []",
    "a merge of itself": b"a: &a {<<: *a}",
    "1e3 is text": f"- {LAYER} loop_sizes: [1e3, 3, 4], {WIDTHS}}}".encode(),
    "no is false": f"- {LAYER} loop_sizes: no, {WIDTHS}}}".encode(),
    "negative loops": f"- {LAYER} loop_sizes: [7, 3, -4], {WIDTHS}}}".encode(),
    "padding of a number": f"- {LAYER} loop_sizes: [7, 3, 4], {WIDTHS}, padding: 5, pr_loop_dims: 3}}".encode(),
    "relations of a number": f"- {LAYER} loop_sizes: [7, 3, 4], {WIDTHS}, dimension_relations: 5}}".encode(),
    "a type of markup": f"- {LAYER} loop_sizes: [7, 3, 4], {WIDTHS}}}".replace("Gemm", "'[/x]'").encode(),
}
AS = {
    "workload": ["evaluate", "hostile.yaml", "--arch", "tpu_like"],
    "mapping": ["evaluate", "good.yaml", "--arch", "tpu_like", "--mapping", "hostile.yaml"],
    "accelerator": ["evaluate", "good.yaml", "--arch", "hostile.yaml", "--mapping", "tpu_like"],
}


def judged(content: bytes, arguments: Sequence[str], folder: Path) -> int:
    (folder / "hostile.yaml").write_bytes(content)
    (folder / "good.yaml").write_text(yaml.safe_dump([gemm(0, None, "fc", k=6, c=5)]))
    return verdict([*arguments, "--no-cache", "-o", "out"], folder)


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_refused_whatever_it_is_given_as(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in AS.values():
        assert judged(content, arguments, tmp_path) == INPUT_AT_FAULT
        assert "error: hostile.yaml" in capsys.readouterr().err
    assert verdict(["check", "hostile.yaml"], tmp_path) in (FINE, INPUT_AT_FAULT)  # ZigZag's schema is for evaluate
    assert not (tmp_path / "out").exists()


SWEEPS = {
    "a number beyond all": f"parameters: {{n: {{from: {10**400}, to: 3, times: 2}}}}, set: {{a: n}}",
    "steps beyond all": "parameters: {n: {from: 1.0e-300, to: 1.0e+100, times: 1.0e+100}}, set: {a: n}",
    "bombs of powers": "parameters: {n: [64]}, set: {operational_array.sizes.D1: ((9**n)**n)**n**n}",
}


@pytest.mark.parametrize("accelerator", SWEEPS.values(), ids=SWEEPS.keys())
def test_a_sweep_of_absurd_numbers_is_refused(
    accelerator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"models: [lenet5]\naccelerators: [{{template: tpu_like, name: core, {accelerator}}}]"
    (tmp_path / "sweep.yaml").write_text(text)
    assert verdict(["sweep", "sweep.yaml", "--dry-run", "-o", "out"], tmp_path) == INPUT_AT_FAULT
    assert all(line.startswith("error: sweep.yaml:2") for line in capsys.readouterr().err.splitlines())


TRAPS = {
    "no": "no",
    "010": "010",
    "1e3": "1e3",
    "a date": "2020-01-02",
    "off": "off",
    "0o7": "0o7",
    "1_0": "1_0",
    "12:30": "12:30",
}


LONG = "a" * 5000
"""No file system takes a name of so many letters, and says so in its own way."""


def test_names_too_long_for_a_path_in_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sweep.yaml").write_text(f"models: [{LONG}]\naccelerators: [{LONG}]\noptions: {{mapping: {LONG}}}\n")
    assert verdict(["sweep", "sweep.yaml", "--dry-run", "-o", "out"], tmp_path) == INPUT_AT_FAULT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("error: sweep.yaml:") for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", LONG],
        ["evaluate", "lenet5", "-o", "out", "--arch", LONG],
        ["evaluate", "lenet5", "-o", "out", "--arch", "seneca", "--events", LONG],
        ["check", f"{LONG}.yaml"],
        ["compile", "lenet5", "-o", LONG],
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_a_name_too_long_for_a_path(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(arguments, tmp_path) == INPUT_AT_FAULT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: aaa")


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS.keys())
@pytest.mark.parametrize("place", ["name", "size"])
def test_what_yaml_makes_of_plain_words(
    trap: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a name or a size is meant, YAML 1.1 may see a truth, an octal or sexagesimal number, or a date. Sizes
    that are numbers are taken as YAML has them: 010 is eight, and 12:30 is 750."""
    name, size = (trap, "5") if place == "name" else ("fc", trap)
    entry = f"- {LAYER} loop_sizes: [7, 3, {size}], {WIDTHS}}}".replace("name: fc", f"name: {name}")
    code = judged(entry.encode(), AS["workload"], tmp_path)
    taken = yaml.safe_load(trap)
    if place == "size":
        assert code == (FINE if type(taken) is int else INPUT_AT_FAULT)
    if code == INPUT_AT_FAULT:
        assert all(line.startswith("error: hostile.yaml") for line in capsys.readouterr().err.splitlines())


def test_padding_that_is_no_numbers_is_looked_at_by_check(tmp_path: Path) -> None:
    layer: Document = {
        **gemm(0, None, "fc", k=6, c=5),
        "pr_loop_dims": ["IX"],
        "pr_loop_sizes": [4],
        "padding": [["x", {}]],
    }
    (tmp_path / "f.yaml").write_text(yaml.safe_dump([{**layer, "dimension_relations": ["ix=1*k+1*c"]}]))
    assert verdict(["check", "f.yaml"], tmp_path) in (FINE, INPUT_AT_FAULT)


@pytest.mark.parametrize("kind", AS)
def test_a_key_that_stands_there_twice(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last one counts, as for ZigZag, whose own tpu_like.yaml has one; `check` names the place."""
    (tmp_path / "f.yaml").write_bytes(WHOLE[kind].replace(b"name:", b"name: first\n  name:", 1))
    if kind == "accelerator":
        (tmp_path / "f.yaml").write_bytes(WHOLE[kind] + b"\nname: another\n")
    assert verdict(["check", "f.yaml"], tmp_path) == FINE
    assert "`name` stands here a second time" in capsys.readouterr().out


def test_a_byte_order_mark_and_repeats_are_fine(tmp_path: Path) -> None:
    first, second = gemm(0, None, "fc", k=6, c=5), gemm(1, 0, "fc2", k=7, c=6)
    assert first["operand_precision"] is second["operand_precision"]  # which is dumped as an anchor and an alias
    layers = yaml.safe_dump([first, second])
    assert "*" in layers
    assert judged(codecs.BOM_UTF8 + layers.encode(), AS["workload"], tmp_path) == FINE


def test_a_file_of_a_hundred_million_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "big.yaml").open("w") as big:
        big.truncate(LARGEST + 1)
    assert verdict(["check", "big.yaml"], tmp_path) == INPUT_AT_FAULT
    assert "more than 64 million characters" in capsys.readouterr().out


ACCELERATOR = find_accelerator("tpu_like")
WHOLE = {
    "workload": yaml.safe_dump([gemm(0, None, "fc", k=6, c=5)]).encode(),
    "mapping": choose_mapping(None, ACCELERATOR).path.read_bytes(),
    "accelerator": ACCELERATOR.path.read_bytes(),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_damaged_file_is_evaluated_or_refused(kind: str) -> None:
    @settings(max_examples=10)
    @given(damaged([WHOLE[kind]]))
    def judge(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            assert judged(content, AS[kind], Path(folder)) in (FINE, INPUT_AT_FAULT, NOT_PRICED)
            assert verdict(["check", "hostile.yaml", "good.yaml"], Path(folder)) in (FINE, INPUT_AT_FAULT)

    judge()
