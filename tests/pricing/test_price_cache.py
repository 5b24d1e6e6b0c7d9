"""A warm run: the same result, without ZigZag; and everything that the numbers depend on makes it a cold one."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.pricing import price_cache
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.run import evaluate
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.json_values import Document
from tests.small_workloads import strip

OPTIONS = PriceOptions(lpf_limit=3)


class Dictionary:
    """A memory that shows what is in it, and passes through JSON as the real one does."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self.kept[key]) if key in self.kept else None

    def put(self, key: str, value: object) -> None:
        self.kept[key] = json.dumps(value)


def run(
    memory: Dictionary,
    folder: Path,
    layers: list[WorkloadEntry] | None = None,
    accelerator: Found | None = None,
    mapping: Found | None = None,
    options: PriceOptions = OPTIONS,
    **more: Any,
) -> Evaluation:
    workload = PricedWorkload("strip", "strip.yaml", tuple(layers or strip()[:3]))
    accelerator = accelerator or find_accelerator("tpu_like")
    mapping = mapping or choose_mapping(None, find_accelerator("tpu_like"))
    resources = Resources(store=memory)
    return evaluate(
        EvaluationRequest(workload, accelerator, mapping, options, **more), folder / "zigzag.log", resources
    )


def cached(evaluation: Evaluation) -> list[bool]:
    return [layer.from_cache for layer in evaluation.layers]


def but_for_the_cache(evaluation: Evaluation) -> Document:
    return asdict(
        replace(evaluation, evaluated=0, layers=tuple(replace(layer, from_cache=False) for layer in evaluation.layers))
    )


@pytest.mark.parametrize("locality", [False, True])
def test_a_warm_run_says_the_same(locality: bool, tmp_path: Path) -> None:
    memory = Dictionary()
    cold, warm = (run(memory, tmp_path, strip(), locality=locality) for _ in range(2))
    assert but_for_the_cache(cold) == but_for_the_cache(warm)
    assert (cached(cold), cached(warm)) == ([False] * 7, [True] * 7)
    assert cold.evaluated > 0 and warm.evaluated == 0
    assert cold.distinct_layers == warm.distinct_layers


def test_a_network_that_shares_layers_pays_for_the_others_only(tmp_path: Path) -> None:
    memory = Dictionary()
    run(memory, tmp_path, strip()[:2])
    assert cached(run(memory, tmp_path, strip()[:4])) == [True, True, False, False]


def edited(path: Path, folder: Path, change: Callable[[Any], None]) -> Found:
    document = yaml.safe_load(path.read_text())
    change(document)
    (folder / path.name).write_text(yaml.safe_dump(document, sort_keys=False))
    return Found(path.stem, folder / path.name)


def dearer_memory(document: Document) -> None:
    document["memories"]["dram"]["r_cost"] = 800.0


def other_order_of_memories(document: Document) -> None:
    first, *others = document["memories"].items()
    document["memories"] = dict([others[0], first, *others[1:]])


def unrolled_less(mapping: list[Document]) -> None:
    for entry in mapping:
        entry["spatial_mapping"] = {"D1": ["K, 6"]}


def wider_output(layers: list[WorkloadEntry]) -> None:
    layers[0]["operand_precision"] = {**layers[0]["operand_precision"], "O_final": 16}


def fed_by_another(layers: list[WorkloadEntry]) -> None:
    layers[0]["operand_source"] = {"I": 0, "W": 0}
    layers[2]["operand_source"] = {"I": 1, "W": 1}


@pytest.mark.parametrize("change", [dearer_memory, other_order_of_memories])
def test_another_accelerator_is_another_price(change: Callable[[Any], None], tmp_path: Path) -> None:
    memory = Dictionary()
    run(memory, tmp_path)
    accelerator = edited(find_accelerator("tpu_like").path, tmp_path, change)
    assert cached(run(memory, tmp_path, accelerator=accelerator)) == [False] * 3


