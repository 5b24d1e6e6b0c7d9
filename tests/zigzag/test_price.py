"""The price of one layer is what stock ZigZag says, bit for bit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import pytest
import yaml
from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.mapping.data_movement import DataMoveAttr

from onnx2zz.formats.mapping_entry import mapping_entry_for, read_mapping
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.zigzag.accelerator import load_accelerator
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import LayerPrice, PriceOptions
from onnx2zz.zigzag.objective import ObjectiveName
from onnx2zz.zigzag.price import price
from onnx2zz.zigzag.search import stage as stage_module
from tests.small_workloads import lenet5, residual, strip
from tests.stock import StockOptions, stock_zigzag

LPF_LIMIT = 3


def stock(
    layers: list[WorkloadEntry], accelerator: Found, mapping: Found, folder: Path, **options: Unpack[StockOptions]
) -> Mapping[int, CostModelEvaluation]:
    """Layer id -> ZigZag's own evaluation of it."""
    return stock_zigzag(layers, accelerator.path, mapping.path, folder, lpf_limit=LPF_LIMIT, **options)[2]


def assert_prices_are_stock(
    network: list[WorkloadEntry], name: str, mapping: str | None, opt: ObjectiveName, folder: Path
) -> None:
    accelerator = find_accelerator(name)
    chosen = choose_mapping(mapping, accelerator)
    expected = stock(network, accelerator, chosen, folder, opt=opt)
    loaded, entries = load_accelerator(accelerator.path), read_mapping(yaml.safe_load(chosen.path.read_text()))
    for entry in network:
        found = price(entry, loaded, mapping_entry_for(entry, entries), PriceOptions(opt=opt, lpf_limit=LPF_LIMIT))
        theirs = expected[entry["id"]]
        assert found.energy_pj == theirs.energy_total
        assert found.latency_cycles == theirs.latency_total2
        assert found.spatial_utilization == theirs.mac_spatial_utilization
        assert found.operation_energy_pj == theirs.mac_energy
        assert sum(level.energy_pj for level in found.memory_energy) == pytest.approx(theirs.mem_energy)
        assert directions(found) == directions_of_stock(theirs)


def directions(found: LayerPrice) -> list[tuple[str, list[float]]]:
    """(operand, energies of the directions in which something passes) for each memory, operands in ZigZag's order."""
    return [(level.operand, sorted(traffic.energy_pj for traffic in level.traffic)) for level in found.memory_energy]


def directions_of_stock(theirs: CostModelEvaluation) -> list[tuple[str, list[float]]]:
    return [
        (str(operand), sorted(energies.data[way] for way, words in accesses.data.items() if words))
        for operand, levels in theirs.mem_energy_breakdown_further.items()
        for energies, accesses in zip(levels, passing(theirs, operand), strict=True)
    ]


def passing(theirs: CostModelEvaluation, operand: Any) -> list[Any]:
    """What moves at each level in a period, in each direction."""
    return [
        moved.get_attribute(DataMoveAttr.DATA_TRANS_AMOUNT_PER_PERIOD)
        for moved in theirs.mapping.unit_mem_data_movement[operand]
    ]


