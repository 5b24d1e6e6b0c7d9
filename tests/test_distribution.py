"""What is uploaded works: wheel and sdist are built, installed into empty environments and tried in an empty folder."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_MB = 450
"""Of an environment that evaluates, that of `make evaluate`."""

pytestmark = pytest.mark.long


def run(*command: str | Path, folder: Path) -> str:
    """A command in a folder, without what the checkout or this environment would lend it."""
    surroundings = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    kept = {**surroundings, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run([*command], cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path, *packages: str | Path) -> Path:
    """A new environment with these packages; its folder of programs."""
    run(sys.executable, "-m", "venv", folder, folder=folder.parent)
    run(folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", *packages, folder=folder.parent)
    return folder / "bin"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist; the wheel is built from the sdist, as a package index would have it."""
    folder = tmp_path_factory.mktemp("dist")
    programs = environment(folder / "builds", "hatchling>=1.26")
    run(programs / "python", "-m", "hatchling", "build", "-t", "sdist", "-d", folder, folder=ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    run(programs / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, sdist, folder=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel, sdist


def megabytes(folder: Path) -> float:
    """What a folder takes, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def test_the_sdist_has_what_the_wheel_is_made_of(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        names = {name.split("/", 1)[-1] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "models/lenet5.onnx", "accelerators/seneca.yaml"} <= names
    assert not [name for name in names if name.startswith((".venv", "artefacts", "onnx2zz_out"))]


def test_the_wheel_has_what_ships_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
    shipped = {name.removeprefix("onnx2zz/shipped/") for name in names if name.startswith("onnx2zz/shipped/")}
    for folder, pattern in (("models", "*.onnx"), ("accelerators", "*.yaml"), ("mappings", "*.yaml")):
        assert {f"{folder}/{path.name}" for path in (ROOT / folder).glob(pattern)} <= shipped
    assert "onnx2zz/py.typed" in names and not [name for name in names if name.startswith(("tests", "docs", "scripts"))]


def test_the_wheel_evaluates_in_an_empty_environment_that_is_small(built: tuple[Path, Path], tmp_path: Path) -> None:
    programs = environment(tmp_path / "env", built[0])
    empty = tmp_path / "empty"
    empty.mkdir()
    said = run(programs / "onnx2zz", "evaluate", "lenet5", "--arch", "seneca", "--html", "r.html", folder=empty)
    assert "58,883" in said and (empty / "r.html").stat().st_size > 50_000
    assert "7 of 7 nodes" in run(programs / "onnx2zz", "verify", "lenet5", folder=empty)
    assert "seneca_4x4" in run(programs / "onnx2zz", "list", "systems", folder=empty)
    assert "lenet5" in run(programs / "python", "-c", "import onnx2zz; print(onnx2zz.models())", folder=empty)
    assert megabytes(tmp_path / "env") <= MOST_MB


def test_what_an_extra_brings_is_asked_for_in_a_sentence(built: tuple[Path, Path], tmp_path: Path) -> None:
    """ZigZag brings matplotlib and pandas along; pyarrow and distributed are nobody's but ours."""
    programs = environment(tmp_path / "env", built[0])
    (tmp_path / "spec.yaml").write_text("models: [lenet5]\naccelerators: [seneca]\n")
    for option, extra in (("--parquet", "parquet"), ("--scheduler", "cluster")):
        arguments = [option, "tcp://nobody:8786"] if option == "--scheduler" else [option]
        done = subprocess.run(
            [programs / "onnx2zz", "sweep", "spec.yaml", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1 and f'pip install "onnx2zz[{extra}]"' in done.stderr
