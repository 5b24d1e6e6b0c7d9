"""Model-local functions are their bodies, where they are called."""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, defs, helper

from onnx2zz.compiler import compile_model
from onnx2zz.ir.workload import NodeFate
from tests.frontend.whole_graph import check_model
from tests.nodes import Attribute, make_node
from tests.oracle import distinct, model_of

RNG = np.random.default_rng(2)
X = {"x": distinct(RNG, 2, 3, 4)}
W = {"w": distinct(RNG, 4, 5), "v": distinct(RNG, 5, 4)}
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]


def node(op: str, inputs: str, outputs: str, domain: str = "", **attributes: Attribute) -> onnx.NodeProto:
    read, made = (["" if name == "-" else name for name in text.split()] for text in (inputs, outputs))
    return make_node(op, read, made, domain=domain, **attributes)


def function(
    name: str,
    inputs: str,
    outputs: str,
    nodes: list[onnx.NodeProto],
    attributes: Sequence[str] = (),
    defaults: Sequence[onnx.AttributeProto] = (),
    domain: str = "local",
) -> onnx.FunctionProto:
    return helper.make_function(
        domain, name, inputs.split(), outputs.split(), nodes, OPSETS, list(attributes), list(defaults)
    )


def referring(op: str, inputs: str, outputs: str, **references: str) -> onnx.NodeProto:
    """A node whose attributes are the function's: `alpha="slope"` takes the function's slope."""
    made = node(op, inputs, outputs)
    for name, source in references.items():
        made.attribute.append(AttributeProto(name=name, ref_attr_name=source, type=AttributeProto.FLOAT))
    return made


def fates(model: onnx.ModelProto) -> dict[tuple[str, ...], NodeFate]:
    return {fate.outputs: fate for fate in compile_model(model).workload.nodes}


LINEAR = function("Linear", "a b", "c", [node("MatMul", "a b", "p"), node("Tanh", "p", "c")])


def test_nested_functions_and_their_coverage() -> None:
    """Inner tensors carry the caller's first output, at every depth; the caller has all layers of its body."""
    block = function("Block", "h u d", "o", [node("Linear", "h u", "m", "local"), node("Linear", "m d", "o", "local")])
    model = model_of([node("Block", "x w v", "y", "local")], X, W, ["y"], functions=[LINEAR, block])
    check_model(model, X)
    told = fates(model)
    assert next(iter(told)) == ("y",)
    assert (told["y",].op, told["y",].status, told["y",].layers) == ("local.Block", "lowered", (0, 1))
    assert (told["y/m",].op, told["y/m",].layers) == ("local.Linear", (0,))
    assert (told["y/m/p",].op, told["y/m/p",].layers) == ("MatMul", (0,))
    assert (told["y/o/p",].status, told["y/o/c",].status) == ("lowered", "fused")


def test_two_calls_keep_their_tensors_apart() -> None:
    nodes = [node("Linear", "x w", "a", "local"), node("Linear", "a v", "y", "local")]
    model = model_of(nodes, X, W, ["y"], functions=[LINEAR])
    check_model(model, X)
    assert {("a/p",), ("y/p",)} <= fates(model).keys()


@pytest.mark.parametrize(("given", "slope"), [({}, 0.3), ({"slope": 0.7}, 0.7)])
def test_attribute_references_and_defaults(given: dict[str, float], slope: float) -> None:
    leaky = function(
        "Leaky", "a", "b", [referring("LeakyRelu", "a", "b", alpha="slope")], [], [helper.make_attribute("slope", 0.3)]
    )
    model = model_of([node("Leaky", "x", "y", "local", **given)], X, {}, ["y"], functions=[leaky])
    graph = check_model(model, X)
    assert graph.nodes[0].number("alpha") == pytest.approx(slope)


def test_reference_that_nobody_sets_leaves_onnx_default() -> None:
    leaky = function("Leaky", "a", "b", [referring("LeakyRelu", "a", "b", alpha="slope")], ["slope"])
    graph = check_model(model_of([node("Leaky", "x", "y", "local")], X, {}, ["y"], functions=[leaky]), X)
    assert "alpha" not in graph.nodes[0].protos


