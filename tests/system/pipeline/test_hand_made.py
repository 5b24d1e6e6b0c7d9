"""Intervals and latencies of pipelines that can be worked out by hand: up to three equal cores, nothing in the way."""

from pathlib import Path

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.improvement import Choice
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.pipeline.search import Pipeline, PipelineSearch
from onnx2zz.system.placement import Placed
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.system.invented_prices import invented
from tests.system.tiny_systems import Tiny, TinyLayer, TinySystem

ROWS, COLUMNS, INPUTS = 3, 5, 2
PIXELS = ROWS * COLUMNS
FAST_WIRE, FAST_PORT = 4096, 8192


def chain(*windows: str) -> tuple[TinyLayer, ...]:
    """1x1 and 3x1 convolutions to 8 channels each: 1 or 3 rounds for a pixel and an input channel."""
    inputs = [INPUTS, *[8] * len(windows)]
    return tuple(TinyLayer(op, 8, ROWS, COLUMNS, inputs[n]) for n, op in enumerate(windows))


def searched(
    layers: tuple[TinyLayer, ...], system: TinySystem, folder: Path, places: list[int] | None
) -> PipelineSearch:
    tiny = Tiny(system, layers, 0, 1)
    read = read_system(find_accelerator(str(system.write(folder, "hand_made"))))
    graph = graph_of_model(compile_model(tiny.model(), name="hand_made"))
    fixed = {n: Placed((core,), (), ()) for n, core in enumerate(places)} if places is not None else {}
    return PipelineSearch(Search(read, graph, invented(read, graph, 0, 1), "latency", fixed=fixed))


def pipeline(
    layers: tuple[TinyLayer, ...], system: TinySystem, folder: Path, places: list[int] | None = None
) -> Pipeline:
    found = searched(layers, system, folder, places).best()
    assert found is not None
    return found


def of_cores(cores: int, served: tuple[int, ...] = (), port: float = FAST_PORT, capacity: int = 1 << 21) -> TinySystem:
    return TinySystem(cores, "mesh", FAST_WIRE, 1 << 20, capacity, served=served, offchip_bandwidth=port)


WORK = {"1x1": 1, "conv": 3}


def stages(*windows: str) -> list[int]:
    """Cycles of each layer on one core."""
    inputs = [INPUTS, *[8] * (len(windows) - 1)]
    return [PIXELS * WORK[op] * channels for op, channels in zip(windows, inputs, strict=True)]


@pytest.mark.parametrize("windows", [("1x1", "conv"), ("conv", "1x1"), ("1x1", "1x1", "conv"), ("conv", "conv", "1x1")])
def test_a_layer_on_each_core_has_the_slowest_layers_interval(windows: tuple[str, ...], tmp_path: Path) -> None:
    found = pipeline(chain(*windows), of_cores(len(windows)), tmp_path, list(range(len(windows))))
    cycles = stages(*windows)
    assert found.interval == max(cycles)
    # What goes from a core to the next is 15 pixels of 8 bytes over a wire of 4096 bit a cycle, in 64ths of a cycle.
    assert found.running.latency == sum(cycles) + (len(windows) - 1) * PIXELS * 64 / FAST_WIRE


def test_a_core_with_two_layers_of_three_takes_as_long_as_both(tmp_path: Path) -> None:
    found = pipeline(chain("1x1", "conv", "1x1"), of_cores(2), tmp_path, [0, 1, 0])
    first, second, third = stages("1x1", "conv", "1x1")
    assert (first, second, third) == (30, 360, 120)
    assert found.interval == max(first + third, second)


def test_layers_that_share_two_cores_in_turn_leave_neither_idle(tmp_path: Path) -> None:
    # The first core has the first and the third layer of a frame, and runs another frame's first between them.
    windows = ("conv", "1x1", "conv", "1x1")
    found = pipeline(chain(*windows), of_cores(2), tmp_path, [0, 1, 0, 1])
    cycles = stages(*windows)
    assert found.interval == max(cycles[0] + cycles[2], cycles[1] + cycles[3])
    assert found.running.latency >= sum(cycles)


def test_one_core_repeats_its_frame_without_the_weights_that_stay(tmp_path: Path) -> None:
    layers, port = chain("1x1", "conv"), 4.0
    found = pipeline(layers, of_cores(1, (0,), port), tmp_path)
    weights = (8 * INPUTS + 8 * 8 * 3) * 8
    through = (INPUTS * PIXELS + 8 * PIXELS) * 8
    assert found.setup.cycles == weights / port
    assert found.interval == max(sum(stages("1x1", "conv")), through / port)


def test_a_port_that_takes_longest_is_the_interval(tmp_path: Path) -> None:
    found = pipeline(chain("1x1", "1x1"), of_cores(2, (0,), 1.0), tmp_path)
    assert found.interval == (INPUTS * PIXELS + 8 * PIXELS) * 8
    assert found.setup.cycles == (8 * INPUTS + 8 * 8) * 8


def test_a_memory_that_holds_no_weights_beside_a_frame_has_them_come_each_time(tmp_path: Path) -> None:
    bits = {"weights": 8 * 8 * 3 * 8, "between": 8 * PIXELS * 8}
    room = 2 * bits["between"] + bits["weights"] + 200
    search = searched(chain("1x1", "conv", "conv"), of_cores(1, (0,), 64.0, room), tmp_path, None)
    found = search.best()
    assert found is not None
    assert found.setup.cycles * 64 < 2 * bits["weights"]
    assert all(course.peak <= room for course in found.schedule.memory.values())
    reloaded = [one for one in found.plan.transfers if one.operand == "W" and not one.setup]
    assert reloaded
    assert found.interval >= sum(stages("1x1", "conv", "conv"))


def test_finer_turns_some_of_whose_tiles_have_no_price_are_no_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_layer(search: Search, chosen: Choice, number: int) -> Choice:
        return {layer: used for layer, used in chosen.items() if not layer}

    monkeypatch.setattr(Search, "finer", one_layer)
    found = pipeline(chain("1x1", "conv"), of_cores(2), tmp_path)
    assert set(found.plan.by_layer) == {0, 1}
