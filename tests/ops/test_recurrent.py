"""LSTM, GRU and RNN against onnxruntime: directions, biases, initial states, lengths, peepholes, activations."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from onnx2zz.compiler import compile_model
from onnx2zz.emission.equation import notation
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.trace import trace
from onnx2zz.ir.interpreter import run_layers
from onnx2zz.ops.registry import operators
from onnx2zz.proof.verify import verify
from tests.nodes import Attribute, make_node
from tests.oracle import check_node, distinct, model_of, onnxruntime_run
from tests.proof.wrong import with_layer

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {"LSTM": 3, "GRU": 2, "RNN": 1}
OUTPUTS = {"LSTM": ["Y", "Y_h", "Y_c"], "GRU": ["Y", "Y_h"], "RNN": ["Y", "Y_h"]}
T, B, IN, H = 4, 3, 5, 2
ORDER = ["X", "W", "R", "B", "lengths", "h0", "c0", "P"]


def tensors(
    op: str, directions: int, optional: set[str], steps: int = T
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Inputs and constants of a recurrent node."""
    rng, gates = np.random.default_rng(0), GATES[op]
    every = {
        "X": 4 * distinct(rng, steps, B, IN),
        "W": distinct(rng, directions, gates * H, IN),
        "R": 2 * distinct(rng, directions, gates * H, H),
        "B": distinct(rng, directions, 2 * gates * H),
        "lengths": np.array([steps, 1, max(1, steps - 1)], np.int32),
        "h0": distinct(rng, directions, B, H),
        "c0": distinct(rng, directions, B, H) * 2,
        "P": distinct(rng, directions, 3 * H),
    }
    used = {name: value for name, value in every.items() if name in optional | {"X", "W", "R"}}
    return {n: used[n] for n in used if n in ("X", "lengths", "h0", "c0")}, {n: used[n] for n in used if n in "WRBP"}


def node_of(op: str, given_: set[str], outputs: list[str], **attributes: Attribute) -> onnx.NodeProto:
    names = [name if name in given_ else "" for name in ORDER[: 8 if op == "LSTM" else 6]]
    while not names[-1]:
        names.pop()
    return make_node(op, names, outputs, hidden_size=H, **attributes)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(GATES)),
    st.sampled_from(["forward", "reverse", "bidirectional"]),
    st.sets(st.sampled_from(["B", "lengths", "h0", "c0", "P"])),
    st.sampled_from([1, 4]),
    st.data(),
)
def test_every_form(op: str, direction: str, optional: set[str], steps: int, data: st.DataObject) -> None:
    if op != "LSTM":
        optional -= {"c0", "P"}
    directions = 1 + (direction == "bidirectional")
    inputs, constants = tensors(op, directions, optional, steps)
    outputs = [name if data.draw(st.booleans()) else "" for name in OUTPUTS[op]]
    if not any(outputs):
        outputs[0] = "Y"
    attributes = {"linear_before_reset": data.draw(st.integers(0, 1))} if op == "GRU" else {}
    if op == "LSTM" and "P" not in optional:
        attributes["input_forget"] = data.draw(st.integers(0, 1))
    node = node_of(op, {*inputs, *constants}, outputs, direction=direction, **attributes)
    layers = check_node(node, inputs, constants, opset=14)
    assert sum(layer.macs for layer in layers) == directions * steps * B * GATES[op] * H * (IN + H)
    assert all(layer.kind in ("exact", "movement") for layer in layers)
    result = verify(compile_model(model_of([node], inputs, constants, [o for o in node.output if o], 14)))
    assert (result.mismatches, result.not_checkable) == ((), ())


@pytest.mark.parametrize("op", sorted(GATES))
def test_the_last_step_of_a_packed_sequence_carries_no_state_on(op: str) -> None:
    """Backward, what the next step reads is masked step by step (3 of 4 steps here): behind the last there is none."""
    inputs, constants = tensors(op, 1, {"h0", "lengths"})
    node = node_of(op, {*inputs, *constants}, ["Y", "Y_h"], direction="reverse")
    layers = check_node(node, inputs, constants, opset=14)
    carried = [layer for layer in layers if "carried" in layer.output.tensor or "held" in layer.output.tensor]
    assert [layer.sizes["T"] for layer in carried] == [T - 1, T - 1]


