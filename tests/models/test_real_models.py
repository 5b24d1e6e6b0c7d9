"""Whole models: every node accounted for, every product exact, every edge there, accepted by stock ZigZag."""

import json
import math
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import onnx
import pytest
import yaml

from onnx2zz.cli.main import run
from tests.json_values import Document
from tests.model_files import read_model
from tests.models.real_models import BESIDE, SHIPPED, bindings, truth
from tests.oracle import onnxruntime_run

beside = pytest.mark.parametrize("name", list(BESIDE))


class Compiled:
    """What `onnx2zz compile` wrote for a model, as anybody would read it."""

    def __init__(self, path: Path, folder: Path, options: list[str]) -> None:
        assert run(["compile", str(path), "-o", str(folder), *options]) == 0
        self.graph = read_model(path).graph
        self.entries = yaml.load((folder / "workload.yaml").read_text(), yaml.CSafeLoader)
        self.coverage = json.loads((folder / "coverage.json").read_text())
        self.fates = {output: fate for fate in self.coverage["nodes"] for output in fate["outputs"] if output}
        self.folder = folder

    def macs(self, output: str) -> int:
        """The MACs of the layers of the node that makes `output`."""
        layers = self.fates[output]["layers"]
        return sum(
            math.prod(e["loop_sizes"])
            for e in (self.entries[i] for i in layers)
            if e["operator_type"] in ("Conv", "Gemm")
        )


def products_from_shapes(graph: onnx.GraphProto, shapes: dict[str, tuple[int, ...]]) -> dict[str, int]:
    """MACs of every product, by its output, by arithmetic."""
    found: dict[str, int] = {}
    for node in graph.node:
        out = node.output[0]
        if node.op_type == "Conv":
            found[out] = math.prod(shapes[out]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type == "MatMul":
            found[out] = math.prod(shapes[out]) * shapes[node.input[0]][-1]
        elif node.op_type == "Gemm":
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            found[out] = math.prod(shapes[out]) * shapes[node.input[0]][0 if transposed else 1]
    return found


def onnxruntime_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor, as onnxruntime computes them."""
    model = read_model(path)
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:  # weights that do not ship
            shape, dtype = tuple(tensor.dims), onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(shape, dtype), tensor.name))
    given = {t.name for t in model.graph.initializer}
    inputs = {
        info.name: np.zeros([d.dim_value for d in info.type.tensor_type.shape.dim], np.float32)
        for info in model.graph.input
        if info.name not in given
    }
    del model.graph.output[:]
    model.graph.output.extend(
        onnx.helper.make_empty_tensor_value_info(o) for n in model.graph.node for o in n.output if o
    )
    shapes = {t.name: tuple(t.dims) for t in model.graph.initializer}
    return shapes | {name: value.shape for name, value in onnxruntime_run(model, inputs).items()}


def assert_loops_are_few(entry: Document) -> None:
    """At most 7 loops above 1, 8 in 3-D, one more each for batch and groups: the search is factorial in them."""
    sizes = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))
    allowed = 7 + ("FZ" in sizes) + (sizes.get("B", 1) > 1) + (sizes.get("G", 1) > 1)
    assert sum(size > 1 for size in sizes.values()) <= allowed, entry["name"]


def assert_every_node_has_one_fate(compiled: Compiled) -> None:
    made = Counter(output for fate in compiled.coverage["nodes"] for output in fate["outputs"] if output)
    wanted = {output for node in compiled.graph.node for output in node.output if output}
    assert set(made.values()) == {1} and wanted <= made.keys()


def assert_edges_agree(compiled: Compiled) -> None:
    """The layers' sources are those that remain when views, riders and hosts are contracted, by a walk of their own."""
    tensors: nx.DiGraph[str] = nx.DiGraph()
    for node in compiled.graph.node:
        for output in filter(None, node.output):
            tensors.add_edges_from((i, output) for i in node.input if i)
    layer_owner = {
        i: f["outputs"][0] for f in compiled.coverage["nodes"] if f["status"] == "lowered" for i in f["layers"]
    }

    def stops(tensor: str) -> str | None:
        fate = compiled.fates.get(tensor)
        if fate is None or fate["status"] == "folded":
            return ""
        if fate["status"] == "lowered" and fate["op"] != "Concat":
            return fate["outputs"][0]
        return layer_owner[fate["layers"][0]] if fate["status"] == "fused" else None

    def behind(tensor: str) -> set[str]:
        found, pending, seen = set[str](), [tensor], set[str]()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            stop = stops(name)
            if stop is None:
                fate = compiled.fates[name]
                found |= {fate["outputs"][0]} if fate["status"] == "lowered" else set()
                pending += tensors.predecessors(name)
            elif stop:
                found.add(stop)
        return found

    for fate in compiled.coverage["nodes"]:
        if fate["status"] != "lowered" or fate["op"] == "Concat":
            continue
        own = fate["outputs"][0]
        wanted = {name for i in tensors.predecessors(own) for name in behind(i)} - {own}
        sources = {
            s for i in fate["layers"] for values in compiled.coverage["layers"][i]["sources"].values() for s in values
        }
        assert {layer_owner[s] for s in sources if isinstance(s, int)} - {own} == wanted, fate


def assert_zigzag_takes_it(folder: Path) -> None:
    from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
    from zigzag.stages.parser.workload_parser import WorkloadParserStage
    from zigzag.stages.stage import StageCallable

    from tests.models.real_models import package

    mapping = package("zigzag") / "inputs/mapping/default.yaml"
    never_run: list[StageCallable] = [CostModelStage]
    WorkloadParserStage(never_run, workload=str(folder / "workload.yaml"), mapping=str(mapping)).parse_workload()


@pytest.mark.parametrize("name", list(SHIPPED))
def test_models_of_the_wheels(name: str, tmp_path: Path) -> None:
    compiled = Compiled(SHIPPED[name], tmp_path, [])
    shapes = onnxruntime_shapes(SHIPPED[name])
    products = products_from_shapes(compiled.graph, shapes)
    assert products
    for output, macs in products.items():
        (layer,) = compiled.fates[output]["layers"]
        assert compiled.macs(output) == macs
        sizes = dict(zip(compiled.entries[layer]["loop_dims"], compiled.entries[layer]["loop_sizes"], strict=True))
        indices = compiled.entries[layer]["equation"].split("=")[0].removesuffix("+")[2:-1].split("][")
        assert math.prod(sizes[index.upper()] for index in indices) == math.prod(shapes[output])
    assert compiled.coverage["totals"]["macs"] == sum(products.values())
    assert_every_node_has_one_fate(compiled)
    assert_edges_agree(compiled)
    assert_zigzag_takes_it(tmp_path)
    for entry in compiled.entries:
        assert_loops_are_few(entry)


@beside
def test_models_beside_the_checkout(name: str, tmp_path: Path) -> None:
    facts = truth()[name]
    compiled = Compiled(BESIDE[name], tmp_path, bindings(facts["dims_bound"]))
    for output, macs in facts["macs_per_output"].items():
        fate = compiled.fates[output]
        if fate["op"] == "ConvTranspose":
            assert sum(compiled.coverage["layers"][i]["macs_useful"] for i in fate["layers"]) == macs
        elif fate["status"] != "folded":
            assert compiled.macs(output) == macs, output
    assert_every_node_has_one_fate(compiled)
    if not any(a.type in (5, 10) for node in compiled.graph.node for a in node.attribute):  # bodies are inlined
        assert_edges_agree(compiled)
    for entry in compiled.entries:
        assert_loops_are_few(entry)