def test_another_mapping_is_another_price(tmp_path: Path) -> None:
    memory = Dictionary()
    run(memory, tmp_path)
    mapping = edited(choose_mapping(None, find_accelerator("tpu_like")).path, tmp_path, unrolled_less)
    assert cached(run(memory, tmp_path, mapping=mapping)) == [False] * 3


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, opt="energy"),
        replace(OPTIONS, lpf_limit=4),
        replace(OPTIONS, spatial_mappings=2),
        replace(OPTIONS, temporal_mapping_type="even"),
    ],
)
def test_other_options_are_another_price(options: PriceOptions, tmp_path: Path) -> None:
    memory = Dictionary()
    run(memory, tmp_path)
    assert cached(run(memory, tmp_path, options=options)) == [False] * 3


def test_locality_is_another_price(tmp_path: Path) -> None:
    memory = Dictionary()
    run(memory, tmp_path)
    assert cached(run(memory, tmp_path, locality=True)) == [False] * 3


@pytest.mark.parametrize(("change", "missed"), [(wider_output, 0), (fed_by_another, 2)])
def test_another_layer_is_another_price(change: Callable[[Any], None], missed: int, tmp_path: Path) -> None:
    memory, layers = Dictionary(), strip()[:3]
    run(memory, tmp_path)
    change(layers)
    assert cached(run(memory, tmp_path, layers)) == [place != missed for place in range(3)]


@pytest.mark.parametrize("part", ["zigzags_source", "versions"])
def test_another_zigzag_or_python_is_another_price(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Dictionary()
    run(memory, tmp_path)
    monkeypatch.setattr(price_cache, part, lambda: "another")
    assert cached(run(memory, tmp_path)) == [False] * 3


@pytest.mark.parametrize("search", ["exhaustive", "both"])
def test_who_asks_for_zigzags_search_gets_it(search: str, tmp_path: Path) -> None:
    memory = Dictionary()
    fast = run(memory, tmp_path)
    slow = run(memory, tmp_path, search=search)
    assert cached(slow) == [False] * 3
    assert slow.total == fast.total


def test_a_failure_is_not_remembered(tmp_path: Path) -> None:
    def tiny(document: Document) -> None:
        for memory in ("sram_2MB", "dram"):
            document["memories"][memory]["size"] = 2016  # bits: the stem's weights, and no more

    memory, accelerator = Dictionary(), edited(find_accelerator("tpu_like").path, tmp_path, tiny)
    first, second = (run(memory, tmp_path, accelerator=accelerator) for _ in range(2))
    assert [layer.error is None for layer in first.layers] == [layer.error is None for layer in second.layers]
    assert any(layer.error for layer in first.layers)
    assert all(layer.from_cache == (layer.error is None) for layer in second.layers)


FOR_PRICES = ("email", "importlib.metadata", "numpy", "zigzag")
"""What a run imports that has to find a price; the first two for networkx."""
LEFT_ALONE = (
    *("onnx", "onnxruntime", "pandas", "sympy", "matplotlib", "rich"),
    *("onnx2zz.pricing.system_result", "onnx2zz.pricing.physical", "onnx2zz.pricing.event_driven"),
    *("onnx2zz.pricing.in_memory", "onnx2zz.sidecar.figures", "onnx2zz.report.table"),
)
"""What a workload on one accelerator has no use for, whose result is written as JSON: no model is compiled, nothing is
drawn; there is no system of cores, no sidecar, no event, no array that computes in memory."""


@pytest.mark.parametrize("locality", [(), ("--exploit-data-locality",)])
def test_a_run_imports_nothing_that_it_has_no_use_for(locality: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(strip(), sort_keys=False))
    script = f"""
import sys
from onnx2zz.cli.main import run
code = run(sys.argv[1:])
print(sorted(set({(*LEFT_ALONE, *FOR_PRICES)}) & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
    command = ["evaluate", "net.yaml", "--arch", "tpu_like", "--lpf-limit", "2", "--cache", "kept", "--json", "-"]
    runs = [
        subprocess.run(
            [sys.executable, "-c", script, *command, *locality],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(2)
    ]
    cold, warm = (json.loads(done.stdout) for done in runs)
    assert cold["total"] == warm["total"]
    assert [layer["from_cache"] for layer in warm["layers"]] == [True] * 7
    assert runs[0].stderr.splitlines()[-1] == str(sorted(FOR_PRICES))
    assert runs[1].stderr.splitlines()[-1] == "[]"
