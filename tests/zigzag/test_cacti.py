"""CACTI in a private copy: stock ZigZag's numbers, nothing written into the package, two at once."""

import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
import zigzag

from onnx2zz.errors import InputError
from onnx2zz.zigzag import cacti_files
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.cacti import NoCostsError, costs
from onnx2zz.zigzag.cacti_costs import Asked
from onnx2zz.zigzag.cacti_files import POOL, cacti_digest
from onnx2zz.zigzag.predict import predict
from tests.cacti_stand_in import INSTALLED, asking, costs_of, stand_in

ROOT = Path(__file__).parents[2]
can_run = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the program that ZigZag brings"
)
posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of everything but what Python itself compiles."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {
        str(path.relative_to(folder)): (sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in files
    }


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in takes the place of the installed CACTI; its trace says how often it was started."""
    folder = stand_in(tmp_path / "cacti_master", tmp_path / "trace")
    monkeypatch.setattr(cacti_files, "cacti_folder", lambda: folder)
    costs.cache_clear()
    yield folder
    costs.cache_clear()


def starts(tmp_path: Path) -> int:
    trace = tmp_path / "trace"
    return len(trace.read_text().split()) if trace.exists() else 0


def package(site: Path) -> Path:
    """A whole ZigZag of one's own, for stock to write into."""
    shutil.copytree(
        Path(zigzag.__file__).parent, site / "zigzag", ignore=shutil.ignore_patterns("obj_dbg", "__pycache__")
    )
    return site / "zigzag" / "cacti" / "cacti_master"


def environment(site: Path) -> dict[str, str]:
    """With `site` first, and the Python that runs this under the name by which ZigZag starts one."""
    python = site / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    paths = os.pathsep.join(map(str, (site, ROOT)))
    return {**os.environ, "PYTHONPATH": paths, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}


STOCK = """
import json, sys
from zigzag.hardware.architecture.memory_instance import MemoryInstance
from zigzag.hardware.architecture.memory_port import MemoryPort, MemoryPortType
def of(kind, size, width):
    ports = (MemoryPort("w_port_1", MemoryPortType.WRITE, 8, 24), MemoryPort("r_port_1", MemoryPortType.READ, 8, width))
    one = MemoryInstance("m", size, ports=ports, mem_type=kind, auto_cost_extraction=True)
    return one.r_cost, one.w_cost, one.area
print("\\n" + json.dumps([of(*asked) for asked in json.loads(sys.argv[1])]))
"""
OURS = """
import json, sys
from onnx2zz.zigzag.cacti import costs
from onnx2zz.zigzag.cacti_costs import Asked
print(json.dumps([costs(Asked(*asked), "") for asked in json.loads(sys.argv[1])]))
"""


def said_by(script: str, questions: Sequence[Sequence[int | str]], env: dict[str, str]) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-B", "-c", script, json.dumps(questions)]
    return subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, text=True)


def answers(process: subprocess.Popen[str]) -> list[list[float]]:
    said, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(said.splitlines()[-1])


@can_run
def test_costs_are_those_of_stock_zigzag_whose_files_stay_as_they_are(tmp_path: Path) -> None:
    """A new memory, a register file (which ZigZag makes 128 times as large), a DRAM, and one of the pool."""
    pool = yaml.safe_load((INSTALLED / POOL).read_text()).values()
    known = next(one for one in pool if float(one.get("technology", -1)) == 0.022 and one["memory_type"] == "sram")
    questions = [["sram", 24 * 1024, 48], ["rf", 256, 16], ["dram", 2**23, 64]]
    questions.append(["sram", known["size_bit"], known["IO_bus_width"]])
    package(tmp_path)
    env = environment(tmp_path)
    before = contents(tmp_path / "zigzag")
    ours = answers(said_by(OURS, questions, env))
    assert contents(tmp_path / "zigzag") == before
    assert ours == answers(said_by(STOCK, questions, env))
    assert contents(tmp_path / "zigzag") != before  # stock's do not
    assert ours[3] == [1000 * known["cost"]["read_word"], 1000 * known["cost"]["write_word"], known["area"]]
    assert len({tuple(answer) for answer in ours}) == 4