def test_reference_inside_a_branch() -> None:
    """The If in the function's body refers to the function's attribute, two levels down."""
    branches = {
        f"{way}_branch": helper.make_graph(
            [referring("LeakyRelu", "a", way, alpha="slope")], way, [], [helper.make_empty_tensor_value_info(way)]
        )
        for way in ("then", "else")
    }
    nodes = [node("Constant", "", "yes", value_int=1), node("Cast", "yes", "sure", to=9)]
    chosen = function("Chosen", "a", "b", [*nodes, node("If", "sure", "b", "", **branches)], ["slope"])
    graph = check_model(model_of([node("Chosen", "x", "y", "local", slope=0.6)], X, {}, ["y"], functions=[chosen]), X)
    (inner,) = [n for n in graph.nodes if n.op == "LeakyRelu"]
    assert inner.number("alpha") == pytest.approx(0.6) and inner.outputs == ("y/b/then",)


def test_function_stands_before_an_operator_of_the_same_name() -> None:
    """A function of ONNX's own domain shadows the operator: its body decides."""
    relu = function("Relu", "a", "b", [node("Neg", "a", "b")], domain="")
    model = model_of([node("Relu", "x", "y")], X, {}, ["y"], functions=[relu])
    told = fates(model)
    assert told["y/b",].op == "Neg" and told["y",].layers == told["y/b",].layers == (0,)


def test_body_that_only_renames_is_a_view() -> None:
    same = function("Same", "a", "b", [node("Identity", "a", "b")])
    model = model_of([node("Same", "x", "a", "local"), node("Exp", "a", "y")], X, {}, ["y"], functions=[same])
    told = fates(model)
    assert (told["a",].status, told["y",].layers) == ("view", (0,))


def test_left_out_inputs_and_outputs() -> None:
    """An input that the call leaves out is left out inside; an output that it does not want is dead."""
    optional = function("Clamp", "a low high", "b c", [node("Clip", "a low high", "b"), node("Exp", "a", "c")])
    nodes = [node("Clamp", "x - top", "y -", "local")]
    model = model_of(nodes, X, {"top": np.asarray(0.1, np.float32)}, ["y"], functions=[optional])
    check_model(model, X)
    told = fates(model)
    assert told["y/c",].why == "dead" and told["y", ""].layers == (0,)


def test_names_with_slashes_do_not_mix_up_bodies() -> None:
    """Exporters write names like paths: a caller `a` does not own what lies under the caller `a/b`."""
    same = function(
        "Twice", "a", "b", [node("Exp", "a", "t"), node("Exp", "t", "u"), node("MaxPool", "u", "b", kernel_shape=[1])]
    )
    nodes = [node("Twice", "x", "a", "local"), node("Twice", "a", "a/b", "local")]
    told = fates(model_of(nodes, X, {}, ["a/b"], functions=[same]))
    assert set(told["a",].layers).isdisjoint(told["a/b",].layers)


@pytest.mark.skipif(defs.onnx_opset_version() < 27, reason="onnx is older than the operator")
def test_an_operator_that_onnx_defines_by_a_function_stands_for_its_body() -> None:
    """A causal convolution is a Concat with its past, a depthwise Conv and a Slice; the caller has their layers."""
    x, weights = distinct(np.random.default_rng(0), 2, 3, 7), distinct(np.random.default_rng(1), 3, 1, 4)
    node = helper.make_node("CausalConvWithState", ["x", "w"], ["y", "state"], activation="silu")
    model = model_of([node], {"x": x}, {"w": weights}, ["y"], 27)
    caller, *body = compile_model(model).workload.nodes
    assert (caller.op, caller.status) == ("CausalConvWithState", "lowered")
    assert {fate.op for fate in body} >= {"Concat", "Conv", "Slice"}
    assert compile_model(model).workload.macs == 2 * 3 * 7 * 4
