"""`list`, `python -m onnx2zz`, and folders that are called after what is run."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from onnx2zz.formats.shipped_files import Found, find_accelerator, find_mapping, find_model


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_name_that_is_listed_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    finders: dict[str, Callable[[str], Found]] = {
        "models": find_model,
        "accelerators": find_accelerator,
        "mappings": find_mapping,
        "systems": find_accelerator,
    }
    for kind, find in finders.items():
        assert run(["list", kind]) == 0
        names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert names and all(find(name).path.is_file() for name in names)
    assert run(["list"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.rstrip(":") for line in said if line.endswith(":")] == list(finders)
    assert "  seneca_4x4" in said and any(line.split() == ["tpu_like", "ZigZag's"] for line in said)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "onnx2zz", "list", "systems"], capture_output=True, text=True, check=True
    )
    assert "seneca_2x2" in done.stdout.splitlines()


def test_output_auto_is_called_after_model_and_accelerator(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "lenet5", "-o", "auto"]) == 0
    assert run(["compile", "lenet", "--arch", "seneca.yaml", "-o", "auto"]) == 0
    assert run(["evaluate", "lenet5", "--arch", "zigzag:tpu_like", "-o", "auto", "--lpf-limit", "2"]) == 0
    said = capsys.readouterr().err
    for name, file in (
        ("lenet5", "workload.yaml"),
        ("lenet_on_seneca", "mapping.yaml"),
        ("lenet5_on_tpu_like", "result.json"),
    ):
        assert Path(name, file).is_file() and f"output folder: {name}\n" in said
    assert run(["evaluate", "--arch", "seneca", "-o", "auto"]) == 2
    assert "called after the model, and none is given" in capsys.readouterr().err
