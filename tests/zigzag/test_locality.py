"""Data kept in lower memories between layers: stock ZigZag's levels and prices, and networks that stock dies on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from zigzag import api
from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.cost_model.cost_model_imc import CostModelEvaluationForIMC
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.parser.workload_factory import WorkloadFactory
from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
from zigzag.stages.exploit_data_locality_stages import SearchInterLayerDataLocalityStage

from onnx2zz.compiler import compile_model
from onnx2zz.files.document import Data
from onnx2zz.formats.coverage import Coverage, read_coverage
from onnx2zz.formats.mapping_entry import mapping_entry_for, read_mapping
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing.graph import further_edges
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.accelerator import build_accelerator, load_accelerator
from onnx2zz.zigzag.failure import PricingError
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.levels import KeptLevels
from onnx2zz.zigzag.locality import kept_levels
from tests.guarded_locality import guarded_search
from tests.json_values import Document
from tests.small_workloads import add, conv, gemm, name_of, sources_of, strip
from tests.stock import StockOptions, stock_zigzag

LPF_LIMIT = 3
SHAPE: Document = {"k": 12, "c": 12, "oy": 1, "ox": 14, "fy": 1, "fx": 5, "pads": ((0, 0), (2, 2))}


def run(layers: Sequence[WorkloadEntry], name: str, folder: Path, coverage: Coverage | None = None) -> Evaluation:
    accelerator = find_accelerator(name)
    workload = PricedWorkload("net", "net.yaml", tuple(layers), coverage)
    mapping, options = choose_mapping(None, accelerator), PriceOptions(lpf_limit=LPF_LIMIT)
    return evaluate(EvaluationRequest(workload, accelerator, mapping, options, locality=True), folder / "zigzag.log")


def stock(
    layers: Sequence[WorkloadEntry], name: str, folder: Path
) -> dict[int, CostModelEvaluation | CostModelEvaluationForIMC]:
    accelerator = find_accelerator(name)
    in_memory = name in ("aimc", "dimc")
    files = (accelerator.path, choose_mapping(None, accelerator).path, folder)
    switches: StockOptions = {"exploit_data_locality": not in_memory, "in_memory_compute": in_memory}
    return stock_zigzag(layers, *files, lpf_limit=LPF_LIMIT, **switches)[2]


@pytest.mark.parametrize("name", ["tpu_like", "edge_tpu_like", "seneca", "aimc", "dimc"])
def test_a_network_with_one_input_and_one_output_costs_what_stock_zigzag_says(name: str, tmp_path: Path) -> None:
    expected = stock(strip(), name, tmp_path)
    found = run(strip(), name, tmp_path)
    priced = [layer for layer in found.layers if layer.error is None]
    assert [layer.id for layer in priced] == sorted(expected)
    for layer in priced:
        assert layer.energy_pj == expected[layer.id].energy_total
        assert layer.latency_cycles == expected[layer.id].latency_total2
        assert layer.spatial_utilization == expected[layer.id].mac_spatial_utilization


def same_prices(found: Evaluation, expected: dict[int, CostModelEvaluation]) -> bool:
    """Whether every layer costs what ZigZag says, to the last bit."""
    return {layer.id: (layer.energy_pj, layer.latency_cycles) for layer in found.layers} == {
        layer: (evaluation.energy_total, evaluation.latency_total2) for layer, evaluation in expected.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("name", ["tpu_like", "edge_tpu_like"])
@pytest.mark.parametrize("network", ["zigzag:resnet18", "mobilenetv2", "alexnet"])
def test_whole_networks_cost_what_stock_zigzag_says(network: str, name: str, tmp_path: Path) -> None:
    """Residual additions have two producers, and some outputs are read twice."""
    layers = compile_model(find_model(network).path).entries
    assert same_prices(run(layers, name, tmp_path), stock(list(layers), name, tmp_path))


@pytest.mark.long
@pytest.mark.parametrize("name", ["tpu_like", "edge_tpu_like"])
@pytest.mark.parametrize("network", ["yolov8n", "yolov3_tiny", "bert_layer"])
def test_whole_networks_that_stock_zigzag_stops_on_cost_what_its_guarded_stages_say(
    network: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compile_model(find_model(network).path)
    layers, edges = compiled.entries, further_edges(compiled.entries, compiled.coverage)
    found = run(layers, name, tmp_path, compiled.coverage)
    with pytest.raises((StopIteration, RuntimeError)):
        stock(list(layers), name, tmp_path)
    monkeypatch.setattr(api, "SearchInterLayerDataLocalityStage", guarded_search(edges))
    assert found.edges_added == len(edges)
    assert same_prices(found, stock(list(layers), name, tmp_path))


def test_an_array_that_computes_in_memory_skips_pools_and_additions_aloud(tmp_path: Path) -> None:
    skipped = {layer.name: layer.error for layer in run(strip(), "aimc", tmp_path).layers if layer.error}
    assert skipped.keys() == {"L1_pool", "L4_add"}
    assert skipped["L4_add"] == ("L4_add: skipped: ZigZag prices no Add layer on an array that computes in memory")


def levels_of(
    layers: list[WorkloadEntry], edges: Sequence[tuple[int, int]] = (), name: str = "edge_tpu_like"
) -> dict[int, KeptLevels]:
    accelerator = find_accelerator(name)
    mapping = read_mapping(yaml.safe_load(choose_mapping(None, accelerator).path.read_text()))
    mapped = [mapping_entry_for(entry, mapping) for entry in layers]
    return kept_levels(layers, mapped, edges, load_accelerator(accelerator.path))


SRAM, DRAM = 3, 4
"""Where edge_tpu_like's two memories for I1 and O stand in its list."""