@pytest.mark.parametrize(
    ("name", "mapping", "opt"),
    [
        ("tpu_like", None, "latency"),
        ("tpu_like", "generated", "EDP"),
        ("edge_tpu_like", None, "energy"),
        ("seneca", None, "latency"),
    ],
)
def test_every_layer_costs_what_stock_zigzag_says(
    name: str, mapping: str | None, opt: ObjectiveName, tmp_path: Path
) -> None:
    assert_prices_are_stock(strip(), name, mapping, opt, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", ["tpu_like", "edge_tpu_like"])
@pytest.mark.parametrize("network", [lenet5, residual])
def test_whole_networks_cost_what_stock_zigzag_says(
    network: Callable[[], list[WorkloadEntry]], name: str, tmp_path: Path
) -> None:
    assert_prices_are_stock(network(), name, None, "latency", tmp_path)


def test_a_price_says_where_the_loops_and_the_energy_went() -> None:
    accelerator, entry = find_accelerator("tpu_like"), strip()[2]
    (default, *_) = read_mapping(yaml.safe_load(choose_mapping(None, accelerator).path.read_text()))
    found = price(entry, load_accelerator(accelerator.path), default, PriceOptions(lpf_limit=LPF_LIMIT))
    assert found.spatial_mapping == (("D1", (("K", 12),)), ("D2", (("C", 12),)))
    assert {(level.operand, level.memory) for level in found.memory_energy} == {
        ("W", "rf_128B"),
        ("W", "dram"),
        ("I", "sram_2MB"),
        ("I", "dram"),
        ("O", "rf_2B"),
        ("O", "sram_2MB"),
        ("O", "dram"),
    }
    for _, levels in found.temporal_mapping:
        sizes: dict[str, float] = {"OX": 1, "FX": 1}
        for dim, size in (loop for level in levels for loop in level):
            sizes[dim] *= size
        assert sizes == {"OX": 14, "FX": 5}


def test_what_cannot_be_priced_says_why(tmp_path: Path) -> None:
    accelerator = find_accelerator("tpu_like")
    document = yaml.safe_load(accelerator.path.read_text())
    document["memories"]["dram"]["size"] = 1000
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (default, *_) = read_mapping(yaml.safe_load(choose_mapping(None, accelerator).path.read_text()))
    with pytest.raises(PricingError, match=r"no loop ordering fits.*\(NoValidLoopOrderingFoundException\)"):
        price(strip()[2], load_accelerator(tmp_path / "small.yaml"), default, PriceOptions(lpf_limit=LPF_LIMIT))


def entry_and_hardware():
    accelerator = find_accelerator("tpu_like")
    (default, *_) = read_mapping(yaml.safe_load(choose_mapping(None, accelerator).path.read_text()))
    return strip()[2], load_accelerator(accelerator.path), default, PriceOptions(lpf_limit=LPF_LIMIT)


def test_every_search_finds_the_same_price() -> None:
    layer = entry_and_hardware()
    fast = price(*layer)
    assert price(*layer, search="exhaustive") == price(*layer, search="both") == fast
    assert fast.warnings == ()


def spoilt(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Make our search misprice each ordering's energy by `factor`."""
    honest = stage_module.best_orderings

    def best_orderings(*arguments: Any) -> Any:
        winners = honest(*arguments)
        wrong = {name: replace(best, energy=best.energy * factor) for name, best in winners.best.items()}
        return replace(winners, best=wrong)

    monkeypatch.setattr(stage_module, "best_orderings", best_orderings)


def test_a_search_that_misprices_is_replaced_by_zigzags_and_the_user_hears_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = entry_and_hardware()
    honest = price(*layer)
    spoilt(monkeypatch, 1.5)
    found = price(*layer)
    assert replace(found, warnings=()) == honest
    (warning,) = found.warnings
    assert warning.startswith("ZigZag's own search took over, since our price (") and "bug of onnx2zz" in warning


def test_two_searches_that_differ_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = entry_and_hardware()
    honest = price(*layer)
    ours = stage_module.best_orderings

    def no_winner(*arguments: Any) -> Any:
        return replace(ours(*arguments), best={})

    monkeypatch.setattr(stage_module, "best_orderings", no_winner)
    with pytest.raises(PricingError) as raised:
        price(*layer, search="both")
    said = str(raised.value)
    assert said.startswith("the fast search says no price (no loop ordering fits")
    assert f"ZigZag's own search says {honest.energy_pj} pJ and {honest.latency_cycles} cycles" in said


def test_a_price_counts_what_passes_each_memory() -> None:
    """A 5x1 convolution of 12 to 12 channels on 14 outputs, both channels unrolled: 10,080 operations."""
    accelerator, entry = find_accelerator("tpu_like"), strip()[2]
    (default, *_) = read_mapping(yaml.safe_load(choose_mapping(None, accelerator).path.read_text()))
    found = price(entry, load_accelerator(accelerator.path), default, PriceOptions(lpf_limit=LPF_LIMIT))
    operations, weights, outputs = 12 * 12 * 14 * 5, 12 * 12 * 5, 12 * 14
    levels = {(level.operand, level.memory): level for level in found.memory_energy}
    counts = {
        place: {traffic.direction: traffic.elements for traffic in level.traffic} for place, level in levels.items()
    }
    assert counts["W", "dram"] == {"read_to_low": weights}
    assert counts["W", "rf_128B"] == {"read_to_low": operations, "write_from_high": weights}
    assert counts["O", "rf_2B"] == {
        "read_to_low": operations,
        "write_from_low": operations,
        "read_to_high": 12 * outputs,  # one sum in each of the 12 units that are added up
    }
    assert counts["O", "dram"] == {"write_from_low": outputs}
    assert {level.operand: level.memory_operand for level in found.memory_energy} == {"O": "O", "I": "I1", "W": "I2"}
