"""Graphs of NIR as the model of one step, against the same equations in numpy, step after step."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import Compiled, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.load import load_model
from onnx2zz.frontend.neurons import DT
from onnx2zz.frontend.nir_graph import step_model
from onnx2zz.proof.verify import verify
from tests.oracle import distinct, onnxruntime_run

RNG = np.random.default_rng(31)


def neurons(kind: str, *shape: int, **more: np.ndarray) -> dict[str, Any]:
    base = {name: distinct(RNG, *shape) * 0 + value for name, value in (("r", 3000.0), ("v_threshold", 0.25))}
    taus = {"tau": DT * 4} if kind in ("LI", "LIF") else {"tau_syn": DT * 3, "tau_mem": DT * 5, "w_in": 0.5}
    leaks = {name: np.full(shape, value) for name, value in {**taus, "v_leak": 0.125}.items()}
    given = base if kind == "IF" else {**base, **leaks}
    given["v_reset"] = np.full(shape, -0.5)
    return {"type": kind, **given, **more, "metadata": {}}


def recurrent() -> dict[str, Any]:
    """Two layers, the second fed back through weights of its own, and a read-out that leaks."""
    nodes = {
        "in": {"type": "Input", "shape": np.array([6])},
        "first": {"type": "Affine", "weight": distinct(RNG, 5, 6), "bias": distinct(RNG, 5)},
        "lif": neurons("LIF", 5),
        "second": {"type": "Linear", "weight": distinct(RNG, 4, 5)},
        "back": {"type": "Linear", "weight": distinct(RNG, 4, 4)},
        "cuba": neurons("CubaLIF", 4),
        "third": {"type": "Linear", "weight": distinct(RNG, 3, 4)},
        "read": neurons("LI", 3),
        "out": {"type": "Output", "shape": np.array([3])},
    }
    edges = [("in", "first"), ("first", "lif"), ("lif", "second"), ("second", "cuba"), ("back", "cuba"),
             ("cuba", "back"), ("cuba", "third"), ("third", "read"), ("read", "out")]  # fmt: skip
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges}


def leaking(state: np.ndarray, tau: np.ndarray, held: np.ndarray) -> np.ndarray:
    return state + DT / tau * (held - state)


def firing(v: np.ndarray, of: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    spikes = (v > of["v_threshold"]).astype(float)
    return np.where(spikes > 0, of["v_reset"], v), spikes


def driven(of: dict[str, Any], given: np.ndarray) -> np.ndarray:
    """Where a membrane would come to rest under a current."""
    return of["v_leak"] + of["r"] * given


def test_steps_are_those_of_the_equations() -> None:
    graph = recurrent()
    first, second, back, third = (graph["nodes"][name] for name in ("first", "second", "back", "third"))
    of_lif, of_cuba, of_read = (graph["nodes"][name] for name in ("lif", "cuba", "read"))
    model = step_model("net", graph)
    states = {one.name: np.zeros([d.dim_value for d in one.type.tensor_type.shape.dim], np.float32)
              for one in model.graph.input}  # fmt: skip
    lif, cuba, read = (np.zeros(of["r"].shape) for of in (of_lif, of_cuba, of_read))
    current, last, fired = np.zeros(4), np.zeros(4), 0.0
    for _ in range(12):
        x = RNG.uniform(-1, 2, 6)
        lif, spikes = firing(leaking(lif, of_lif["tau"], driven(of_lif, first["weight"] @ x + first["bias"])), of_lif)
        given = second["weight"] @ spikes + back["weight"] @ last
        current = leaking(current, of_cuba["tau_syn"], of_cuba["w_in"] * given)
        cuba, last = firing(leaking(cuba, of_cuba["tau_mem"], driven(of_cuba, current)), of_cuba)
        read = leaking(read, of_read["tau"], driven(of_read, third["weight"] @ last))
        found = onnxruntime_run(model, {**states, "in": x[np.newaxis].astype(np.float32)})
        np.testing.assert_allclose(found["out"][0], read, rtol=1e-3, atol=1e-3)
        states = {name.removesuffix("_next"): value for name, value in found.items() if name != "out"}
        fired += float(spikes.sum() + last.sum())
    assert fired > 0


def weights_of(compiled: Compiled) -> dict[str, tuple[int, int]]:
    return {one.node: (one.layer.macs, one.widths.I) for one in compiled.workload.layers if one.layer.macs}


def test_spikes_are_bits_and_each_product_counts_once_a_step() -> None:
    compiled = compile_model(step_model("net", recurrent()))
    assert weights_of(compiled) == {
        "first": (6 * 5, 8), "second": (5 * 4, 1), "back": (4 * 4, 1), "third": (4 * 3, 1),
    }  # fmt: skip
    states = {"lif/v", "cuba/v", "cuba/i", "cuba/last", "read/v"}
    assert {*compiled.graph.inputs} == {"in"} | states
    assert {*compiled.graph.outputs} == {"out"} | {f"{name}_next" for name in states}
    proven = verify(compiled)
    assert proven.ok
    assert proven.complete


def convolutional() -> dict[str, Any]:
    inner = {
        "a": {"type": "Input", "shape": np.array([4, 4, 6])},
        "if": neurons("IF", 4, 4, 6),
        "b": {"type": "Output", "shape": np.array([4, 4, 6])},
    }
    nodes = {
        "in": {"type": "Input", "shape": np.array([2, 9, 7])},
        "conv": {
            "type": "Conv2d", "weight": distinct(RNG, 4, 2, 3, 2), "bias": distinct(RNG, 4), "stride": (2, 1),
            "padding": (0, 0), "dilation": 1, "groups": 1, "input_shape": (9, 7),
        },
        "cell": {"type": "NIRGraph", "nodes": inner, "edges": [("a", "if"), ("if", "b")]},
        "pool": {"type": "SumPool2d", **{key: np.array([2, 3]) for key in ("kernel_size", "stride")}, "padding": 0},
        "flat": {"type": "Flatten", "input_type": np.array([4, 2, 2]), "start_dim": 0, "end_dim": -1},
        "dense": {"type": "Linear", "weight": distinct(RNG, 5, 16)},
        "spike": {"type": "Threshold", "threshold": np.full(5, 0.5)},
        "out": {"type": "Output", "shape": np.array([5])},
    }  # fmt: skip
    names = ["in", "conv", "cell", "pool", "flat", "dense", "spike", "out"]
    return {"type": "NIRGraph", "nodes": nodes, "edges": [*pairwise(names)]}


def test_a_convolution_pools_and_a_graph_inside_another() -> None:
    compiled = compile_model(step_model("net", convolutional()))
    assert compiled.workload.macs == 4 * 4 * 6 * (2 * 3 * 2) + 16 * 5
    assert compiled.graph.shape("out") == (1, 5)
    proven = verify(compiled)
    assert proven.ok
    assert proven.complete


def test_all_nodes_that_are_not_known_are_said_at_once() -> None:
    graph = recurrent()
    graph["nodes"]["lif"]["type"] = "Delay"
    graph["nodes"]["read"]["type"] = "Sigma"
    with pytest.raises(InputError) as raised:
        step_model("net", graph)
    assert [one.where for one in raised.value.problems] == ["node lif", "node read"]


def test_a_circle_without_a_neuron_is_refused() -> None:
    graph = recurrent()
    graph["edges"] += [("second", "first"), ("first", "second")]
    graph["nodes"]["lif"]["type"] = "Threshold"
    graph["nodes"]["lif"]["threshold"] = np.zeros(5)
    with pytest.raises(InputError, match="feed each other, and no neuron is between them"):
        step_model("net", graph)


def test_a_file_is_read_where_the_package_is_there(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    affine = nir.Affine(weight=distinct(RNG, 5, 6), bias=distinct(RNG, 5))
    lif = nir.LIF(*(np.full(5, value) for value in (DT * 4, 1.0, 0.0, 0.5, 0.0)))
    nir.write(str(tmp_path / "net.nir"), nir.NIRGraph.from_list(affine, lif, nir.Linear(weight=distinct(RNG, 3, 5))))
    model = load_model(tmp_path / "net.nir")
    assert isinstance(model, onnx.ModelProto)
    compiled = compile_model(tmp_path / "net.nir")
    assert sorted(weights_of(compiled).values()) == [(5 * 3, 1), (6 * 5, 8)]


def test_without_the_package_a_file_of_nir_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    (tmp_path / "net.nir").write_bytes(b"")
    with pytest.raises(InputError, match=r"pip install \"onnx2zz\[nir\]\""):
        load_model(tmp_path / "net.nir")
