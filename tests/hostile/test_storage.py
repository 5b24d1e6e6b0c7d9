"""Disks that are full, folders that cannot be written, caches that several runs use at once, clocks that go back."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.files.written_file import write_together
from onnx2zz.pricing.cache_on_disk import FILE, Store
from tests.hostile.hostile_files import FINE, INPUT_AT_FAULT, verdict
from tests.present import present
from tests.small_workloads import gemm

posix = pytest.mark.skipif(os.name != "posix", reason="limits of the operating system")
EVALUATE = [
    "evaluate",
    "net.yaml",
    "--arch",
    "tpu_like",
    "--mapping",
    "zigzag:tpu_like",
    *["--lpf-limit", "3", "--cache", "cache", "-o", "out"],
]
SWEEP = {"models": ["lenet5"], "accelerators": ["tpu_like"], "options": {"lpf_limit": [1, 2, 3, 4, 5]}}
NOBODY = 65534


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(yaml.safe_dump([gemm(0, None, "fc", k=6, c=5), gemm(1, 0, "fc2", k=15, c=6)]))
    Path("sweep.yaml").write_text(yaml.safe_dump(SWEEP))
    return tmp_path


def in_a_process(prepared: Callable[[], None], *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of a command in a process that is `prepared` first."""
    said_in, said_out = os.pipe()
    process = os.fork()
    if not process:
        os.dup2(said_out, 2)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        prepared()
        code = run(arguments)
        sys.stderr.flush()
        os._exit(code)
    os.close(said_out)
    with open(said_in) as said:  # noqa: PTH123
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text


def files_of(size: int) -> Callable[[], None]:
    """No file may become larger than `size` bytes: as on a disk that is full."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@posix
@pytest.mark.parametrize("size", [0, 300, 5_000])
def test_a_full_disk_leaves_no_half_output(size: int) -> None:
    code, said = in_a_process(files_of(size), *EVALUATE)
    assert code == INPUT_AT_FAULT
    assert "cannot be written (File too large)" in said
    assert [path.name for path in Path("out").iterdir() if path.suffix != ".log"] == []


@posix
def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_a_disk_that_is_full_for_one_of_the_files_keeps_those_of_the_model_before() -> None:
    """workload.yaml of one model beside coverage.json of another would be read as one."""
    assert run(["compile", "lenet5", "-o", "out"]) == FINE
    assert run(["compile", "tiny_yolov2", "-o", "other"]) == FINE
    before = contents("out")
    smaller, larger = sorted(map(len, contents("other").values()))
    code, said = in_a_process(files_of((smaller + larger) // 2), "compile", "tiny_yolov2", "-o", "out")
    assert code == INPUT_AT_FAULT and "cannot be written" in said
    assert contents("out") == before


@pytest.mark.parametrize("calls", range(5))
def test_a_process_that_is_killed_while_it_writes_leaves_files_of_one_model(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before any of the five calls that change names in the folder."""
    for model in ("lenet5", "tiny_yolov2"):
        assert run(["compile", model, "--arch", "seneca", "-o", model]) == FINE
    for name, content in contents("lenet5").items():
        (Path("out") / name).parent.mkdir(exist_ok=True)
        (Path("out") / name).write_bytes(content)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        left = iter(range(calls))
        for name in ("replace", "unlink"):
            patched.setattr(Path, name, killed_after(left, getattr(Path, name)))
        write_compiled_again("tiny_yolov2", "out")
    found = {name: content for name, content in contents("out").items() if not name.startswith(".")}
    assert found.items() <= contents("lenet5").items() or found.items() <= contents("tiny_yolov2").items()
    assert "workload.yaml" in found