def two_inputs() -> list[WorkloadEntry]:
    return [
        conv(0, None, "left", **SHAPE),
        conv(1, None, "right", **SHAPE),
        add(2, (0, 1), "sum", g=12, oy=1, ox=14),
        conv(3, 2, "head", **SHAPE),
    ]


def test_a_further_input_layer_is_treated_as_the_first() -> None:
    levels = {layer: dict(kept.tensors) for layer, kept in levels_of(two_inputs()).items()}
    assert levels[0] == levels[1] == {"I1": DRAM, "O": DRAM}  # ends of branches go to the top, as in ZigZag
    apart = levels_of([conv(0, None, "a", **SHAPE), conv(1, None, "b", **SHAPE)])
    assert dict(apart[0].tensors) == dict(apart[1].tensors) == {"I1": SRAM, "O": SRAM}


def test_a_further_output_layer_is_treated_as_the_last() -> None:
    stem, left, right = conv(0, None, "stem", **SHAPE), conv(1, 0, "left", **SHAPE), conv(2, 0, "right", **SHAPE)
    levels = {layer: dict(kept.tensors) for layer, kept in levels_of([stem, left, right]).items()}
    assert levels[0] == {"I1": DRAM, "O": DRAM}
    assert levels[1] == levels[2] == {"I1": DRAM, "O": SRAM}


def coverage_of(layers: Sequence[WorkloadEntry], sources: Sequence[Data]) -> Coverage:
    """What feeds each operand, layer by layer."""
    return read_coverage(
        {
            "layers": [
                {"id": layer["id"], "name": name_of(layer), "sources": fed}
                for layer, fed in zip(layers, sources, strict=True)
            ]
        }
    )


def test_an_edge_that_only_the_coverage_knows_counts(tmp_path: Path) -> None:
    """Two convolutions behind each other in one tensor (a Concat): `operand_source` names the second only."""
    wider: Document = {**SHAPE, "c": 24}
    layers = [*two_inputs()[:2], conv(2, 1, "joined", **wider)]
    sources: list[Data] = [{"I": ["input:x"]}, {"I": ["input:x"]}, {"I": [0, 1], "W": ["const"]}]
    found = run(layers, "edge_tpu_like", tmp_path, coverage_of(layers, sources))
    assert found.edges_added == 1
    assert run(layers, "edge_tpu_like", tmp_path).edges_added == 0
    assert dict(levels_of(layers)[1].tensors)["O"] == SRAM
    assert dict(levels_of(layers, [(0, 2)])[1].tensors)["O"] == DRAM


@pytest.mark.parametrize(
    ("layers", "edge"),
    [
        (two_inputs(), None),
        ([*two_inputs(), conv(4, 2, "second_head", **SHAPE)], (0, 4)),
        ([gemm(0, None, "first", k=24, c=36), gemm(1, 0, "second", k=8, c=24), gemm(2, 0, "third", k=6, c=24)], None),
    ],
)
def test_a_network_that_stock_zigzag_stops_on_costs_what_its_guarded_stages_say(
    layers: list[WorkloadEntry], edge: tuple[int, int] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "edge_tpu_like"
    with pytest.raises((StopIteration, RuntimeError)):
        stock(layers, name, tmp_path)
    monkeypatch.setattr(api, "SearchInterLayerDataLocalityStage", guarded_search([edge] if edge else []))
    expected = stock(layers, name, tmp_path)
    sources: list[Data] = [{} for _ in layers]
    if edge:
        sources[edge[1]] = {"I": [edge[0]]}
    found = run(layers, name, tmp_path, coverage_of(layers, sources))
    assert found.edges_added == bool(edge)
    assert same_prices(found, expected)


def top_of_inputs_above_top_of_outputs() -> Accelerator:
    """edge_tpu_like whose outputs stay in the SRAM."""
    document = yaml.safe_load(find_accelerator("edge_tpu_like").path.read_text())
    dram = document["memories"]["dram"]
    dram["operands"] = [operand for operand in dram["operands"] if operand != "O"]
    for port in dram["ports"]:
        port["allocation"] = [use for use in port["allocation"] if not use.startswith("O,")]
    return build_accelerator(Path("apart.yaml"), document)


SHIPPED = ("tpu_like", "edge_tpu_like", "seneca")
ACCELERATORS = {
    "apart": top_of_inputs_above_top_of_outputs(),
    **{name: load_accelerator(find_accelerator(name).path) for name in SHIPPED},
}
(DEFAULT, *_) = read_mapping(yaml.safe_load(choose_mapping(None, find_accelerator("edge_tpu_like")).path.read_text()))
small, large = st.integers(1, 40), st.integers(1, 3000)


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[WorkloadEntry], list[tuple[int, int]]]:
    """Layers of any size, each behind any of those before it or behind none, and edges that no source tells of."""
    layers: list[WorkloadEntry] = []
    for identity in range(draw(st.integers(2, 6))):
        before = st.sampled_from(range(identity or 1))
        kind = draw(st.sampled_from(["conv", "gemm", "add"] if identity > 1 else ["conv", "gemm"]))
        if kind == "add":
            layers.append(add(identity, (draw(before), draw(before)), f"L{identity}", g=draw(large), oy=1, ox=7))
            continue
        source = draw(before | st.none()) if identity else None
        if kind == "gemm":
            layers.append(gemm(identity, source, f"L{identity}", k=draw(large), c=draw(large)))
        else:
            sizes: dict[str, Any] = {
                "k": draw(small),
                "c": draw(small),
                "oy": draw(small),
                "ox": draw(large),
                "fy": 1,
                "fx": 3,
            }
            layers.append(conv(identity, source, f"L{identity}", **sizes))
    pairs = [(i, j) for j in range(len(layers)) for i in range(j) if i not in sources_of(layers[j]).values()]
    return layers, draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2)) if pairs else []


