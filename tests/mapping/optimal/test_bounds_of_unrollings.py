"""Bounds of unrollings lie below every price of every ordering; those of energy are each closer than the one before."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from onnx2zz.formats.shipped_files import find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.padding import padded_sizes
from onnx2zz.mapping.space import read_space
from onnx2zz.zigzag.accelerator import hardware, load_accelerator
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.objective import NAMES, ObjectiveName, objective
from onnx2zz.zigzag.search.search import priced_chunks
from onnx2zz.zigzag.search.spread import Candidates
from onnx2zz.zigzag.spatial import price_unrolling
from onnx2zz.zigzag.unrolling_bounds import AtLeast, UnrollingBounds
from tests.json_values import load_document
from tests.mapping.ground import accelerator
from tests.mapping.test_bound import LINKS
from tests.mapping.test_prices_of_unrollings import ARCHS, EVERYTHING, QUICK, by_zigzag, drawn
from tests.small_workloads import gemm, name_of


def bounds_hold(arch: str, layer: WorkloadEntry, how_many: int, lpf_limit: int) -> None:
    space, unrollings = drawn(arch, layer, how_many)
    factors = np.concatenate([space.factors(unrolling) for unrolling in unrollings])
    sizes, axes = padded_sizes(layer, space.loops, factors.prod(axis=1))
    for opt in NAMES:
        bounds = UnrollingBounds(layer, LINKS, accelerator(arch), PriceOptions(opt=opt))
        given = bounds.candidates(factors, space.loops, sizes, axes)
        closer = [value(found, opt) for found in closer_and_closer(bounds, given)]
        # Of cycles the first bound may be the closest: it knows what whole tensors cost at every memory.
        for low, high in pairwise(closer) if opt == "energy" else ():
            assert (low <= high * (1 + 1e-12)).all()
        for row, unrolling in enumerate(unrollings):
            for chunk in priced_chunks(by_zigzag(arch, layer, unrolling, lpf_limit), 10**6):
                prices = objective(opt).value(chunk.prices.energy, chunk.prices.latency)
                for least in closer:
                    assert (least[row] <= prices).all(), (opt, unrolling)


def closer_and_closer(bounds: UnrollingBounds, given: Candidates) -> list[AtLeast]:
    return [bounds.by_innermost(given), bounds.by_chain(given, low=True), bounds.by_chain(given, low=False)]


def value(found: AtLeast, opt: ObjectiveName) -> np.ndarray:
    return objective(opt).value(found.energy, found.cycles)


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_the_cheapest_chain_costs_the_same_on_the_trimmed_lattice(arch: str, layer: int) -> None:
    entry = EVERYTHING[layer]
    space, unrollings = drawn(arch, entry, 4)
    bounds = UnrollingBounds(entry, LINKS, accelerator(arch), PriceOptions(opt="EDP"))
    for unrolling in unrollings:
        factors = space.factors(unrolling)
        given = bounds.candidates(factors, space.loops, *padded_sizes(entry, space.loops, factors.prod(axis=1)))
        few, every = bounds.joint(given).begin(), bounds.joint(given, every_place=True).begin()
        np.testing.assert_allclose(few.energy, every.energy, rtol=1e-12)
        np.testing.assert_allclose(few.cycles, every.cycles, rtol=1e-12)


@pytest.mark.parametrize(("arch", "layer"), QUICK)
def test_no_ordering_is_below_a_bound(arch: str, layer: int) -> None:
    bounds_hold(arch, EVERYTHING[layer], 3, 5)


@pytest.mark.long
@pytest.mark.parametrize("layer", EVERYTHING, ids=name_of)
@pytest.mark.parametrize("arch", ARCHS)
def test_no_ordering_of_any_kind_is_below_a_bound(arch: str, layer: WorkloadEntry) -> None:
    bounds_hold(arch, layer, 25, 6)


@pytest.mark.parametrize("shape", [(5, 9, 5), (3, 9, 18), (10, 27, 9)])
def test_parts_of_accesses_are_cut_off_as_zigzag_does(shape: tuple[int, int, int], tmp_path: Path) -> None:
    """8 of 24 bit are no whole share: in another order of the factors 14.99 accesses become 15."""
    b, c, k = shape
    layer = gemm(0, None, "small", k=k, c=c, b=b)
    document = load_document(find_accelerator("tpu_like").path)
    for memory in document["memories"].values():
        memory["size"] = max(memory["size"], 4096)
        for port in memory["ports"]:
            port["bandwidth_min"], port["bandwidth_max"] = 8, 24
    (tmp_path / "narrower.yaml").write_text(yaml.safe_dump(document))
    built = load_accelerator(tmp_path / "narrower.yaml")
    unrolling = (("D1", (("C", 9),)), ("D2", ()))
    energy, _ = price_unrolling(layer, LINKS, unrolling, built, PriceOptions(opt="energy", lpf_limit=8))
    bounds = UnrollingBounds(layer, LINKS, built, PriceOptions(opt="energy"))
    space = read_space(layer, LINKS, hardware(built).array)
    factors = space.factors(unrolling)
    sizes, axes = padded_sizes(layer, space.loops, factors.prod(axis=1))
    for least in closer_and_closer(bounds, bounds.candidates(factors, space.loops, sizes, axes)):
        assert least.energy[0] <= energy