@pytest.mark.parametrize("op", sorted(GATES))
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_one_element_in_one_step(op: str, direction: str) -> None:
    """Its layers are left out, and read one another in a circle."""
    rng, directions = np.random.default_rng(0), 1 + (direction == "bidirectional")
    constants = {"W": distinct(rng, directions, GATES[op], 3), "R": distinct(rng, directions, GATES[op], 1)}
    node = helper.make_node(op, ["X", "W", "R"], ["Y", "Y_h"], hidden_size=1, direction=direction)
    result = verify(compile_model(model_of([node], {"X": distinct(rng, 1, 1, 3)}, constants, ["Y", "Y_h"], 14)))
    assert (result.mismatches, result.nodes_matched) == ((), 1)


def test_an_lstm_whose_states_nobody_reads() -> None:
    """The last states are results, asked for or not; coupled gates leave a quarter of the products unread."""
    for outputs in (["", "", "Y_c"], ["", "Y_h"], ["Y"]):
        for attributes in ({}, {"input_forget": 1}):
            inputs, constants = tensors("LSTM", 1, {"h0", "c0", "lengths"})
            node = node_of("LSTM", {*inputs, *constants}, outputs, direction="reverse", **attributes)
            result = verify(compile_model(model_of([node], inputs, constants, [outputs[-1]], 14)))
            assert (result.mismatches, result.nodes_matched) == ((), 1)


def test_a_step_too_many_is_found() -> None:
    """A state carried on behind the last step, as it once was."""
    inputs, constants = tensors("GRU", 1, {"h0", "lengths"})
    node = node_of("GRU", {*inputs, *constants}, ["Y", "Y_h"], direction="reverse")
    compiled = compile_model(model_of([node], inputs, constants, ["Y", "Y_h"], 14))
    (carried,) = (placed for placed in compiled.workload.layers if "carried" in placed.layer.output.tensor)
    read = next(i for i, placed in enumerate(compiled.workload.layers) if "carried" in placed.layer.inputs[0].tensor)
    assert read < carried.id  # a step earlier
    longer = tuple((loop, T if loop == "T" else size) for loop, size in carried.layer.loops)
    axes = (replace(carried.layer.output.axes[0], extent=T, offset=T - 1), *carried.layer.output.axes[1:])
    layer = replace(carried.layer, loops=longer, output=replace(carried.layer.output, axes=axes))
    assert verify(with_layer(compiled, carried.id, layer)).mismatches


@pytest.mark.parametrize("op", sorted(GATES))
def test_activations_with_parameters(op: str) -> None:
    """Alphas and betas go, in order, to the functions that have them; a second direction takes the second half."""
    some = ["HardSigmoid", "LeakyRelu", "ScaledTanh", "Elu", "Affine", "Softsign"]
    names = some[: 2 * ACTIVATIONS[op]]
    alphas = {"HardSigmoid": 0.3, "LeakyRelu": 0.2, "ScaledTanh": 0.7, "Elu": 0.6, "Affine": 0.4}
    betas = {"HardSigmoid": 0.45, "ScaledTanh": 0.8, "Affine": 0.1}
    inputs, constants = tensors(op, 2, {"B"})
    node = node_of(
        op,
        {*inputs, *constants},
        OUTPUTS[op],
        direction="bidirectional",
        activations=names,
        activation_alpha=[alphas[name] for name in names if name in alphas],
        activation_beta=[betas[name] for name in names if name in betas],
    )
    check_node(node, inputs, constants, opset=14)


@pytest.mark.parametrize("op", sorted(GATES))
def test_clipping(op: str) -> None:
    inputs, constants = tensors(op, 1, {"B"})
    check_node(node_of(op, {*inputs, *constants}, OUTPUTS[op], clip=0.4), inputs, constants, opset=14)


