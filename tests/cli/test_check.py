"""`onnx2zz check` on the command line: exit codes, JSON, files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onnx2zz.checks.registry import checks
from onnx2zz.cli.check import check_command
from onnx2zz.cli.colour import asked_for
from onnx2zz.cli.main import run
from tests.checks.test_families import ACCELERATOR, MAPPING, WORKLOAD

FIELDS = {"code", "severity", "file", "line", "column", "layer", "message", "zigzag", "fix"}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, text in (("a.yaml", ACCELERATOR), ("m.yaml", MAPPING), ("w.yaml", WORKLOAD)):
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in ("a.yaml", "m.yaml", "w.yaml")]


def check(*arguments: str) -> Result:
    return CliRunner().invoke(check_command, list(arguments))


def test_a_sound_triple_has_no_finding(files: list[str]) -> None:
    result = check(*files, "--json", "-")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"findings": []})


def test_json_has_the_documented_fields(files: list[str]) -> None:
    Path(files[2]).write_text(WORKLOAD.replace("{I: 0, W: 1}", "{I: 7, W: 1}"))
    result = check(*files, "--json", "-")
    assert result.exit_code == 1
    (found,) = [one for one in json.loads(result.stdout)["findings"] if one["severity"] == "error"]
    assert set(found) == FIELDS
    assert found["code"] == "bad-source"
    assert found["code"] in checks()
    assert found["zigzag"] == "AssertionError: Illegal reference to non-existent layer with id 7"


def test_files_alone_are_judged_as_far_as_they_go(files: list[str]) -> None:
    assert [check(file).exit_code for file in files] == [0, 0, 0]


def test_a_broken_file_is_a_finding_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("memories: [1\n")
    result = check(str(tmp_path / "x.yaml"))
    assert result.exit_code == 1
    assert "[yaml] no valid YAML" in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a.yaml", "--fix"], 2),
        (["a.yaml", "--decide", "capacity=enlarge"], 2),
        (["a.yaml", "--fix", "-o", "out", "--decide", "capacity=shrink"], 2),
        (["a.yaml", "a.yaml"], 1),
        (["nothing.yaml"], 1),
        (["--explain", "capacity"], 0),
        (["--explain", "capacities"], 2),
    ],
)
def test_exit_codes(files: list[str], arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(files[0]).parent)
    assert run(["check", *arguments]) == code


def test_fix_writes_a_set_that_runs(files: list[str], tmp_path: Path) -> None:
    Path(files[0]).write_text(ACCELERATOR.replace('allocation: ["O, fh", ', "allocation: ["))
    assert check(*files).exit_code == 1
    fixed = check(*files, "--fix", "-o", str(tmp_path / "out"))
    assert fixed.exit_code == 0
    assert "+      allocation: ['O, tl', 'O, fl', 'O, th', 'O, fh']" in fixed.output
    assert check(*(str(tmp_path / "out" / Path(file).name) for file in files)).exit_code == 0
    assert (tmp_path / "out" / "w.yaml").read_text() == WORKLOAD, "what needs no repair keeps its text"


def test_explain_says_what_a_code_means_without_any_file() -> None:
    result = check("--explain", "capacity")
    assert result.exit_code == 0
    head, files, zigzag, cure, *decisions = result.stdout.splitlines()
    assert head.startswith("capacity (error): a layer's operands do not fit the topmost memory")
    assert files == "    looks at: accelerator and workload"
    assert zigzag == "    ZigZag: NoValidLoopOrderingFoundException"
    assert cure.startswith("    cure:   a level above the memory")
    assert [line.partition(":")[0] for line in decisions] == [
        f"    --decide capacity={choice}" for choice in ("extend", "add-dram", "enlarge")
    ]


def test_explain_lists_the_codes_where_there_is_no_such_code() -> None:
    result = check("--explain", "capacities")
    assert result.exit_code == 2
    assert "there is no code capacities; codes: bad-source, capacity, core-file, cost, " in result.stderr


def test_every_code_is_explained() -> None:
    for code in checks():
        assert check("--explain", code).stdout.startswith(f"{code} (")


def test_a_finding_shows_its_line_with_a_caret(files: list[str]) -> None:
    Path(files[0]).write_text(ACCELERATOR.replace("size: 32", "sise: 32", 1))
    lines = check(files[0]).output.splitlines()
    (number,) = [n for n, line in enumerate(lines) if "[unknown-field]" in line]
    assert lines[number + 1 : number + 3] == ["    4 |     sise: 32", "      |     ^^^^^"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "CI": "true"}, True),
        ({"CI": "true"}, False),
        ({"NO_COLOR": "", "CI": ""}, None),
    ],
)
def test_what_the_environment_says_of_colours(environment: dict[str, str], wanted: bool | None) -> None:
    assert asked_for(environment) is wanted


def test_colours_are_written_where_they_are_forced(
    files: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(files[0]).write_text(ACCELERATOR.replace("size: 32", "sise: 32", 1))
    coloured: list[bool] = []
    for name in ("NO_COLOR", "FORCE_COLOR"):
        for other in ("NO_COLOR", "FORCE_COLOR", "CI"):
            monkeypatch.delenv(other, raising=False)
        monkeypatch.setenv(name, "1")
        assert run(["check", files[0]]) == 1
        coloured.append("\x1b[" in capfd.readouterr().out)
    assert coloured == [False, True]


def test_a_mapping_of_stream_is_said_to_be_a_placement(tmp_path: Path) -> None:
    (tmp_path / "stream.yaml").write_text("layers:\n- name: Conv\n  core_allocation: [[0, 1]]\n")
    result = check(str(tmp_path / "stream.yaml"))
    assert result.exit_code == 1
    assert "--placement FILE" in result.output and "this is a mapping of Stream's" in result.output
