"""`onnx2zz convert`, as typed."""

from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from tests.conversion.python.old_files import ACCELERATOR, MAPPING, WORKLOAD


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a chip, its mapping and a workload in Python."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"chip": ACCELERATOR, "map": MAPPING, "net": WORKLOAD}.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def test_what_comes_out_is_priced_without_errors(here: Path) -> None:
    for name in ("chip", "map", "net"):
        assert run(["convert", f"{name}.py", "-o", f"{name}.yaml"]) == 0
    assert run(["check", "chip.yaml", "map.yaml", "net.yaml"]) == 0
    assert run(["evaluate", "net.yaml", "--arch", "chip.yaml", "--mapping", "map.yaml", "--no-cache"]) == 0


def test_one_document_without_a_place_goes_to_stdout(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "map.py"]) == 0
    printed = capsys.readouterr()
    assert [entry["name"] for entry in yaml.safe_load(printed.out)] == ["default", "Add", "Pooling"]
    assert "core_allocation" in printed.err


def test_several_documents_go_into_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "all.py").write_text(ACCELERATOR + MAPPING + WORKLOAD)
    assert run(["convert", "all.py"]) == 1
    assert "name a folder" in capsys.readouterr().err
    assert run(["convert", "all.py", "-o", "out"]) == 0
    assert {path.name for path in (here / "out").iterdir()} == {"accelerator.yaml", "mapping.yaml", "workload.yaml"}


def test_a_fault_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "chip.py").write_text(ACCELERATOR.replace("96 * KB", "unheard_of"))
    assert run(["convert", "chip.py", "-o", "chip.yaml"]) == 1
    assert "chip.py:17" in capsys.readouterr().err
    assert not (here / "chip.yaml").exists()


def test_check_of_python_names_the_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "chip.py"]) == 1
    assert "onnx2zz convert" in capsys.readouterr().out
