"""Weights between layers: ZigZag takes them to fit beside an addition, whatever their size. Its own stages are the
oracle, with their one answer about weights replaced where it stops."""

from pathlib import Path

import pytest
from zigzag import api
from zigzag.opt.loma.engine import NoValidLoopOrderingFoundException
from zigzag.stages.exploit_data_locality_stages import SearchInterLayerDataLocalityStage

from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.small_workloads import add, gemm, strip
from tests.stock import stock_zigzag

LPF_LIMIT = 3
SENECA = find_accelerator("seneca")
MAPPING = choose_mapping(None, SENECA)


class WeightsOnTop(SearchInterLayerDataLocalityStage):
    """ZigZag's search, with weights where they are without it."""

    def update_top_mem_level(self) -> None:
        super().update_top_mem_level()
        self.mem_update_weight = self.top_mem_level_weight


def branches(wide: int) -> list[WorkloadEntry]:
    """A product, two that read it, and their sum, which fits SENECA's data memory of 2,097,152 bit."""
    return [
        gemm(0, None, "stem", k=wide, c=500),
        gemm(1, 0, "left", k=90, c=wide),
        gemm(2, 0, "right", k=90, c=wide),
        add(3, (1, 2), "sum", g=90, oy=1, ox=1),
    ]


def stock(layers: list[WorkloadEntry], folder: Path) -> dict[int, tuple[float, float]]:
    files = (SENECA.path, MAPPING.path, folder)
    *_, found = stock_zigzag(layers, *files, lpf_limit=LPF_LIMIT, exploit_data_locality=True)
    return {layer: (evaluation.energy_total, evaluation.latency_total2) for layer, evaluation in found.items()}


def ours(layers: list[WorkloadEntry], folder: Path) -> tuple[dict[int, tuple[float | None, float | None]], list[str]]:
    told: list[str] = []
    workload, options = PricedWorkload("net", "net.yaml", tuple(layers)), PriceOptions(lpf_limit=LPF_LIMIT)
    resources = Resources(tell=told.append)
    found = evaluate(
        EvaluationRequest(workload, SENECA, MAPPING, options, locality=True), folder / "zigzag.log", resources
    )
    return {layer.id: (layer.energy_pj, layer.latency_cycles) for layer in found.layers}, told


def test_where_a_layer_has_no_room_weights_stay_on_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = branches(wide=700)  # the stem alone has 700 x 500 x 8 = 2,800,000 bit of weights
    with pytest.raises(NoValidLoopOrderingFoundException):
        stock(layers, tmp_path)
    monkeypatch.setattr(api, "SearchInterLayerDataLocalityStage", WeightsOnTop)
    prices, told = ours(layers, tmp_path)
    assert prices == stock(layers, tmp_path)
    assert told == [
        "data locality: ZigZag keeps all weights in data_memory, 3,808,000 bit in 2,097,152, where stem does not fit; "
        "here they stay in shared_memory"
    ]


def test_where_each_layer_has_room_the_numbers_are_zigzags_and_it_is_said_that_they_are_too_low(tmp_path: Path) -> None:
    layers = branches(wide=400)  # 1,600,000 bit and twice 288,000
    prices, told = ours(layers, tmp_path)
    assert prices == stock(layers, tmp_path)
    assert told == [
        "data locality: ZigZag keeps all weights in data_memory, 2,176,000 bit in 2,097,152; a network with its "
        "weights above that memory costs more than these numbers say"
    ]


def test_nothing_is_said_of_weights_that_fit(tmp_path: Path) -> None:
    assert ours(strip(), tmp_path)[1] == []
