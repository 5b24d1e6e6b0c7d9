"""Loop and Scan of known length repeat their bodies, or stand there once an iteration; others stay for the host."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2zz.compiler import CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.proof.verify import verify
from tests.frontend.whole_graph import check_model
from tests.oracle import distinct, model_of

FLOAT = TensorProto.FLOAT
RNG = np.random.default_rng(5)


def value(name: str, shape: list[int | None] | None, element: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def loop_body(
    nodes: list[onnx.NodeProto],
    carried: dict[str, list[int | None]],
    scans: Sequence[str] = (),
    condition: str = "go_in",
) -> onnx.GraphProto:
    """A Loop's body: carried tensors `name_in` -> `name_out`, of the given shapes."""
    inputs = [value("i", [], TensorProto.INT64), value("go_in", [], TensorProto.BOOL)]
    outputs = [value("go_out", [], TensorProto.BOOL)]
    inputs += [value(f"{name}_in", shape) for name, shape in carried.items()]
    outputs += [value(f"{name}_out", shape) for name, shape in carried.items()]
    outputs += [value(name, None) for name in scans]
    through = [helper.make_node("Identity", [condition], ["go_out"])]
    return helper.make_graph([*nodes, *through], "body", inputs, outputs)


def loop_model(
    body: onnx.GraphProto, outputs: list[str], trip: int | None = 3, opset: int = 17, x: tuple[int, int] = (2, 3)
) -> onnx.ModelProto:
    w = distinct(RNG, x[-1], x[-1])
    node = helper.make_node("Loop", ["trip" if trip is not None else "", "go", "x"], list(outputs), body=body)
    constants = {"go": np.array(True), "w": w} | ({"trip": np.array(trip)} if trip is not None else {})
    return model_of([node], {"x": distinct(RNG, *x)}, constants, outputs, opset)


def body_of_products(scan: bool = False) -> onnx.GraphProto:
    """h -> Tanh(h * w), w from outside the body; the product is a scan output if asked for."""
    nodes = [helper.make_node("MatMul", ["h_in", "w"], ["p"]), helper.make_node("Tanh", ["p"], ["h_out"])]
    nodes += [helper.make_node("Neg", ["p"], ["kept"])] if scan else []
    return loop_body(nodes, {"h": [2, 3]}, ["kept"] if scan else [])


def test_a_loop_whose_steps_are_alike_is_its_body_once() -> None:
    model = loop_model(body_of_products(), ["y"])
    check_model(model, {"x": distinct(RNG, 2, 3)})
    product, last = compile_model(model).workload.layers
    assert (product.layer.macs, product.layer.recurrent, product.layer.sizes["T"]) == (3 * 2 * 3 * 3, "T", 3)
    assert (dict(product.sources), last.layer.macs) == ({"I": (), "W": ("const",), "X": ("input:x",)}, 0)