def killed_after(left: Iterator[int], method: Callable[..., Any]) -> Callable[..., Any]:
    """The method; it is not called any more when `left` has run out."""

    def called(*arguments: Any, **options: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return method(*arguments, **options)

    return called


def write_compiled_again(source: str, folder: str) -> None:
    texts = {name: content.decode() for name, content in contents(source).items()}
    beside = {Path(folder, name): texts[name] for name in ("coverage.json", "mapping.yaml")}
    write_together(Path(folder, "workload.yaml"), texts["workload.yaml"], beside)


def test_a_full_disk_costs_the_cache_only_and_a_warning() -> None:
    Path("cache").mkdir()
    code, said = in_a_process(files_of(40_000), *EVALUATE)
    assert code == FINE
    with Store(Path("cache"), pytest.fail) as cache:
        assert cache.count() > 0
    code, said = in_a_process(files_of(20_000), *EVALUATE, "--opt", "energy")
    assert code == FINE
    assert json.loads(Path("out/result.json").read_text())["evaluated"] == 2
    assert "warning: the cache" in said and "is not used" in said


@posix
def test_a_full_disk_ends_a_sweep_which_goes_on_when_there_is_room() -> None:
    code, said = in_a_process(files_of(13_000), "sweep", "sweep.yaml", "--cache", "cache", "-o", "out")
    assert code == INPUT_AT_FAULT
    assert "error: out/sweep.sqlite: cannot be written (" in said and "goes on from here" in said
    assert not Path("out/runs.csv").exists()
    assert verdict(["sweep", "sweep.yaml", "--cache", "out/cache", "-o", "out"], Path.cwd()) == FINE


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("option", ["--csv", "--json", "--html"])
def test_a_device_is_written_to_and_stays_one(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    device = Path("/dev/full").stat()
    assert verdict([*EVALUATE, "--no-cache", option, "/dev/full"], Path.cwd()) == INPUT_AT_FAULT
    assert "error: /dev/full: cannot be written (No space left on device)" in capsys.readouterr().err
    assert Path("/dev/full").stat().st_rdev == device.st_rdev


@posix
def test_a_full_or_closed_stdout_is_no_bug_of_ours() -> None:
    script = "from onnx2zz.cli.main import main; main()"
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-c", script, "ops"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (INPUT_AT_FAULT, "error: the output: No space left on device\n")
    nobody_reads = os.pipe()
    os.close(nobody_reads[0])
    done = subprocess.run([sys.executable, "-c", script, "ops"], stdout=nobody_reads[1], stderr=subprocess.PIPE)
    os.close(nobody_reads[1])
    assert (done.returncode, done.stderr) == (INPUT_AT_FAULT, b"")


@posix
@pytest.mark.parametrize("closed", [(1,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("command", [["ops"], [*EVALUATE], [*EVALUATE, "--json", "-"]])
def test_a_stdout_that_is_closed_is_said_and_costs_no_file(command: list[str], closed: tuple[int, ...]) -> None:
    """Without a stand-in the next file that is opened is number 1, the database of prices for one."""
    script = "from onnx2zz.cli.main import main; main()"
    arguments = [sys.executable, "-c", script, *command, *(["--csv", "out/layers.csv"] if len(command) > 1 else [])]
    done = subprocess.run(
        arguments, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: [os.close(number) for number in closed]
    )
    assert done.returncode == INPUT_AT_FAULT
    if 2 not in closed:
        assert done.stderr.splitlines()[-1] == "error: the output: Bad file descriptor"
    if len(command) > 1:
        assert all(layer["energy_pj"] > 0 for layer in json.loads(Path("out/result.json").read_text())["layers"])
        assert len(Path("out/layers.csv").read_text().splitlines()) == 3
        with Store(Path("cache"), pytest.fail) as cache:
            assert cache.count() > 0


@posix
def test_a_reader_that_has_gone_costs_no_file() -> None:
    """`onnx2zz evaluate ... | true`: the table is lost, what was to be written is there."""
    script = "from onnx2zz.cli.main import main; main()"
    command = [*EVALUATE, "--csv", "out/layers.csv", "--json", "out/net.json", "--html", "out/page.html"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-u", "-c", script, *command], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == INPUT_AT_FAULT
    assert b"bug" not in done.stderr and b"Traceback" not in done.stderr
    files = ("result.json", "layers.csv", "net.json", "page.html")
    assert [name for name in files if not Path("out", name).is_file()] == []


@posix
def test_a_log_that_somebody_has_linked_elsewhere_leaves_that_file_alone(folder: Path) -> None:
    Path("out").mkdir()
    Path("precious").write_text("mine")
    for name in ("zigzag.log", "result.json"):
        Path("out", name).symlink_to(folder / "precious")
    assert verdict([*EVALUATE, "--no-cache"], folder) == FINE
    assert Path("precious").read_text() == "mine"
    assert not Path("out/zigzag.log").is_symlink() and not Path("out/result.json").is_symlink()


def as_nobody() -> None:
    """Root may write everywhere."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)


@pytest.fixture
def locked(folder: Path) -> Iterator[Callable[[Path], object]]:
    """Makes folders that may be read and not written."""
    opened = [*[parent for parent in folder.parents if not parent.stat().st_mode & 0o005], folder]
    modes = [path.stat().st_mode for path in opened]
    for path in opened:
        path.chmod(0o755)
    yield lambda path: [one.chmod(0o555 if one.is_dir() else 0o444) for one in (path, *path.rglob("*"))]
    for path, mode in zip(opened, modes, strict=True):
        path.chmod(mode)


@posix
def test_a_cache_that_may_not_be_written_is_done_without(locked: Callable[[Path], object], folder: Path) -> None:
    assert verdict([*EVALUATE, "--cache", "out/cache"], folder) == FINE
    before = json.loads(Path("out/result.json").read_text())
    kept = {path: path.read_bytes() for path in Path("out/cache").iterdir()}
    locked(Path("out/cache"))
    Path("elsewhere").mkdir()
    Path("elsewhere").chmod(0o777)
    code, said = in_a_process(as_nobody, *EVALUATE, "--cache", "out/cache", "-o", "elsewhere")
    assert code == FINE
    assert "warning: the cache" in said
    assert json.loads(Path("elsewhere/result.json").read_text())["total"] == before["total"]
    assert {path: path.read_bytes() for path in Path("out/cache").iterdir()} == kept


@posix
def test_an_output_folder_that_may_not_be_written_is_the_users_to_change(locked: Callable[[Path], object]) -> None:
    Path("locked").mkdir()
    locked(Path("locked"))
    for command in (
        ["compile", "lenet5", "-o", "locked"],
        [*EVALUATE, "-o", "locked", "--no-cache"],
        ["evaluate", "lenet5", *EVALUATE[2:], "-o", "locked", "--no-cache"],
        ["sweep", "sweep.yaml", "--cache", "cache", "-o", "locked"],
    ):
        code, said = in_a_process(as_nobody, *command)
        assert code == INPUT_AT_FAULT
        assert said.splitlines()[-1].startswith("error: locked/")
    assert list(Path("locked").iterdir()) == []


def test_two_evaluations_and_a_clearing_of_one_cache_at_once(folder: Path) -> None:
    """All of them go on, and the numbers are those of a run that is alone."""
    script = "from onnx2zz.cli.main import main; main()"
    assert verdict([*EVALUATE, "--no-cache"], folder) == FINE
    alone = json.loads(Path("out/result.json").read_text())
    commands = [[*EVALUATE, "-o", "one"], [*EVALUATE, "-o", "two"]]
    clear = ["cache", "clear", "--cache", "cache"]
    started = [
        subprocess.Popen([sys.executable, "-c", script, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    cleared: list[tuple[int, str]] = []
    while any(process.poll() is None for process in started):
        cleared.append(in_a_process(lambda: None, *clear))
    assert {code for code, _ in cleared} == {FINE}
    assert not any("warning" in said for _, said in cleared)
    for process, place in zip(started, ("one", "two"), strict=True):
        assert process.returncode == FINE and b"warning" not in present(process.stderr).read()
        assert json.loads(Path(place, "result.json").read_text())["total"] == alone["total"]
    assert (Path("cache") / FILE).is_file()


def test_a_clock_that_goes_back_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs, one of them in a world in which each second is earlier than the one before."""
    assert verdict([*EVALUATE, "--cache", "out/a", "--layer-timeout", "600"], folder) == FINE
    forwards = Path("out/result.json").read_bytes()
    seconds = iter(range(2_000_000_000, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(seconds)))
    monkeypatch.setattr(time, "time_ns", lambda: next(seconds) * 10**9)
    assert verdict([*EVALUATE, "--cache", "out/b"], folder) == FINE
    assert Path("out/result.json").read_bytes() == forwards
    assert verdict([*EVALUATE, "--cache", "out/b"], folder) == FINE
    assert json.loads(Path("out/result.json").read_text())["evaluated"] == 0
