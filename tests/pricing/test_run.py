"""A whole evaluation: against stock ZigZag, layers that fail, and in-memory compute."""

import logging
from pathlib import Path

import pytest
import yaml

from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import ACCELERATORS, Found, choose_mapping, find_accelerator, zigzags
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.present import present
from tests.small_workloads import strip
from tests.stock import stock_zigzag

OPTIONS = PriceOptions(lpf_limit=3)


def run(
    layers: list[WorkloadEntry],
    accelerator: Found,
    folder: Path,
    mapping: Found | None = None,
    resources: Resources | None = None,
) -> Evaluation:
    chosen = mapping or choose_mapping(None, accelerator)
    workload = PricedWorkload("strip", "strip.yaml", tuple(layers))
    return evaluate(
        EvaluationRequest(workload, accelerator, chosen, OPTIONS), folder / "zigzag.log", resources or Resources()
    )


def test_the_total_is_stock_zigzags(tmp_path: Path) -> None:
    accelerator = find_accelerator("tpu_like")
    files = (accelerator.path, choose_mapping(None, accelerator).path, tmp_path / "stock")
    energy, latency, _ = stock_zigzag(strip(), *files, lpf_limit=OPTIONS.lpf_limit)
    found = run(strip(), accelerator, tmp_path)
    assert found.total.energy_pj == energy
    assert found.total.latency_cycles == latency
    assert found.total.macs == 12 * 3 * 14 * 7 * 2 + 2 * 12 * 12 * 14 * 5 + 12 * 12 * 3 + 20 * 144
    assert found.total.incomplete is False
    assert (found.distinct_layers, found.evaluated, found.edges_added) == (6, 6, 0)
    assert found.layers[2].energy_pj == found.layers[3].energy_pj
    assert [layer.macs for layer in found.layers if layer.operator_type in ("Pooling", "Add")] == [0, 0]


def test_each_distinct_layer_is_announced_before_it_is_priced(tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    layers = [*strip()[:2], *strip()[2:4]]  # the last two are alike

    def watch(done: int, total: int, layer: str) -> None:
        seen.append((done, total, layer))

    run(layers, find_accelerator("tpu_like"), tmp_path, resources=Resources(watch=watch))
    assert seen == [(0, 3, "L0_stem"), (1, 3, "L1_pool"), (2, 3, "L2_conv"), (3, 3, "")]


def test_zigzag_talks_to_the_log_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], logging.getLogger("zigzag").handlers[:]
    run(strip()[:1], find_accelerator("tpu_like"), tmp_path)
    assert capfd.readouterr() == ("", "")
    assert "Launching spatial mapping" in (tmp_path / "zigzag.log").read_text()
    assert (root.handlers, logging.getLogger("zigzag").handlers) == before


def accelerator_with_a_dram_of(bits: int, folder: Path) -> Found:
    document = yaml.safe_load(find_accelerator("tpu_like").path.read_text())
    document["memories"]["dram"]["size"] = bits
    (folder / "small.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return find_accelerator(str(folder / "small.yaml"))


def test_one_layer_that_fails_does_not_end_the_run(tmp_path: Path) -> None:
    layers = strip()
    weights = 20 * 144 * 8  # the last layer's: the others need less
    found = run(layers, accelerator_with_a_dram_of(weights, tmp_path), tmp_path, choose_mapping(None, _tpu()))
    assert [layer.error is None for layer in found.layers] == [True] * 6 + [False]
    failed = found.layers[-1]
    assert present(failed.error).startswith(
        "L6_fc: does not fit dram, the highest memory for O, I, W: O 160 + I 1,152 + W 23,040"
    )
    assert (failed.energy_pj, failed.latency_cycles, failed.macs, failed.spatial_mapping) == (None,) * 4
    assert found.total.incomplete is True
    assert found.total.energy_pj == pytest.approx(sum(present(layer.energy_pj) for layer in found.layers[:-1]))
    assert found.evaluated == found.distinct_layers - 1


def _tpu() -> Found:
    return find_accelerator("tpu_like")


def test_everything_wrong_with_three_files_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "acc.yaml").write_text("memories: {}")
    (tmp_path / "map.yaml").write_text("[]")
    layers = strip()
    layers[0]["loop_sizes"][3] = 0
    with pytest.raises(InputError) as raised:
        run(layers, Found("acc", tmp_path / "acc.yaml"), tmp_path, Found("map", tmp_path / "map.yaml"))
    assert [problem.what for problem in raised.value.problems] == [
        "the loop OX has size 0: sizes start at 1",
        "no accelerator: name, memories or operational_array is missing",
        "no entry is called default",
    ]


@pytest.mark.parametrize("name", zigzags(ACCELERATORS))
def test_every_accelerator_that_zigzag_ships_prices_a_convolution(name: str, tmp_path: Path) -> None:
    found = run(strip()[:1], find_accelerator(name), tmp_path)
    assert found.total.incomplete is False and found.total.energy_pj > 0


def test_what_ships_may_unroll_what_a_network_lacks(tmp_path: Path) -> None:
    """gemm_l1's own mapping speaks of loops D0, D1, D2, which no compiled workload has."""
    accelerator = find_accelerator("gemm_l1")
    assert run(strip()[:1], accelerator, tmp_path).total.incomplete is False
    (tmp_path / "mine.yaml").write_text(choose_mapping(None, accelerator).path.read_text())
    with pytest.raises(InputError, match="D1 unrolls D0, but no layer has such a loop"):
        run(strip()[:1], accelerator, tmp_path, Found("mine", tmp_path / "mine.yaml"))
