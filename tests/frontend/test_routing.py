"""Mixtures of experts: how many tokens each expert gets, however the mixture is written."""

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import Compiled, CompileOptions, compile_model
from onnx2zz.errors import InputError
from onnx2zz.frontend.binding import Bindings
from onnx2zz.lowering.options import LoweringOptions
from tests.frontend.mixtures import (
    EACH,
    EXPERTS,
    MIXTURES,
    ROUTED,
    ROUTER,
    TOKENS,
    TOP,
    WIDTH,
    Builder,
    by_number,
    in_a_loop,
)
from tests.oracle import distinct, onnxruntime_run


def compiled(model: onnx.ModelProto, bindings: Bindings | None = None, unsupported: bool = False) -> Compiled:
    lowering = LoweringOptions(unsupported="host" if unsupported else "error")
    return compile_model(model, CompileOptions(bindings or Bindings(), lowering))


@pytest.mark.parametrize("name", MIXTURES)
def test_every_expert_is_priced_however_the_mixture_is_written(name: str) -> None:
    build, macs = MIXTURES[name]
    found = compiled(build())
    assert found.workload.macs == macs
    assert not found.workload.incomplete
    (experts,) = found.workload.experts
    assert sum(experts.tokens) * EACH == macs - ROUTER * len(experts.tokens) // EXPERTS - (
        TOKENS * (EACH + WIDTH) if "shared" in name else 0
    )
    assert max(experts.tokens) - min(experts.tokens) <= 1


@pytest.mark.parametrize("name", MIXTURES)
def test_the_mixtures_run_and_each_token_goes_to_as_many_experts_as_is_said(name: str) -> None:
    model = MIXTURES[name][0]()
    counting = [node for node in model.graph.node if node.op_type in ("NonZero", "Compress")]
    for node in counting:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(node.output[0]))
    found = onnxruntime_run(model, {"x": distinct(np.random.default_rng(8), TOKENS, WIDTH)})
    masks = [found[node.output[0]] for node in counting if node.op_type == "NonZero"]
    # In a loop, and where a NonZero more tells which experts were hit, they do not add up to the tokens.
    if masks and "loop" not in name and "hit" not in name:
        assert sum(mask.shape[1] for mask in masks) == sum(compiled(model).workload.experts[0].tokens)


def test_an_even_split_is_said_and_stands_in_the_coverage() -> None:
    found = compiled(by_number())
    (note,) = found.notes
    assert "4 or 5, an even split of 22" in note and "--tokens-per-expert" in note
    (experts,) = found.coverage.get("experts", [])
    assert experts["tokens"] == [5, 5, 4, 4, 4] and experts["decided"] == "even split" and experts["op"] == "TopK"


def test_the_user_says_how_many_tokens_each_expert_gets() -> None:
    found = compiled(by_number(), Bindings(tokens_per_expert=7))
    assert found.workload.macs == ROUTER + EXPERTS * 7 * EACH
    assert not found.notes
    assert found.workload.experts[0].tokens == (7,) * EXPERTS
    assert compiled(in_a_loop(), Bindings(tokens_per_expert=1)).workload.macs == ROUTER + EXPERTS * EACH


def test_an_expert_can_be_told_apart_from_the_others() -> None:
    nonzero = next(node for node in by_number().graph.node if node.op_type == "NonZero")
    found = compiled(by_number(), Bindings(dims_of={(nonzero.output[0], 1): 9}))
    assert found.workload.macs == ROUTED + (9 - 5) * EACH
    assert found.workload.experts[0].tokens == (9, 5, 4, 4, 4)


def test_experts_without_tokens_cost_nothing() -> None:
    assert compiled(by_number(), Bindings(tokens_per_expert=0)).workload.macs == ROUTER


def test_more_tokens_than_there_are_is_an_error() -> None:
    with pytest.raises(InputError, match=f"{TOKENS * TOP} places"):
        compiled(by_number(), Bindings(tokens_per_expert=500))


def test_tokens_for_experts_of_a_model_without_any_are_an_error() -> None:
    b = Builder()
    with pytest.raises(InputError, match="no experts"):
        compiled(b.model(b.one("MatMul", "x", b.weight(WIDTH, WIDTH))), Bindings(tokens_per_expert=3))


def sifted() -> onnx.ModelProto:
    """A product on the rows of x whose first element is above a bound; how many only a run knows."""
    b = Builder()
    first = b.one("Gather", "x", b.number(0), axis=1)
    rows = b.one("Squeeze", b.one("NonZero", b.one("Greater", first, b.number(0.1, np.float32))), b.number([0]))
    found = b.one("MatMul", b.one("Gather", "x", rows, axis=0), b.weight(WIDTH, WIDTH))
    return b.model(b.one("ScatterND", b.zeros(), b.one("Unsqueeze", rows, b.number([1])), found))


def test_a_size_that_data_decide_is_given_by_tensor_and_axis() -> None:
    nonzero = next(node for node in sifted().graph.node if node.op_type == "NonZero")
    with pytest.raises(InputError, match="only a run knows"):
        compiled(sifted())
    found = compiled(sifted(), Bindings(dims_of={(nonzero.output[0], 1): 6}))
    assert found.workload.macs == 6 * WIDTH * WIDTH and not found.workload.incomplete


@pytest.mark.parametrize(
    ("place", "words"),
    [(("nowhere", 0), "no tensor of that name"), (("x", 0), "no tensor of that name")],
)
def test_a_size_of_what_data_do_not_decide_is_an_error(place: tuple[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        compiled(by_number(), Bindings(dims_of={place: 3}))


def test_an_axis_that_there_is_not_and_one_that_is_known_are_errors() -> None:
    nonzero = next(node for node in sifted().graph.node if node.op_type == "NonZero").output[0]
    with pytest.raises(InputError, match="has 2 axes"):
        compiled(sifted(), Bindings(dims_of={(nonzero, 2): 3}))
    with pytest.raises(InputError, match="the graph makes it 1"):
        compiled(sifted(), Bindings(dims_of={(nonzero, 0): 3, (nonzero, 1): 4}))


def test_behind_a_scatter_work_goes_on_even_where_what_is_scattered_is_of_unknown_size() -> None:
    model = sifted()
    last = model.graph.node.pop()
    b = Builder(7000)
    model.graph.node.extend([*b.nodes, last])
    behind = b.one("MatMul", last.output[0], b.weight(WIDTH, 7))
    model.graph.node.extend(b.nodes)
    model.graph.initializer.extend(b.constants)
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(behind))
    found = compiled(model, unsupported=True)
    assert found.workload.macs == TOKENS * WIDTH * 7 and found.workload.incomplete
