"""More bandwidth, more memory and more cores: the bound never rises, and what the search finds is no slower."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.system.layer_graph import graph_of_model
from onnx2zz.system.least_work import least_bounds
from onnx2zz.system.reading import read_system
from onnx2zz.system.search import Search
from tests.system.invented_prices import invented
from tests.system.tiny_systems import Tiny, TinySystem, drawn_tiny

ALLOWANCE = 1 + 1e-9
SELDOM, LITTLE = 0.02, 1.03
"""The share of systems that are slower with more, and how much slower: a search that is not exhaustive promises no
more."""


def with_more(system: TinySystem) -> Iterator[TinySystem]:
    """A system that can do what another one does, and then some."""
    yield replace(system, bandwidth=system.bandwidth * 2)
    yield replace(system, bandwidth=system.bandwidth * 1.5)
    yield replace(system, port_bits=system.port_bits * 2)
    yield replace(system, capacity=system.capacity * 2)
    yield replace(system, capacity=system.capacity * 13 // 80 * 8)
    if system.served:
        yield replace(system, offchip_bandwidth=system.offchip_bandwidth * 2)
    if system.shape != "ring":  # of which a longer one is no extension
        wider = replace(system, cores=system.cores + 1)
        yield replace(wider, served=tuple(range(wider.cores))) if len(system.served) > 1 else wider


def found(tiny: Tiny, folder: Path) -> tuple[float, float]:
    """The bound and the latency; infinite where nothing fits."""
    system = read_system(find_accelerator(str(tiny.system.write(folder, "drawn"))))
    graph = graph_of_model(compile_model(tiny.model(), name="drawn"))
    prices = invented(system, graph, tiny.start, tiny.each)
    best = Search(system, graph, prices, "latency").best()
    return least_bounds(system, graph, prices).latency, float("inf") if best is None else best.latency


def slower(tiny: Tiny, folder: Path) -> Iterator[float]:
    """How many times the latency each larger system takes."""
    bound, latency = found(tiny, folder / "less")
    for number, larger in enumerate(with_more(tiny.system)):
        lower, sooner = found(replace(tiny, system=larger), folder / f"more_{number}")
        assert lower <= bound * ALLOWANCE
        yield 1.0 if sooner == latency else sooner / latency


def test_a_larger_system_is_not_slower(tmp_path: Path) -> None:
    small = (n for n in count() if drawn_tiny(n).system.cores + len(drawn_tiny(n).layers) == 4)
    for seed in islice(small, 3):
        for times in slower(drawn_tiny(seed), tmp_path / str(seed)):
            assert times <= ALLOWANCE, seed


@pytest.mark.long
def test_hardly_any_larger_system_is_slower(tmp_path: Path) -> None:
    times = [one for seed in range(60) for one in slower(drawn_tiny(seed), tmp_path / str(seed))]
    assert sum(one > ALLOWANCE for one in times) <= SELDOM * len(times)
    assert max(times) <= LITTLE