@posix
def test_the_installed_package_is_left_alone(program: Path, tmp_path: Path) -> None:
    program_before, before = contents(program), contents(INSTALLED)
    for path in (program, *program.rglob("*")):
        path.chmod(0o500 if path.is_dir() or path.name == "cacti" else 0o400)
    assert costs(Asked("sram", 8 * 96, 24), "a") == pytest.approx(costs_of(8 * 96, 24))
    assert starts(tmp_path) == 1
    assert (contents(program), contents(INSTALLED)) == (program_before, before)


@posix
def test_two_at_once_say_what_one_alone_says(tmp_path: Path) -> None:
    """In stock ZigZag they share a folder, which each of them empties first."""
    folder = package(tmp_path)
    shutil.rmtree(folder)
    stand_in(folder, tmp_path / "trace", sleep=0.4)
    env = environment(tmp_path)
    questions: list[tuple[str, int, int]] = [("sram", 8 * 1000 * n, 8 * n) for n in (1, 2, 3)]
    before = contents(folder)
    both = [said_by(OURS, asked, env) for asked in (questions, questions[::-1])]
    first, second = map(answers, both)
    expected = [pytest.approx(costs_of(size, width)) for _, size, width in questions]
    assert (first, second[::-1]) == (expected, expected)
    assert starts(tmp_path) == 6 and contents(folder) == before


@posix
def test_it_is_asked_with_this_python_and_says_nothing_on_the_screen(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """ZigZag starts the `python` that comes first on the path, which need not know ZigZag."""
    wrong = tmp_path / "bin" / "python"
    wrong.parent.mkdir()
    wrong.write_text("#!/bin/sh\nexit 3\n")
    wrong.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrong.parent), prepend=os.pathsep)
    assert costs(Asked("sram", 8 * 96, 24), "a") == pytest.approx(costs_of(8 * 96, 24))
    assert capfd.readouterr() == ("", "")


@posix
def test_a_memory_of_the_pool_starts_no_program(program: Path, tmp_path: Path) -> None:
    pool = yaml.safe_load((program / POOL).read_text())
    entry = dict(next(one for one in pool.values() if float(one.get("technology", -1)) == 0.022))
    entry |= {"size_bit": 8 * 96, "IO_bus_width": 24, "area": 0.5, "cost": {"read_word": 0.25, "write_word": 0.125}}
    (program / POOL).write_text(yaml.safe_dump({**pool, "mine": entry}))
    assert costs(Asked(entry["memory_type"], 8 * 96, 24), "a") == (250.0, 125.0, 0.5)
    assert starts(tmp_path) == 0


SPOILT: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "cacti").write_text("#!/bin/sh\n"), "return value 1"),
    (lambda folder: (folder / "cacti").unlink(), "./cacti: not found"),
    (lambda folder: (folder / "cacti").chmod(0o644), "./cacti: Permission denied"),
    (lambda folder: (folder / POOL).unlink(), "FileNotFoundError"),
    (lambda folder: (folder / POOL).write_text("mine: {size_bit: 768}"), "KeyError: 'IO_bus_width'"),
    (lambda folder: (folder / "cacti_top.py").unlink(), "Cacti top file doesn't exist"),
]


