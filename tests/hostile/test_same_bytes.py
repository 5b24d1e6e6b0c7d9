"""The same input gives the same bytes: on every run, with any number of workers, under any PYTHONHASHSEED."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onnx2zz.pricing import workers
from tests.hostile.hostile_files import FINE, verdict

OUTPUTS = ("workload.yaml", "coverage.json", "mapping.yaml", "result.json", "layers.csv", "page.html")
EVALUATE = ["evaluate", "lenet5", "--arch", "tpu_like", "--lpf-limit", "2", "-o", "out", "--csv", "out/layers.csv"]
PAGE = ["--html", "out/page.html"]


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "out" / name).read_bytes() for name in OUTPUTS}


@pytest.fixture
def first(tmp_path: Path) -> dict[str, bytes]:
    (tmp_path / "first").mkdir()
    assert verdict([*EVALUATE, *PAGE, "--no-cache", "--jobs", "1"], tmp_path / "first") == FINE
    return outputs(tmp_path / "first")


def test_under_any_hash_seed(first: dict[str, bytes], tmp_path: Path) -> None:
    script = "from onnx2zz.cli.main import main; main()"
    for seed in ("1", "77", "4294967295"):
        subprocess.run(
            [sys.executable, "-c", script, *EVALUATE, *PAGE, "--no-cache", "--jobs", "1"],
            cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
        )  # fmt: skip
        assert outputs(tmp_path) == first


def test_with_workers(first: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_S", 0)
    assert verdict([*EVALUATE, *PAGE, "--no-cache", "--jobs", "3"], tmp_path) == FINE
    assert outputs(tmp_path) == first


def test_from_the_cache(first: dict[str, bytes], tmp_path: Path) -> None:
    """Two things are said of the cache itself: which layers came from it, and how many did not."""
    for _ in range(2):
        assert verdict([*EVALUATE, *PAGE, "--cache", "out/cache"], tmp_path) == FINE
    from_cache = outputs(tmp_path)["result.json"].decode()
    as_first = from_cache.replace('"from_cache": true', '"from_cache": false').replace(
        '"evaluated": 0', '"evaluated": 7'
    )
    assert as_first == first["result.json"].decode()


LEFT = """
import gc, sys
from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_model

found = [find_model(name).path for name in sys.argv[1:]]
for path in found:
    compile_model(path)  # what is made once for the whole process
gc.collect()
gc.set_debug(gc.DEBUG_SAVEALL)
for path in found:
    compile_model(path)
gc.collect()
print(sorted({type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith("onnx2zz")}))
"""
"""What compiles leave that holds itself. A process of its own: other tests leave such things, too."""


def test_a_compile_leaves_nothing_for_the_collector_of_cycles() -> None:
    """The collector is paused while a compile runs, and would find what holds itself only much later."""
    command = [sys.executable, "-c", LEFT, "lenet5", "vit_small", "yolov3_tiny"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory as /proc tells it")
def test_a_long_process_does_not_grow_nor_change_its_mind() -> None:
    """1,000 compiles and 200 evaluations in one process (scripts/reliability/soak.py)."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.reliability.soak"], cwd=Path(__file__).parents[2], capture_output=True
    )
    assert done.returncode == 0, done.stdout
