"""Units on a dask cluster: the prices of local processes, whatever becomes of its workers."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.pricing import cluster
from onnx2zz.pricing.cluster import Cluster, done_elsewhere, software
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.price_cache import NoStore, PriceCache
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.run import prepare
from onnx2zz.pricing.task import Unit, price_task, price_unit
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.present import not_installed
from tests.small_workloads import gemm

pytest.importorskip("distributed")

PLACE = ["--host", "127.0.0.1", "--no-dashboard"]
UP_S = 60


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, int]]]:
    """A scheduler and two workers, processes of these tests: the address, and the workers' process ids by address."""
    tmp_path = tmp_path_factory.mktemp("dask")
    file = tmp_path / "scheduler.json"
    programs = [["dask_scheduler", "--port", "0"], *[["dask_worker", "--nthreads", "1", "--no-nanny"]] * 2]
    with (tmp_path / "dask.log").open("w") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options, *PLACE, "--scheduler-file", file],
                stdout=log,
                stderr=log,
                cwd=tmp_path,
            )
            for program, *options in programs
        ]
    try:
        yield _up(file)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _up(file: Path) -> tuple[str, dict[str, int]]:
    from distributed import Client

    until = time.monotonic() + UP_S
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=UP_S)
        processes: dict[str, int] = {**methodcaller("run", os.getpid)(client)}
        return address, processes


def processing(address: str) -> dict[str, Any]:
    """The units that each worker has in hand."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return {**methodcaller("processing")(client)}


def units(count: int) -> list[Unit]:
    """Products of different sizes on SENECA."""
    accelerator = find_accelerator("seneca")
    layers = tuple(gemm(n, None, f"L{n}", k=24 + 2 * n, c=30) for n in range(count))
    options, log = PriceOptions(lpf_limit=4), Path(os.devnull)
    files = (PricedWorkload("net", "net.yaml", layers), accelerator, choose_mapping(None, accelerator))
    ready = prepare(EvaluationRequest(*files, options), log, PriceCache(NoStore()))
    return [Unit(task, ready.terms) for task in ready.tasks]


def test_a_sweep_and_an_evaluation_on_the_cluster(
    started: tuple[str, dict[str, int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, _ = started
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(
        "models: [lenet5]\naccelerators: [seneca_core]\noptions: {lpf_limit: 3, mapping: [own, auto, optimal]}\n"
    )
    for where, options in (("here", ["--jobs", "1"]), ("there", ["--scheduler", address])):
        assert run(["sweep", "sweep.yaml", *options, "-o", where, "--cache", f"{where}_cache"]) == 0
    assert f"{address}: 2 workers so far" in capsys.readouterr().err
    assert Path("there/layers.csv").read_text() == Path("here/layers.csv").read_text()
    evaluate = ["evaluate", "lenet5", "--arch", "seneca_core", "--lpf-limit", "3", "--scheduler", address, "--no-cache"]
    assert run([*evaluate, "--json", "one.json"]) == 0
    with Path("here/layers.csv").open() as file:
        swept = [(float(row["energy_pj"]), float(row["latency_cycles"])) for row in csv.DictReader(file)]
    single = json.loads(Path("one.json").read_text())["layers"]
    # `own` is the first of the mappings, so its run is the first one.
    assert [(layer["energy_pj"], layer["latency_cycles"]) for layer in single] == swept[: len(single)]
    here, there = (sorted(Path(where, "mappings").iterdir()) for where in ("here", "there"))
    assert len(here) == 2 and [file.read_text() for file in here] == [file.read_text() for file in there]


def test_a_worker_is_killed_in_the_middle_and_nothing_is_lost(started: tuple[str, dict[str, int]]) -> None:
    """SIGKILL, while units are with it: all come back, once each, with the prices of this process."""
    address, processes = started
    asked = units(24)
    found: list[tuple[Unit, Any]] = []
    held: dict[str, Any] = {}

    def kill_one(unit: Unit) -> None:
        if len(found) == 4:
            victim, process = next(iter(processes.items()))
            held["units"] = processing(address)[victim]
            os.kill(process, signal.SIGKILL)

    with Cluster(address) as connected:
        assert connected.workers == 2
        for unit, outcome in connected.outcomes(asked, price_unit, kill_one):
            found.append((unit, outcome))
        assert connected.workers == 1
    assert held["units"], "the worker had nothing to lose"
    assert sorted(unit.task.name for unit, _ in found) == sorted(unit.task.name for unit in asked)
    assert all(outcome == price_task(unit.task, unit.terms) for unit, outcome in found)


def test_a_worker_with_other_software_is_refused() -> None:
    (unit,) = units(1)
    assert done_elsewhere(unit, price_unit, software()) == price_task(unit.task, unit.terms)
    with pytest.raises(InputError, match=r"has onnx2zz .*; onnx2zz 9 is wanted; install the same there"):
        done_elsewhere(unit, price_unit, "onnx2zz 9")


class Client:
    """dask's, as far as it is asked here: the future ends as it is told to."""

    loop = None

    def __init__(self, end: Exception) -> None:
        self.end = end
        self.cancelled: list[object] = []

    def submit(self, *_: object, **__: bool) -> object:
        return self

    def result(self) -> None:
        raise self.end

    def cancel(self, futures: list[object], force: bool) -> None:
        self.cancelled += futures