def unlike_steps(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Nodes in front of which the state grows or shrinks by the number of the step, which is 0 at first."""
    return [
        *nodes,
        helper.make_node("Cast", ["i"], ["number"], to=FLOAT),
        helper.make_node("Add", ["h", "number"], ["h_out"]),
    ]


def body_of_unlike_steps() -> onnx.GraphProto:
    """h -> Tanh(h * w) + the number of the step."""
    nodes = [helper.make_node("MatMul", ["h_in", "w"], ["p"]), helper.make_node("Tanh", ["p"], ["h"])]
    return loop_body(unlike_steps(nodes), {"h": [2, 3]})


def test_iterations_that_differ_stand_there_one_by_one() -> None:
    model = loop_model(body_of_unlike_steps(), ["y"])
    check_model(model, {"x": distinct(RNG, 2, 3)})
    layers = compile_model(model).workload.layers
    assert [placed.layer.macs for placed in layers] == [2 * 3 * 3] * 3
    assert [placed.sources["I"] for placed in layers] == [("input:x",), (0,), (1,)]


@pytest.mark.parametrize(("body", "layers"), [(body_of_products, (0,)), (body_of_unlike_steps, (0, 1, 2))])
def test_coverage_tells_a_body_once_with_the_layers_of_all_iterations(
    body: Callable[[], onnx.GraphProto], layers: tuple[int, ...]
) -> None:
    fates = {fate.outputs: fate for fate in compile_model(loop_model(body(), ["y"])).workload.nodes}
    assert (fates["y",].op, fates["y",].status, fates["y",].layers[: len(layers)]) == ("Loop", "lowered", layers)
    assert (fates["y/p",].status, fates["y/p",].layers) == ("lowered", layers)
    assert (fates["y/h_out",].status, fates["y/h_out",].layers) == ("fused", layers)
    assert fates["y/go_out",].status == "folded"
    assert next(iter(fates)) == ("y",)


def test_scan_outputs_of_a_loop_are_stacked() -> None:
    model = loop_model(body_of_products(scan=True), ["y", "all"], trip=4)
    graph = check_model(model, {"x": distinct(RNG, 2, 3)})
    assert graph.shape("all") == (4, 2, 3)


def test_iteration_number_is_known() -> None:
    """Each iteration takes another column."""
    nodes = [
        helper.make_node("Gather", ["h_in", "i"], ["row"], axis=1),
        helper.make_node("Unsqueeze", ["row", "one"], ["column"]),
        helper.make_node("Mul", ["h_in", "column"], ["h_out"]),
    ]
    body = loop_body(nodes, {"h": [2, 3]})
    body.initializer.append(helper.make_tensor("one", TensorProto.INT64, [1], [1]))
    check_model(loop_model(body, ["y"]), {"x": distinct(RNG, 2, 3)})


def test_while_whose_end_is_known() -> None:
    """No trip count: the condition is arithmetic on the iteration's number."""
    nodes = [
        helper.make_node("MatMul", ["h_in", "w"], ["h_out"]),
        helper.make_node("Less", ["i", "last"], ["again"]),
    ]
    body = loop_body(nodes, {"h": [2, 3]}, condition="again")
    body.initializer.append(helper.make_tensor("last", TensorProto.INT64, [], [2]))
    model = loop_model(body, ["y"], trip=None)
    check_model(model, {"x": distinct(RNG, 2, 3)})
    assert len(compile_model(model).workload.layers) == 3


def test_shapes_may_grow_from_one_iteration_to_the_next() -> None:
    body = loop_body([helper.make_node("Concat", ["h_in", "h_in"], ["h_out"], axis=0)], {"h": [None, 3]})
    graph = check_model(loop_model(body, ["y"]), {"x": distinct(RNG, 2, 3)})
    assert graph.shape("y") == (16, 3)


def test_no_iteration_passes_the_state_on() -> None:
    model = loop_model(body_of_products(), ["y"], trip=0)
    assert compile_model(model).workload.nodes[0].status == "view"


@pytest.mark.parametrize("inner_trip", [1, 2])
def test_nested_loops(inner_trip: int) -> None:
    """One step is no recurrence, so that the outer loop repeats what the inner one comes to; else it stands there once
    an iteration, and the inner one repeats its body."""
    nodes = [
        helper.make_node("Constant", [], ["n"], value_int=inner_trip),
        helper.make_node("Loop", ["n", "", "h_in"], ["h_out"], body=body_of_products()),
    ]
    model = loop_model(loop_body(nodes, {"h": [2, 3]}), ["y"], trip=2)
    check_model(model, {"x": distinct(RNG, 2, 3)})
    workload = compile_model(model).workload
    assert workload.macs == 2 * inner_trip * 2 * 3 * 3
    fates = {fate.outputs[0]: fate for fate in workload.nodes}
    products = tuple(placed.id for placed in workload.layers if placed.layer.macs)
    assert len(products) == inner_trip
    assert set(products) <= set(fates["y"].layers) and set(products) <= set(fates["y/h_out"].layers)
    assert fates["y/h_out/p"].layers == products


def test_loop_that_only_a_run_can_count_is_left_to_the_host() -> None:
    body = loop_body([helper.make_node("Relu", ["h_in"], ["h_out"])], {"h": [2, 3]})
    node = helper.make_node("Loop", ["trip", "", "x"], ["y"], body=body)
    model = model_of([node], {"x": distinct(RNG, 2, 3), "trip": np.array(3)}, {}, ["y"])
    workload = compile_model(model).workload
    assert [fate.status for fate in workload.nodes] == ["host"] and not workload.layers


def test_products_in_such_a_loop_are_not_lost_in_silence() -> None:
    node = helper.make_node("Loop", ["trip", "", "x"], ["y"], body=body_of_products(), name="decoder")
    inputs = {"x": distinct(RNG, 2, 3), "trip": np.array(3)}
    with pytest.raises(InputError, match=r"node decoder \(Loop\).*MACs"):
        compile_model(model_of([node], inputs, {"w": distinct(RNG, 3, 3)}, ["y"]))


def test_the_layers_of_a_loop_do_not_grow_with_its_steps() -> None:
    body = loop_body([helper.make_node("MatMul", ["h_in", "w"], ["h_out"])], {"h": [2, 3]})
    few, many = (compile_model(loop_model(body, ["y"], trip=trip)) for trip in (3, 100_000))
    assert [found.workload.macs for found in (few, many)] == [3 * 2 * 3 * 3, 100_000 * 2 * 3 * 3]
    assert len(few.entries) == len(many.entries) == 2 and not many.workload.incomplete


def test_many_iterations_of_a_body_that_multiplies_are_all_taken() -> None:
    nodes = unlike_steps([helper.make_node("MatMul", ["h_in", "w"], ["h"])])
    found = compile_model(loop_model(loop_body(nodes, {"h": [2, 3]}), ["y"], trip=300))
    assert found.workload.macs == 300 * 2 * 3 * 3 and not found.workload.incomplete
    assert [str(block) for block in found.blocks] == ["299 x block of 1 layer"], "the first reads an input"


def test_many_iterations_that_differ_are_left_to_the_host() -> None:
    body = loop_body(unlike_steps([helper.make_node("Relu", ["h_in"], ["h"])]), {"h": [2, 3]})
    workload = compile_model(loop_model(body, ["y"], trip=65)).workload
    assert [fate.status for fate in workload.nodes] == ["host"]


def scan_body() -> onnx.GraphProto:
    """state + x_t * w, and its negative as output."""
    nodes = [
        helper.make_node("MatMul", ["x_t", "w"], ["p"]),
        helper.make_node("Add", ["s_in", "p"], ["s_out"]),
        helper.make_node("Neg", ["s_out"], ["y_t"]),
    ]
    inputs, outputs = [value("s_in", [2, 3]), value("x_t", [2, 3])], [value("s_out", [2, 3]), value("y_t", [2, 3])]
    return helper.make_graph(nodes, "body", inputs, outputs)


@pytest.mark.parametrize(("axis", "direction"), [(0, 0), (1, 0), (-1, 1)])
def test_scan(axis: int, direction: int) -> None:
    """Slices of the input are views; the outputs are stacked along their axis, from either end."""
    shape = [2, 3]
    shape.insert(axis % 3, 4)
    node = helper.make_node(
        "Scan",
        ["s", "x"],
        ["last", "all"],
        body=scan_body(),
        num_scan_inputs=1,
        scan_input_axes=[axis],
        scan_input_directions=[direction],
        scan_output_axes=[axis],
        scan_output_directions=[direction],
    )
    inputs = {"s": distinct(RNG, 2, 3), "x": distinct(RNG, *shape)}
    model = model_of([node], inputs, {"w": distinct(RNG, 3, 3)}, ["last", "all"])
    graph = check_model(model, inputs)
    assert graph.shape("all") == tuple(shape)
    assert compile_model(model).workload.macs == 4 * 2 * 3 * 3


def test_old_scan_with_a_batch_axis_is_not_unrolled() -> None:
    assert onnx.defs.get_schema("Scan", 8).since_version == 8
    node = helper.make_node("Scan", ["", "s", "x"], ["last", "all"], body=scan_body(), num_scan_inputs=1)
    inputs = {"s": distinct(RNG, 1, 2, 3), "x": distinct(RNG, 1, 4, 2, 3)}
    with pytest.raises(InputError, match="opset 8"):
        compile_model(model_of([node], inputs, {"w": distinct(RNG, 3, 3)}, ["last", "all"], 8))


def test_scan_inputs_of_different_lengths_are_refused() -> None:
    infos = [helper.make_tensor_value_info(name, 1, [2, 3]) for name in ("a", "b", "c")]
    body = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "body", infos[:2], infos[2:])
    node = helper.make_node("Scan", ["x", "y"], ["all"], body=body, num_scan_inputs=2)
    inputs = {"x": distinct(RNG, 4, 2, 3), "y": distinct(RNG, 5, 2, 3)}
    with pytest.raises(InputError, match="4, 5 steps long"):
        compile_model(model_of([node], inputs, {}, ["all"]))


