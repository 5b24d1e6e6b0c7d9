"""Schedules and bounds against the whole truth: every split, placement and order of small systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.least_work import least_bounds
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.nodes import make_node
from tests.oracle import distinct, model_of
from tests.present import present
from tests.system.invented_prices import invented
from tests.system.whole_truth import TooManyError, optimum

WANTED = 1.02
"""The median latency over the optimum that is asked for."""


@dataclass(frozen=True)
class Trial:
    """A drawn system: its file's words and its operators, the bound, the schedule's latency and the optimum."""

    what: str
    bound: float
    latency: float
    optimum: float

    @property
    def ratio(self) -> float:
        return self.latency / self.optimum


def trial(seed: int, folder: Path) -> Trial | None:
    """One drawn system; None where there is too much to try."""
    rng = np.random.default_rng(seed)
    cores = int(rng.integers(2, 4))
    shape = str(rng.choice([f"bus: {cores}", f"ring: {cores}", f"mesh: [{cores}, 1]"]))
    wires = f"topology: {{{shape}, bandwidth: {rng.choice([8, 16, 32, 64])}}}"
    port = f"offchip: {{bandwidth: {rng.choice([16, 32, 64])}}}" if rng.random() < 0.7 else ""
    path = folder / f"drawn_{seed}.yaml"
    path.write_text(f"core: seneca_core\nmapping: seneca_core\n{wires}\n{port}\n")
    system = read_system(find_accelerator(str(path)))
    ops, model = drawn_network(rng)
    graph = graph_of_model(compile_model(model, name="drawn"))
    start, each = int(rng.integers(0, 12)), int(rng.integers(1, 5))
    prices = invented(system, graph, start, each)
    found = present(Search(system, graph, prices, "latency").best())
    what = f"seed {seed}: {wires} {port}; {' '.join(ops)}; {start} + {each} a round"
    try:
        best = optimum(system, graph, prices, found.latency)
    except TooManyError:
        return None
    return Trial(what, least_bounds(system, graph, prices).latency, found.latency, best)


def drawn_network(rng: np.random.Generator) -> tuple[list[str], onnx.ModelProto]:
    """Two or three layers on a tiny image."""
    channels, rows, columns = int(rng.integers(1, 5)), int(rng.integers(2, 5)), int(rng.integers(2, 6))
    inputs = {"x": np.zeros((1, channels, rows, columns), np.float32)}
    constants: dict[str, np.ndarray] = {}
    nodes, last, ops = list[onnx.NodeProto](), "x", list[str]()
    for number in range(int(rng.integers(2, 4))):
        op = str(rng.choice(["conv", "1x1", "pool", "add"] if number else ["conv", "1x1"]))
        name = f"t{number}"
        if op in ("conv", "1x1"):
            kernel = 3 if op == "conv" else 1
            filters = int(rng.integers(2, 9))
            constants[f"w{number}"] = distinct(rng, filters, channels, kernel, 1)
            nodes.append(make_node("Conv", [last, f"w{number}"], [name], name, pads=[kernel // 2, 0] * 2))
            channels = filters
        elif op == "pool":
            nodes.append(make_node("MaxPool", [last], [name], name, kernel_shape=[1, 2], pads=[0, 0, 0, 1]))
        else:
            inputs[f"y{number}"] = np.zeros((1, channels, rows, columns), np.float32)
            nodes.append(make_node("Add", [last, f"y{number}"], [name], name))
        ops.append(op)
        last = name
    return ops, model_of(nodes, inputs, constants, [last])


def trials(seeds: Sequence[int], folder: Path) -> list[Trial]:
    return [one for seed in seeds if (one := trial(seed, folder)) is not None]


def hold(found: Sequence[Trial]) -> None:
    for one in found:
        assert one.bound <= one.optimum * (1 + 1e-9), one
        assert one.optimum <= one.latency * (1 + 1e-9), one
    worst = sorted(found, key=lambda one: -one.ratio)[:5]
    assert median(one.ratio for one in found) <= WANTED, worst


def test_bounds_and_schedules_stand_on_their_sides_of_the_optimum(tmp_path: Path) -> None:
    found = trials(range(1, 7), tmp_path)
    assert len(found) >= 5
    hold(found)


@pytest.mark.long
def test_two_hundred_systems_against_the_whole_truth(tmp_path: Path) -> None:
    found = trials(range(400), tmp_path)[:200]
    assert len(found) == 200
    hold(found)