@pytest.mark.parametrize("op", sorted(GATES))
def test_batch_first_layout(op: str) -> None:
    """onnxruntime runs layout 0 only: the same tensors, transposed, must give the same outputs, transposed."""
    optional = {"B", "h0", "lengths", *(["c0"] if op == "LSTM" else [])}
    inputs, constants = tensors(op, 2, optional)
    node = node_of(op, {*inputs, *constants}, OUTPUTS[op], direction="bidirectional")
    expected = onnxruntime_run(model_of([node], inputs, constants, OUTPUTS[op], 14), inputs)
    swapped = {n: np.swapaxes(v, 0, 1) if n in ("X", "h0", "c0") else v for n, v in inputs.items()}
    node = node_of(op, {*inputs, *constants}, OUTPUTS[op], direction="bidirectional", layout=1)
    graph = trace(model_of([node], swapped, constants, OUTPUTS[op], 14), Bindings())
    values = run_layers(operators()[op].lower(graph.nodes[-1], graph), {**swapped, **constants})
    for name in OUTPUTS[op]:
        wanted = np.moveaxis(expected[name], 2, 0) if name == "Y" else np.swapaxes(expected[name], 0, 1)
        assert graph.shape(name) == wanted.shape
        np.testing.assert_allclose(values[name], wanted, 1e-4, 1e-4, err_msg=name)


def test_a_step_reads_the_state_by_its_plain_index() -> None:
    """Weights are read once for all steps; the state has one row a step, so nothing is padded."""
    inputs, constants = tensors("LSTM", 1, {"h0"})
    layers = check_node(node_of("LSTM", {*inputs, *constants}, ["Y"]), inputs, constants, opset=14)
    inputs_of_all, of_state = (layer for layer in layers if layer.operator_type == "Gemm")
    assert notation(inputs_of_all, variable=False).equation == "O[d][b][k]+=I[d][b][c]*W[k][c]"
    written = notation(of_state, variable=False)
    assert (written.equation, written.relations) == ("O[t][b][k]+=I[t][b][c]*W[k][c]", ())
    assert not of_state.inputs[1].loops & {"T", "B"}


def test_lengths_known_to_be_full_cost_nothing() -> None:
    inputs, constants = tensors("GRU", 1, {"lengths"})
    full = {"lengths": np.full(B, T, np.int32)}
    node = node_of("GRU", {*inputs, *constants}, ["Y", "Y_h"])
    ragged = check_node(node, inputs, constants, opset=14)
    whole = check_node(node, {"X": inputs["X"]}, constants | full, opset=14)
    assert len(whole) == len(ragged) - 1


def test_compiled_edges() -> None:
    """Layers of a step have edges forward only; the state's own reads come from the initial state."""
    inputs, constants = tensors("LSTM", 2, {"h0", "c0", "B"})
    nodes = [
        helper.make_node("Relu", ["h"], ["h0"]),
        node_of("LSTM", {*inputs, *constants}, ["Y", "Y_h", "Y_c"], direction="bidirectional"),
        helper.make_node("Relu", ["Y"], ["z"]),
    ]
    given_ = {"X": inputs["X"], "h": inputs["h0"], "c0": inputs["c0"]}
    compiled = compile_model(model_of(nodes, given_, constants, ["z", "Y_h", "Y_c"], 14))
    relu, node, last = compiled.coverage["nodes"]
    assert (relu["status"], node["status"], last["status"]) == ("lowered", "lowered", "lowered")
    for layer in compiled.coverage["layers"]:
        assert all(s < layer["id"] for sources in layer["sources"].values() for s in sources if isinstance(s, int))
    states = [layer for layer in compiled.coverage["layers"] if layer["sources"]["I"] == [] and layer["macs"]]
    assert [layer["sources"]["X"] for layer in states] == [[0], [0]]


@pytest.mark.parametrize("op", sorted(GATES))
def test_verify_runs_the_steps_too(op: str) -> None:
    """Both directions write one Y: neither feeds the other, and the state has one row a step."""
    inputs, constants = tensors(op, 2, {"B", "h0"})
    node = node_of(op, {*inputs, *constants}, OUTPUTS[op], direction="bidirectional")
    model = model_of([node], inputs, constants, OUTPUTS[op], 14)
    result = verify(compile_model(model))
    assert (result.mismatches, result.nodes_matched) == ((), 1)
