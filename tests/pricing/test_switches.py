"""ZigZag's own switches give stock ZigZag's numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

import pytest

from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Total
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.small_workloads import strip
from tests.stock import StockOptions, stock_zigzag

CHAIN = strip()[:2]
PLAIN = PriceOptions(lpf_limit=3)


def ours(options: PriceOptions, folder: Path, arch: str = "seneca", mapping: Found | None = None) -> Total:
    accelerator = find_accelerator(arch)
    chosen = mapping or choose_mapping(None, accelerator)
    workload = PricedWorkload("strip", "strip.yaml", tuple(CHAIN))
    return evaluate(EvaluationRequest(workload, accelerator, chosen, options), folder / "log").total


def stock(
    folder: Path, arch: str = "seneca", mapping: Found | None = None, **switches: Unpack[StockOptions]
) -> tuple[float, float]:
    accelerator = find_accelerator(arch)
    chosen = mapping or choose_mapping(None, accelerator)
    return stock_zigzag(CHAIN, accelerator.path, chosen.path, folder / "stock", lpf_limit=3, **switches)[:2]


def test_even_mappings(tmp_path: Path) -> None:
    found = ours(replace(PLAIN, temporal_mapping_type="even"), tmp_path)
    assert (found.energy_pj, found.latency_cycles) == stock(tmp_path, temporal_mapping_type="even")


def test_mixed_mappings(tmp_path: Path) -> None:
    (tmp_path / "free.yaml").write_text("- name: default\n")
    mapping = Found("free", tmp_path / "free.yaml")
    found = ours(replace(PLAIN, mixed_spatial_mapping=True), tmp_path, "seneca", mapping)
    assert (found.energy_pj, found.latency_cycles) == stock(
        tmp_path, "seneca", mapping, enable_mix_spatial_mapping=True
    )


@pytest.mark.long
def test_simulated_annealing_finds_nothing_better_than_all_orderings(tmp_path: Path) -> None:
    best = ours(replace(PLAIN, lpf_limit=8), tmp_path)
    found = ours(replace(PLAIN, lpf_limit=8, engine="salsa"), tmp_path)
    assert found.incomplete is False and found.latency_cycles >= best.latency_cycles