def in_turn(futures: Sequence[object], loop: object) -> Sequence[object]:
    return futures


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], Cluster]:
    """A cluster on which every unit ends with an exception."""

    def made(end: Exception) -> Cluster:
        def client(address: str, timeout: float, set_as_default: bool) -> Client:
            return Client(end)

        monkeypatch.setattr("distributed.Client", client)
        monkeypatch.setattr("distributed.as_completed", in_turn)
        return Cluster("tcp://a:1")

    return made


def test_a_unit_that_kills_every_worker_has_no_price(ending: Callable[[Exception], Cluster]) -> None:
    from distributed import KilledWorker

    died: Exception = methodcaller("__call__", "unit", None, 3)(KilledWorker)
    ((_, outcome),) = ending(died).outcomes(units(1), price_unit, lambda unit: None)
    assert outcome == cluster.DIED_EVERYWHERE


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (OSError("closed"), "the scheduler went away in the middle; what is priced is kept: start again"),
        (ModuleNotFoundError("No module named 'onnx2zz'"), "need the same environment as this one: onnx2zz "),
    ],
)
def test_what_goes_wrong_between_machines_is_a_sentence(
    ending: Callable[[Exception], Cluster], end: Exception, said: str
) -> None:
    with pytest.raises(InputError) as raised:
        list(ending(end).outcomes(units(1), price_unit, lambda unit: None))
    assert said in str(raised.value)


@pytest.mark.parametrize("address", ["nothing", "http//x:1"])
def test_an_address_that_is_none(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "lenet5", "--arch", "seneca", "--scheduler", address]) == 1
    assert "is no address of a dask scheduler; write tcp://HOST:8786" in capsys.readouterr().err


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.2)
    with pytest.raises(InputError, match="no dask scheduler answers"):
        Cluster("tcp://127.0.0.1:1")


@pytest.mark.parametrize("option", [["--jobs", "2"], ["--layer-timeout", "5"]])
def test_options_about_processes_of_this_machine_are_refused(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["evaluate", "lenet5", "--arch", "seneca"], ["sweep", "x.yaml"]):
        assert run([*command, "--scheduler", "tcp://127.0.0.1:8786", *option]) == 2
        assert f"{option[0]} is about processes of this machine" in capsys.readouterr().err


def test_without_dask_it_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("onnx2zz.api.extras.find_spec", not_installed)
    assert run(["evaluate", "lenet5", "--arch", "seneca", "--scheduler", "tcp://127.0.0.1:8786"]) == 1
    assert 'pip install "onnx2zz[cluster]"' in capsys.readouterr().err
