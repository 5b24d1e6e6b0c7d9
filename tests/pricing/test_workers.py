"""Worker processes: the same result, deaths, and the order of the work."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
import yaml

from onnx2zz.files.document import is_mapping
from onnx2zz.formats.mapping_entry import MappingEntry, read_mapping
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.pricing import workers
from onnx2zz.pricing.inputs import AcceleratorFile, PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.run import evaluate
from onnx2zz.pricing.task import PricingTerms, Task, Unit, price_unit
from onnx2zz.pricing.workers import Crew, outcomes_of_workers, worker, worth_workers
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.command_line import IN_A_PROCESS, TELLS_EACH_LAYER
from tests.present import present
from tests.small_workloads import gemm, name_of, strip

TPU = find_accelerator("tpu_like")
TERMS = PricingTerms(AcceleratorFile(TPU.path, load_yaml(TPU.path)), False, PriceOptions(lpf_limit=3), "fast")


def units() -> list[Unit]:
    (default, *_) = read_mapping(load_yaml(choose_mapping(None, TPU).path))
    return [unit(entry, default) for entry in (strip()[0], strip()[2], strip()[6])]


def unit(entry: WorkloadEntry, mapping_entry: MappingEntry, terms: PricingTerms = TERMS) -> Unit:
    return Unit(Task(name_of(entry), entry, mapping_entry, None), terms)


def test_workers_find_what_one_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_S", 0)
    workload = PricedWorkload("strip", "strip.yaml", tuple(strip()))
    request = EvaluationRequest(workload, TPU, choose_mapping(None, TPU), TERMS.options)
    alone, shared = (evaluate(request, tmp_path / "zigzag.log", Resources(jobs=jobs)) for jobs in (1, 2))
    assert alone == shared
    assert "Launching spatial mapping" in (tmp_path / "zigzag.log").read_text()


def test_a_worker_builds_an_accelerator_once() -> None:
    """Units arrive pickled, each with its terms."""
    first, second = (pickle.loads(pickle.dumps(one)).terms.accelerator for one in units()[:2])
    assert first is second and first.document == TERMS.accelerator.document
    document = TERMS.accelerator.document
    assert is_mapping(document)
    other = AcceleratorFile(TPU.path, {**document, "name": "other"})
    assert pickle.loads(pickle.dumps(other)).document["name"] == "other"


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Scripted(Executor):
    """An executor whose process dies of the layers that it is told to, each time one mention."""

    def __init__(self, deadly: list[str]) -> None:
        self.deadly, self.dead, self.dismissed = deadly, False, False

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.dismissed = wait or self.dismissed

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **_: Parameters.kwargs
    ) -> Future[Result]:
        unit = args[0]
        assert isinstance(unit, Unit)
        assert not self.dead, "a dead worker was given work"
        future: Future[Any] = Future()
        if unit.name in self.deadly:
            self.deadly.remove(unit.name)
            self.dead = True
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(f"priced {unit.name}")
        return future


def run(deadly: list[str]) -> tuple[dict[str, Any], list[str], list[str]]:
    told: list[str] = []
    begun: list[Unit] = []
    crew = Crew(2, lambda: Scripted(deadly), told.append)
    found = {one.task.name: outcome for one, outcome in outcomes_of_workers(units(), price_unit, crew, begun.append)}
    return found, told, [one.task.name for one in begun]


def test_a_dead_worker_costs_its_layer_one_retry() -> None:
    found, told, begun = run(["L2_conv"])
    assert found == {name: f"priced {name}" for name in ("L0_stem", "L2_conv", "L6_fc")}
    assert told == ["L2_conv: its worker process died (killed, or out of memory); it is tried once more"]
    assert sorted(begun) == ["L0_stem", "L2_conv", "L2_conv", "L6_fc"]


def test_a_layer_that_kills_twice_is_given_up_and_the_others_are_priced() -> None:
    found, told, _ = run(["L2_conv", "L2_conv"])
    assert found["L2_conv"].startswith("its worker process died (killed, or out of memory) twice")
    assert (found["L0_stem"], found["L6_fc"]) == ("priced L0_stem", "priced L6_fc")
    assert len(told) == 1


def test_a_killed_process_is_a_dead_worker(tmp_path: Path) -> None:
    executor = worker(tmp_path / "zigzag.log")
    pid = executor.submit(os.getpid).result()
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(BrokenExecutor):
        executor.submit(time.sleep, 60).result()
    executor.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for a process in /proc")
def test_a_killed_main_process_leaves_no_worker(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from onnx2zz.pricing.workers import worker;"
        "print(worker(Path(sys.argv[1])).submit(os.getpid).result(), flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "zigzag.log")]
    main = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    left = Path("/proc", present(main.stdout).readline().strip(), "cwd")
    assert main.wait() == -signal.SIGKILL
    until = time.monotonic() + 60
    while _is_there(left) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_there(left)


def _is_there(link: Path) -> bool:
    """A process that has ended, and that nobody has asked for yet, has no folder."""
    try:
        return bool(link.readlink())
    except OSError:
        return False


def test_the_longest_layers_come_first() -> None:
    """2, 5 and 3 prime factors: 2, 120 and 6 orderings."""
    layers = [gemm(0, None, "short", k=2, c=3), gemm(1, 0, "long", k=8, c=9), gemm(2, 1, "middle", k=4, c=3)]
    begun: list[Unit] = []
    terms = replace(TERMS, options=PriceOptions(lpf_limit=6))
    crew = Crew(1, lambda: Scripted([]), pytest.fail)
    asked = [unit(layer, MappingEntry("default"), terms) for layer in layers]
    list(outcomes_of_workers(asked, price_unit, crew, begun.append))
    assert [one.task.name for one in begun] == ["long", "middle", "short"]


def test_little_work_is_not_shared() -> None:
    assert not worth_workers(units())
    assert worth_workers([unit(gemm(0, None, f"L{i}", k=2**i * 3, c=64), MappingEntry("default")) for i in range(100)])


def test_ctrl_c_while_a_worker_takes_up_a_layer_leaves_no_worker() -> None:
    recruited: list[Scripted] = []

    def recruit() -> Executor:
        recruited.append(Scripted([]))
        return recruited[-1]

    def interrupted(unit: Unit) -> None:
        if unit.task.name == "L2_conv":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(outcomes_of_workers(units(), price_unit, Crew(2, recruit, pytest.fail), interrupted))
    assert [one.dismissed for one in recruited] == [True, True]


def listens_to_ctrl_c() -> None:
    """Whoever runs these tests in the background of a shell may have been told to ignore it, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_cleanly_and_keeps_what_is_done(tmp_path: Path) -> None:
    layers = [gemm(i, None, f"L{i}", k=2 ** (i + 3) * 3 * 5, c=2**6 * 7) for i in range(4)]
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(layers))
    command = [
        "evaluate",
        "net.yaml",
        "--arch",
        "tpu_like",
        "--mapping",
        "zigzag:tpu_like",
        "--jobs",
        "2",
        "--lpf-limit",
        "6",
        "--cache",
        "kept",
    ]
    started = subprocess.Popen(
        [sys.executable, "-c", TELLS_EACH_LAYER, *command, "--search", "exhaustive"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listens_to_ctrl_c,
    )
    for line in present(started.stderr):
        if line.startswith("3/4"):  # two have been begun, so one of them is done
            os.killpg(started.pid, signal.SIGINT)
            break
    rest = present(started.stderr).read()
    assert started.wait(60) == 130, rest
    assert rest.splitlines()[-1] == "interrupted" and "Traceback" not in rest
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, *command, "--json", "-"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert any(layer["from_cache"] for layer in json.loads(done.stdout)["layers"])


def test_a_worker_that_was_ended_for_taking_too_long_is_not_tried_again() -> None:
    told: list[str] = []
    crew = Crew(2, lambda: Scripted(["L2_conv"]), told.append, patience=0)
    found = {
        one.task.name: outcome for one, outcome in outcomes_of_workers(units(), price_unit, crew, lambda unit: None)
    }
    assert found["L2_conv"] == "took longer than 0 s (--layer-timeout)"
    assert told == []