@pytest.mark.parametrize("scan", [True, False])
def test_a_loop_that_never_begins_gives_what_it_began_with(scan: bool) -> None:
    """Its states as they came, and stacks of nothing; its products are none."""
    model = loop_model(body_of_products(scan), ["y", *(["kept"] if scan else [])], trip=0)
    model.graph.node.append(helper.make_node("Exp", ["y"], ["z"]))
    model.graph.output.append(helper.make_empty_tensor_value_info("z"))
    graph = check_model(model, {"x": distinct(RNG, 2, 3)})
    assert not scan or graph.shape("kept") == (0, 2, 3)
    assert compile_model(model).workload.macs == 0 and not compile_model(model).workload.incomplete


def test_a_loop_whose_condition_is_false_at_once_never_begins() -> None:
    model = loop_model(body_of_products(True), ["y", "kept"], trip=None)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.array(False), "go"))
    check_model(model, {"x": distinct(RNG, 2, 3)})
    assert compile_model(model).workload.macs == 0


@pytest.mark.parametrize("axis", [0, -1])
def test_a_scan_over_nothing_gives_what_it_began_with(axis: int) -> None:
    """onnxruntime takes no empty scan: by ONNX's page."""
    h, x, r = (value(name, [2, 3]) for name in ("h", "x_t", "r"))
    nodes = [helper.make_node("MatMul", ["h", "w"], ["p"]), helper.make_node("Add", ["p", "x_t"], ["h_out"])]
    nodes.append(helper.make_node("Neg", ["p"], ["r"]))
    body = helper.make_graph(nodes, "body", [h, x], [value("h_out", [2, 3]), r])
    node = helper.make_node(
        "Scan", ["h0", "x"], ["last", "rows"], body=body, num_scan_inputs=1, scan_output_axes=[axis]
    )
    inputs = {"h0": distinct(RNG, 2, 3), "x": np.zeros((0, 2, 3), np.float32)}
    model = model_of(
        [node, helper.make_node("Exp", ["last"], ["z"])], inputs, {"w": distinct(RNG, 3, 3)}, ["z", "rows"]
    )
    compiled = compile_model(model)
    assert compiled.graph.shape("rows") == ((0, 2, 3) if axis == 0 else (2, 3, 0))
    assert compiled.workload.macs == 0 and [dict(one.sources)["I"] for one in compiled.workload.layers] == [
        ("input:h0",)
    ]


