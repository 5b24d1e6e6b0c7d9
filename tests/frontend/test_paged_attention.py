"""PagedAttention against onnxruntime's GroupQueryAttention on the pages put one behind the other; it has no CPU kernel
of its own."""

from typing import Any

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.microsoft_functions import microsoft_function
from onnx2zz.frontend.trace import trace
from tests.frontend.whole_graph import run_graph
from tests.nodes import make_node
from tests.oracle import distinct, model_of, onnxruntime_run

BATCH, HEADS, STORED, WIDTH, PAGE, PAGES, BLOCKS = 2, 4, 2, 16, 5, 3, 7
WHOLE = PAGE * PAGES
NAMES = ("q", "k", "v", "key_cache", "value_cache", "ends", "past", "table", "cos", "sin", "slots", "sink")
OUTPUTS = ["y", "key_cache_out", "value_cache_out"]
Arrays = dict[str, np.ndarray]


def operands(new: int, rotary: bool = False, packed: bool = False, sink: bool = False) -> tuple[Arrays, Arrays]:
    """Inputs, and what steers them: every sequence fills its pages."""
    rng, tokens = np.random.default_rng(0), BATCH * new
    inputs = {"q": 2 * distinct(rng, tokens, (HEADS + 2 * STORED * packed) * WIDTH)}
    if not packed:
        inputs |= {name: 2 * distinct(rng, tokens, STORED * WIDTH) for name in ("k", "v")}
    inputs |= {f"{name}_cache": 2 * distinct(rng, BLOCKS, PAGE, STORED, WIDTH) for name in ("key", "value")}
    if rotary:
        inputs |= {name: distinct(rng, WHOLE, WIDTH // 2) for name in ("cos", "sin")}
    if sink:
        inputs["sink"] = distinct(rng, HEADS)
    table = rng.permutation(BLOCKS)[: BATCH * PAGES].reshape(BATCH, PAGES)
    steering = {"ends": np.arange(BATCH + 1) * new, "past": np.full(BATCH, WHOLE - new), "table": table}
    return inputs, {name: value.astype(np.int32) for name, value in steering.items()}


def paged(inputs: Arrays, constants: Arrays, **attributes: Any) -> onnx.ModelProto:
    names = [name if name in inputs | constants else "" for name in NAMES]
    node = make_node(
        "PagedAttention", names, OUTPUTS, domain="com.microsoft", num_heads=HEADS, kv_num_heads=STORED, **attributes
    )
    return model_of([node], inputs, constants, OUTPUTS, 18)


def on_a_line(inputs: Arrays, steering: Arrays, new: int, **attributes: Any) -> np.ndarray:
    """What GroupQueryAttention gives for one sequence after the other: its kernel takes several new tokens behind a
    past of a batch of one alone."""
    found: list[np.ndarray] = []
    for sequence, pages in enumerate(steering["table"]):
        rows = slice(sequence * new, (sequence + 1) * new)
        feeds = {name: inputs[name][None, rows] for name in "qkv" if name in inputs}
        for name in ("key", "value"):
            line = inputs[f"{name}_cache"][pages].reshape(1, WHOLE, STORED, WIDTH)
            feeds[f"{name}_cache"] = line[:, : WHOLE - new].transpose(0, 2, 1, 3).copy()
        feeds |= {"last": np.asarray([WHOLE - 1], np.int32), "total": np.asarray([WHOLE], np.int32)}
        feeds |= {name: inputs[name] for name in ("cos", "sin", "sink") if name in inputs}
        order = ("q", "k", "v", "key_cache", "value_cache", "last", "total", "cos", "sin", "", "", "sink")
        node = make_node(
            "GroupQueryAttention", [name if name in feeds else "" for name in order], ["y", "key", "value"],
            domain="com.microsoft", num_heads=HEADS, kv_num_heads=STORED, **attributes,
        )  # fmt: skip
        found.append(onnxruntime_run(model_of([node], feeds, {}, ["y", "key", "value"], 18), feeds)["y"][0])
    return np.concatenate(found)


@pytest.mark.parametrize("new", [1, 4])
@pytest.mark.parametrize("form", ["plain", "packed", "rotary", "window", "softcap", "sink"])
def test_every_form(new: int, form: str) -> None:
    attributes: dict[str, Any] = {
        "rotary": {"do_rotary": 1}, "window": {"local_window_size": 6}, "softcap": {"softcap": 2.0, "scale": 0.4},
    }.get(form, {})  # fmt: skip
    inputs, steering = operands(new, form == "rotary", form == "packed", form == "sink")
    found = paged(inputs, steering, **attributes)
    graph = trace(found, Bindings())
    values = run_graph(graph, inputs, found)
    expected = on_a_line(inputs, steering, new, **attributes)
    np.testing.assert_allclose(values["y"].reshape(expected.shape), expected, 1e-4, 1e-4)
    assert graph.shape("y") == (BATCH * new, HEADS * WIDTH)
    compiled = compile_model(found)
    assert compiled.workload.macs == 2 * BATCH * HEADS * new * WHOLE * WIDTH
    assert "approximate" not in {placed.layer.kind for placed in compiled.workload.layers}


@pytest.mark.parametrize("told", [False, True])
def test_new_rows_go_to_their_slots(told: bool) -> None:
    new = 1
    inputs, steering = operands(new)
    places = np.arange(WHOLE - new, WHOLE)
    slots = steering["table"][:, places // PAGE] * PAGE + places % PAGE
    constants = steering | ({"slots": slots.reshape(-1).astype(np.int32)} if told else {})
    node = paged(inputs, constants).graph.node[0]
    body = microsoft_function(node, [(inputs | constants)[name].shape if name else None for name in node.input])
    assert body is not None
    # As a function of the model's own, since onnxruntime knows an operator of this name and cannot run it.
    body.domain = node.domain = "own"
    found = onnxruntime_run(model_of([node], inputs, constants, OUTPUTS, 23, [body]), inputs)
    for name in ("key", "value"):
        cache = inputs[f"{name}_cache"].reshape(BLOCKS * PAGE, STORED, WIDTH).copy()
        cache[slots.reshape(-1)] = inputs[name[0]].reshape(-1, STORED, WIDTH)
        np.testing.assert_array_equal(found[f"{name}_cache_out"].reshape(cache.shape), cache)


def test_lengths_that_only_a_run_knows_make_it_a_stand_in() -> None:
    inputs, steering = operands(1)
    compiled = compile_model(paged(inputs | steering, {}))
    assert compiled.workload.macs == 2 * BATCH * HEADS * WHOLE * WIDTH
    assert "approximate" in {placed.layer.kind for placed in compiled.workload.layers}
