"""What commands say beside their results, and what a shell completes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import ACCELERATORS, MODELS, ours
from tests.small_workloads import gemm

EVALUATE = ["evaluate", "lenet5", "--arch", "seneca", "--lpf-limit", "2", "--jobs", "1"]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, list[str]]:
    """Stdout, and the lines of stderr."""
    assert run(arguments) == 0
    told = capsys.readouterr()
    return told.out, told.err.splitlines()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_a_line_each_says_mapping_cache_and_files(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    _, first = said(capsys, *EVALUATE, "--csv", "found.csv")
    _, again = said(capsys, *EVALUATE, "--csv", "found.csv")
    files = ["coverage.json", "mapping.yaml", "result.json", "workload.yaml", "zigzag.log"]
    where = folder / "cache" / "onnx2zz"
    assert f"prices: 7 found now, those of 0 of 7 layers from the cache in {where}" in first
    assert f"prices: 0 found now, those of 7 of 7 layers from the cache in {where}" in again
    assert [line for line in first if line.startswith("mapping: ") and "ships under the accelerator's name" in line]
    assert first[-2:] == [f"wrote {', '.join(files)} to onnx2zz_out", "wrote found.csv"]
    assert again[-1] == "wrote found.csv (overwritten)" and again[-2].count("(overwritten)") == len(files)


def test_prices_are_counted_wherever_they_come_from(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """On a system more is priced than a layer each; annealing keeps nothing; what has no price is in no cache."""

    def prices(*arguments: str) -> str:
        _, lines = said(capsys, "evaluate", *arguments, "--lpf-limit", "2", "--jobs", "1")
        return next(line for line in lines if line.startswith("prices: "))

    (folder / "one.yaml").write_text(yaml.safe_dump([gemm(0, None, "one", b=2, k=6, c=10)]))
    where = folder / "cache" / "onnx2zz"
    of_system = re.fullmatch(
        r"prices: (\d+) found now, those of 0 of 1 layer from (.*)", prices("one.yaml", "--arch", "seneca_2x2")
    )
    assert of_system is not None and int(of_system[1]) > 1 and of_system[2] == f"the cache in {where}"
    again = prices("one.yaml", "--arch", "seneca_2x2")
    assert again == f"prices: 0 found now, those of 1 of 1 layer from the cache in {where}"
    annealed = prices("one.yaml", "--arch", "seneca", "--engine", "salsa")
    assert annealed == "prices: 1 found now, none from a cache, as annealing may find others each time"
    chip = yaml.safe_load(ours(ACCELERATORS)["seneca"].read_text())
    chip["memories"]["shared_memory"]["size"] = 2_200_000
    (folder / "large.yaml").write_text(yaml.safe_dump([gemm(0, None, "large", k=700, c=1000)]))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(chip, sort_keys=False))
    assert run(["evaluate", "large.yaml", "--arch", "tiny.yaml", "--mapping", "seneca", "--jobs", "1"]) == 3
    assert f"prices: 0 found now, those of 0 of 1 layer from the cache in {where}" in capsys.readouterr().err


def test_why_a_mapping_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    _, asked = said(capsys, *EVALUATE, "--mapping", "seneca")
    assert [line for line in asked if line.endswith("(--mapping seneca)")]
    _, chosen = said(capsys, *EVALUATE, "--mapping", "auto")
    assert [line for line in chosen if line.startswith("mapping: auto for each layer") and line.endswith("(as asked)")]
    assert run(["compile", "lenet5", "--arch", "seneca", "-o", "made"]) == 0
    _, compiled = said(capsys, "evaluate", "--arch", "seneca", "-o", "made", "--lpf-limit", "2", "--jobs", "1")
    assert [line for line in compiled if line.endswith("(compiled for seneca)")]


def test_where_zoo_and_evaluate_take_other_mappings_both_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    told = "on tpu_like `zoo` prices with zigzag:tpu_like, and `evaluate` chooses for each layer unless asked"
    _, lines = said(capsys, "evaluate", "lenet5", "--arch", "tpu_like", "--lpf-limit", "2", "--jobs", "1")
    assert [line for line in lines if line.startswith("mapping: auto") and told in line]
    _, lines = said(capsys, "zoo", "run", "--quick", "--model", "lenet5", "--arch", "tpu_like", "--arch", "seneca")
    assert [line for line in lines if "`zoo` prices" in line] == [told]


def test_quiet_leaves_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    loud, _ = said(capsys, *EVALUATE)
    assert said(capsys, *EVALUATE, "-q") == (loud, [])
    assert said(capsys, "evaluate", "lenet.onnx", *EVALUATE[2:], "--quiet")[1] == []
    assert said(capsys, "compile", "lenet5", "-q", "-o", "auto")[1] == []


def test_verbose_says_which_file_a_name_stands_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = said(capsys, *EVALUATE, "-v")
    assert f"model: {ours(MODELS)['lenet5']}" in lines


def test_quiet_and_verbose_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*EVALUATE, "-q", "-v"]) == 2
    assert "say one of them" in capsys.readouterr().err


def completed(*words: str) -> list[str]:
    """What bash is offered for the last of the words of a line."""
    asked = {"_ONNX2ZZ_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    script = "from onnx2zz.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    return [line.split(",", 1)[1] for line in done.stdout.splitlines() if line.startswith("plain,")]


def test_a_shell_completes_commands_and_names() -> None:
    assert completed("onnx2zz", "ev") == ["evaluate"]
    assert "lenet5" in completed("onnx2zz", "evaluate", "len")
    architectures = completed("onnx2zz", "evaluate", "lenet5", "--arch", "sen")
    assert "seneca_4x4" in architectures and {name for name in ours(ACCELERATORS) if name.startswith("sen")} <= {
        *architectures
    }
    assert "auto" in completed("onnx2zz", "evaluate", "lenet5", "--mapping", "a")
    assert "--lpf-limit" in completed("onnx2zz", "evaluate", "--lp")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_page_is_a_script_that_the_shell_takes(shell: str, folder: Path) -> None:
    script = "from onnx2zz.cli.main import main; main()"
    asked = {**os.environ, "_ONNX2ZZ_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, "-c", script], env=asked, capture_output=True, text=True, check=False)
    assert "_ONNX2ZZ_COMPLETE" in done.stdout and done.returncode == 0
    if found := shutil.which(shell):
        (folder / "script").write_text(done.stdout)
        assert subprocess.run([found, "-n", "script"], cwd=folder, check=False).returncode == 0


def test_reports_that_a_page_leads_to_are_told(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """By their names where they are few, else by how many they are and how many took another's place."""
    spec = {"models": ["lenet5"], "accelerators": ["seneca"], "options": {"lpf_limit": [1, 2]}}
    (folder / "few.yaml").write_text(yaml.safe_dump(spec))
    asked = ["--jobs", "1", "-o", "swept", "--html", "page.html"]
    _, lines = said(capsys, "sweep", "few.yaml", *asked)
    (told,) = [line for line in lines if line.endswith(" to page_runs")]
    names = sorted(file.name for file in (folder / "page_runs").iterdir())
    assert told == f"wrote {', '.join(names)} to page_runs" and len(names) == 4
    (folder / "many.yaml").write_text(yaml.safe_dump({**spec, "options": {"lpf_limit": [1, 2, 3, 4, 5, 6, 7]}}))
    _, lines = said(capsys, "sweep", "many.yaml", *asked)
    assert "wrote 14 files, 4 of them overwritten to page_runs" in lines