def while_model(trip: int | None = None) -> onnx.ModelProto:
    """A Loop that goes on while the largest element of its state is small, which no input tells."""
    nodes = [helper.make_node("MatMul", ["h_in", "w"], ["p"]), helper.make_node("Tanh", ["p"], ["h_out"])]
    nodes += [helper.make_node("ReduceMax", ["h_out"], ["largest"], keepdims=0)]
    nodes += [helper.make_node("Less", ["largest", "limit"], ["small"])]
    model = loop_model(loop_body(nodes, {"h": [2, 3]}, condition="small"), ["y"], trip)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(1e9, np.float32), "limit"))
    model.graph.node[0].name = "decoding"
    return model


def told_steps(**steps: int) -> CompileOptions:
    return CompileOptions(Bindings(steps=steps))


@pytest.mark.parametrize(("name", "steps"), [("decoding", 7), ("y", 5), ("decoding", 1)])
def test_a_loop_that_data_end_makes_the_steps_that_are_told(name: str, steps: int) -> None:
    compiled = compile_model(while_model(), told_steps(**{name: steps}))
    assert compiled.workload.macs == steps * 2 * 3 * 3
    assert any(f"makes {steps} steps" in note for note in compiled.notes)
    assert verify(compiled).ok


def test_a_loop_that_data_end_is_refused_with_a_way_out_that_works() -> None:
    with pytest.raises(InputError, match=r"--steps decoding=N; or"):
        compile_model(while_model())