@posix
@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_what_is_wrong_with_it_is_said(program: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(program)
    with pytest.raises(NoCostsError, match=said):
        costs(Asked("sram", 8 * 96, 24), "a")


@posix
def test_what_it_says_itself_is_said(program: Path) -> None:
    with pytest.raises(NoCostsError, match="Cache size must >=64"):
        costs(Asked("sram", 8 * 56, 24), "a")
    with pytest.raises(NoCostsError, match="No match in Cacti memory pool"):
        costs(Asked("hbm", 8 * 96, 24), "a")


@posix
@pytest.mark.parametrize("number", [".nan", ".inf", "-1.0"])
def test_a_cost_that_is_no_number_is_refused(program: Path, number: str) -> None:
    written = (program / "cacti").read_text().replace("b / 1e6", f'"{number.strip(".")}"')
    (program / "cacti").write_text(written.replace("%.9g, %.9g, %.9g", "%s, %.9g, %.9g"))
    with pytest.raises(NoCostsError, match="it says"):
        costs(Asked("sram", 8 * 96, 24), "a")


@pytest.mark.parametrize("file", [POOL, "cacti", "tech_params/22nm.dat", "cacti_top.py"])
def test_a_change_of_any_file_is_another_digest(program: Path, file: str) -> None:
    before = cacti_digest()
    assert cacti_digest() == before
    with (program / file).open("ab") as changed:
        changed.write(b"\n")
    assert cacti_digest() != before


def test_what_cacti_writes_beside_itself_is_no_other_digest(program: Path) -> None:
    before = cacti_digest()
    (program / "self_gen").mkdir()
    (program / "self_gen" / "cache.cfg").write_text("-size (bytes) 64\n")
    assert cacti_digest() == before


@posix
def test_every_way_to_an_accelerator_goes_by_a_private_copy(program: Path, tmp_path: Path) -> None:
    file = asking(tmp_path / "core.yaml", sram_2MB={"size": 8 * 4096}, rf_128B={"size": 8 * 96})
    before = contents(INSTALLED), contents(program)
    built = load_accelerator(file)
    found = {one.name: one.memory_instance for one in built.memory_hierarchy.mem_level_list}
    read, write, area = costs_of(8 * 4096, 2048)
    assert (found["sram_2MB"].r_cost, found["sram_2MB"].w_cost) == pytest.approx((read, write))
    assert found["sram_2MB"].area == pytest.approx(area)
    assert predict(yaml.safe_load(file.read_text()), None, None)[0].stage == "workload"
    assert (contents(INSTALLED), contents(program)) == before and starts(tmp_path) == 4


@posix
def test_check_predicts_that_cacti_says_nothing(program: Path, tmp_path: Path) -> None:
    """ZigZag's exception, word for word."""
    file = asking(tmp_path / "core.yaml", sram_2MB={"size": 8 * 32})
    (raised,) = [one for one in predict(yaml.safe_load(file.read_text()), None, None) if one.stage == "accelerator"]
    assert str(raised) == "ChildProcessError: Cacti subprocess call failed with return value 1."


def imc() -> dict[str, Any]:
    document = yaml.safe_load((Path(zigzag.__file__).parent / "inputs" / "hardware" / "dimc.yaml").read_text())
    document["memories"]["cells"]["auto_cost_extraction"] = True
    return document


@posix
def test_cells_that_compute_start_no_program_of_the_current_folder(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZigZag runs ./zigzag/cacti/cacti_master/cacti, whoever has put it there."""
    stand_in(tmp_path / "here" / "zigzag" / "cacti" / "cacti_master", tmp_path / "trap")
    monkeypatch.chdir(tmp_path / "here")
    Path("dimc.yaml").write_text(yaml.safe_dump(imc()))
    with pytest.raises(InputError, match="zigzag/cacti/cacti_master"):
        load_accelerator(Path("dimc.yaml"))
    (raised,) = [one for one in predict(imc(), None, None) if one.stage == "accelerator"]
    assert raised.kind == "FileNotFoundError"
    assert not (tmp_path / "trap").exists()


def test_zigzags_own_class_is_as_it_was_afterwards(program: Path, tmp_path: Path) -> None:
    from zigzag.cacti.cacti_parser import CactiParser
    from zigzag.hardware.architecture import memory_instance
    from zigzag.hardware.architecture.imc_unit import ImcUnit

    before = ImcUnit.__dict__["get_single_cell_array_cost_from_cacti"].__func__
    load_accelerator(asking(tmp_path / "core.yaml", rf_128B={}))
    assert memory_instance.CactiParser is CactiParser
    assert ImcUnit.__dict__["get_single_cell_array_cost_from_cacti"].__func__ is before
    assert pickle.dumps(load_accelerator(asking(tmp_path / "core.yaml", rf_128B={})).memory_hierarchy.mem_level_list[0])