def zigzags_levels(search: Any, layers: Sequence[WorkloadEntry], accelerator: Accelerator) -> dict[int, KeptLevels]:
    """Those that ZigZag's stage `search` finds, as ours are written."""
    workload = WorkloadFactory([dict(layer) for layer in layers], [{**DEFAULT.document(), "name": "default"}]).create()
    stage = search([CostModelStage], accelerator=accelerator, workload=workload)
    stage.update_top_mem_level()
    return {
        layer: KeptLevels(tuple((str(op), level) for op, level in tensors.items()), stage.mem_update_weight)
        for layer, tensors in stage.mem_update_list.items()
    }


@given(network=networks(), name=st.sampled_from(sorted(ACCELERATORS)))
@settings(max_examples=30, deadline=None)
def test_the_levels_are_those_of_zigzags_guarded_search(
    network: tuple[list[WorkloadEntry], list[tuple[int, int]]], name: str
) -> None:
    layers, edges = network
    ours = (layers, [DEFAULT] * len(layers), edges, ACCELERATORS[name])
    try:
        expected = zigzags_levels(guarded_search(edges), layers, ACCELERATORS[name])
    except AssertionError:
        with pytest.raises(PricingError):
            kept_levels(*ours)
    else:
        assert kept_levels(*ours) == expected


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("network", ["resnet18", "mobilenetv2", "alexnet"])
def test_whole_networks_keep_the_levels_of_stock_zigzag(network: str, name: str) -> None:
    layers = compile_model(find_model(network).path).entries
    ours = kept_levels(layers, [DEFAULT] * len(layers), (), ACCELERATORS[name])
    assert ours == zigzags_levels(SearchInterLayerDataLocalityStage, layers, ACCELERATORS[name])


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("network", ["yolov8n", "yolov3_tiny", "bert_layer"])
def test_whole_networks_that_stock_zigzag_stops_on_keep_the_levels_of_its_guarded_search(
    network: str, name: str
) -> None:
    compiled = compile_model(find_model(network).path)
    edges = further_edges(compiled.entries, compiled.coverage)
    ours = kept_levels(compiled.entries, [DEFAULT] * len(compiled.entries), edges, ACCELERATORS[name])
    with pytest.raises(StopIteration):
        zigzags_levels(SearchInterLayerDataLocalityStage, compiled.entries, ACCELERATORS[name])
    assert ours == zigzags_levels(guarded_search(edges), compiled.entries, ACCELERATORS[name])


def test_where_no_memory_carries_data_from_layer_to_layer_every_layer_says_so(tmp_path: Path) -> None:
    document = yaml.safe_load(find_accelerator("tpu_like").path.read_text())
    memories = document["memories"]
    for_inputs, for_outputs = memories.pop("dram"), memories.pop("sram_2MB")
    for operands, memory in ((["I1", "I2"], for_inputs), (["O"], for_outputs)):
        memory["operands"] = operands
        for port in memory["ports"]:
            port["allocation"] = [use for use in port["allocation"] if use.split(",")[0] in operands]
    document["memories"] = {**memories, "for_inputs": for_inputs, "for_outputs": for_outputs}
    (tmp_path / "apart.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    found = run(strip()[:2], str(tmp_path / "apart.yaml"), tmp_path)
    assert [layer.error for layer in found.layers] == [
        f"{name_of(layer)}: data locality: no memory holds both O and I1 and has room for this network's tensors "
        "beside all of its weights; give it a larger one, or price it without locality (ZigZag's own check failed: "
        "There are still layers with top mem levels not figured out. (AssertionError))"
        for layer in strip()[:2]
    ]