def test_steps_beyond_the_count_of_the_graph_are_refused() -> None:
    assert compile_model(while_model(9), told_steps(decoding=9)).workload.macs == 9 * 2 * 3 * 3
    with pytest.raises(InputError, match="--steps decoding=10: the graph lets it make 9 at most"):
        compile_model(while_model(9), told_steps(decoding=10))


def test_steps_of_no_loop_that_has_to_be_told_are_refused() -> None:
    with pytest.raises(InputError, match="--steps y=3: no loop of that name needs to be told"):
        compile_model(loop_model(body_of_products(), ["y"]), told_steps(y=3))


def test_a_count_that_is_an_input_may_be_given_as_its_value() -> None:
    model = while_model()
    model.graph.node[0].input[0] = "most"
    model.graph.input.append(value("most", [], TensorProto.INT64))
    with pytest.raises(InputError, match=r"--steps decoding=N, or --value most=X"):
        compile_model(model)


def chunked_model(steps: int, places: int, axis: int, back: bool) -> onnx.ModelProto:
    """A linear attention over chunks: each step takes so many rows (columns) of x, and adds to a state."""
    begin = [helper.make_node("Mul", ["i", "places"], ["at"])]
    if back:
        begin = [helper.make_node("Sub", ["last", "i"], ["j"]), helper.make_node("Mul", ["j", "places"], ["at"])]
    cut = helper.make_node("Slice", ["x", "from", "to", "axis"], ["part"])
    turned = helper.make_node("Transpose", ["part"], ["rows"], perm=[axis, 1 - axis])
    nodes = [
        *begin,
        helper.make_node("Add", ["at", "places"], ["end"]),
        *(helper.make_node("Unsqueeze", [one, "zero"], [to]) for one, to in (("at", "from"), ("end", "to"))),
        cut,
        turned,
        helper.make_node("MatMul", ["rows", "v"], ["p"]),
        helper.make_node("MatMul", ["p", "h_in"], ["kept"]),
        helper.make_node("Transpose", ["p"], ["q"], perm=[1, 0]),
        helper.make_node("MatMul", ["q", "rows"], ["add"]),
        helper.make_node("Add", ["h_in", "add"], ["h_out"]),
    ]
    body = loop_body(nodes, {"h": [7, 5]}, ["kept"])
    node = helper.make_node("Loop", ["steps", "go", "h"], ["last_h", "y"], body=body)
    x = distinct(RNG, steps * places, 5)
    constants = {"steps": np.array(steps), "go": np.array(True), "v": distinct(RNG, 5, 7), "axis": np.array([axis])}
    constants |= {"places": np.array(places), "last": np.array(steps - 1), "zero": np.array([0])}
    inputs = {"x": x if axis == 0 else np.ascontiguousarray(x.T), "h": distinct(RNG, 7, 5)}
    return model_of([node], inputs, constants, ["last_h", "y"], 17)


@pytest.mark.parametrize(("steps", "places"), [(6, 4), (3, 11)])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("back", [False, True])
def test_several_places_a_step_are_one_layer_over_all_steps(steps: int, places: int, axis: int, back: bool) -> None:
    compiled = compile_model(chunked_model(steps, places, axis, back))
    assert verify(compiled).ok
    assert compiled.workload.macs == 3 * steps * places * 5 * 7
    assert len([one for one in compiled.workload.layers if one.layer.macs]) == 3
    assert all(one.layer.sizes.get("T", one.layer.sizes.get("B")) == steps for one in compiled.workload.layers[:3])


def test_places_that_overlap_from_step_to_step_are_written_out() -> None:
    model = chunked_model(3, 4, 0, back=False)
    (loop,) = model.graph.node
    add = next(node for node in loop.attribute[0].g.node if node.op_type == "Add" and node.output[0] == "end")
    add.input[1] = "more"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(6), "more"))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 14
    compiled = compile_model(model)
    assert compiled.workload.macs == 3 * 3 * 6 * 5 * 7
    assert len([one for one in compiled.workload.layers if one.layer.macs]) == 9
