"""SparseAttention against onnxruntime, whose kernel wants the present caches in the buffers of the past ones."""

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.conservation.groups import groups
from onnx2zz.proof.conservation import conservation
from tests.nodes import make_node
from tests.oracle import distinct, lowered, model_of, run_layers

BATCH, HEADS, WIDTH, BUFFER, BLOCK = 2, 4, 16, 64, 16
NAMES = ("q", "k", "v", "past_k", "past_v", "rows", "columns", "total", "lengths", "cos", "sin")
OUTPUTS = ["y", "present_k", "present_v"]
Arrays = dict[str, np.ndarray]


def in_compressed_rows(seen: np.ndarray) -> Arrays:
    """Two layouts may have unlike numbers of blocks: the shorter one ends with -1."""
    listed = [[np.flatnonzero(row) for row in layout] for layout in seen]
    rows = [np.cumsum([0, *map(len, layout)]) for layout in listed]
    columns = [np.concatenate(layout) for layout in listed]
    most = max(map(len, columns))
    padded = [np.pad(one, (0, most - len(one)), constant_values=-1) for one in columns]
    return {"rows": np.asarray(rows, np.int32), "columns": np.asarray(padded, np.int32)}


def layouts(count: int) -> Arrays:
    """Causal blocks, some of them hidden, others in each layout; those of a query's own block are seen."""
    rng = np.random.default_rng(3)
    blocks = BUFFER // BLOCK
    seen = np.tril(rng.random((count, blocks, blocks)) > 0.5) | np.eye(blocks, dtype=bool)
    return in_compressed_rows(seen)


def run_in_place(model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> Arrays:
    """Every output; the past buffers are written, and so given as copies."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array.copy()) for name, array in inputs.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    binding.bind_output("y")
    binding.bind_ortvalue_output("present_k", values["past_k"])
    binding.bind_ortvalue_output("present_v", values["past_v"])
    session.run_with_iobinding(binding)
    return dict(zip(OUTPUTS, (value.numpy().copy() for value in binding.get_outputs()), strict=True))


def operands(new: int, stored: int, packed: bool, rotary: bool) -> Arrays:
    rng = np.random.default_rng(1)
    made = {
        "q": 3 * distinct(rng, BATCH, new, (HEADS + 2 * stored * packed) * WIDTH),
        "past_k": 3 * distinct(rng, BATCH, stored, BUFFER, WIDTH),
        "past_v": 3 * distinct(rng, BATCH, stored, BUFFER, WIDTH),
    }
    if not packed:
        made |= {name: 3 * distinct(rng, BATCH, new, stored * WIDTH) for name in ("k", "v")}
    if rotary:
        made |= {name: distinct(rng, BUFFER, WIDTH // 2) for name in ("cos", "sin")}
    return made


def node_of(given: Mapping[str, np.ndarray], stored: int, **attributes: int) -> onnx.NodeProto:
    names = [name if name in given else "" for name in NAMES]
    return make_node(
        "SparseAttention", names, OUTPUTS, domain="com.microsoft", num_heads=HEADS, kv_num_heads=stored,
        sparse_block_size=BLOCK, **attributes,
    )  # fmt: skip


@pytest.mark.parametrize(("new", "total"), [(41, 41), (1, 50)])
@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize(("stored", "packed", "rotary"), [(2, False, 0), (2, True, 1), (4, False, 1), (1, True, 0)])
def test_every_form(new: int, total: int, count: int, stored: int, packed: bool, rotary: int) -> None:
    inputs = operands(new, stored, packed, bool(rotary))
    lengths = {"total": np.asarray([total], np.int32), "lengths": np.full(BATCH, total, np.int32)}
    constants = {**layouts(count), **lengths}
    node = node_of(inputs | constants, stored, do_rotary=rotary, rotary_interleaved=count % 2)
    model = model_of([node], inputs, constants, OUTPUTS)
    expected = run_in_place(model, inputs)
    graph, layers = lowered(model)
    # The rows of the buffer that nobody writes are those of the past.
    buffers = {f"present_{part}": inputs[f"past_{part}"] for part in "kv"}
    got = run_layers(layers, {**inputs, **constants, **buffers})
    for name in OUTPUTS:
        assert graph.shape(name) == expected[name].shape
        np.testing.assert_allclose(got[name].reshape(expected[name].shape), expected[name], 1e-4, 1e-4, err_msg=name)
    assert sum(layer.macs for layer in layers) == 2 * BATCH * HEADS * new * total * WIDTH
    assert "approximate" not in {layer.kind for layer in layers}


def test_what_only_a_run_knows_is_taken_as_the_most_that_there_can_be() -> None:
    given = operands(1, 2, False, False) | layouts(2)
    given |= {"total": np.asarray([50], np.int32), "lengths": np.full(BATCH, 50, np.int32)}
    compiled = compile_model(model_of([node_of(given, 2)], given, {}, OUTPUTS))
    assert sum(placed.layer.macs for placed in compiled.workload.layers) == 2 * BATCH * HEADS * BUFFER * WIDTH
    assert "approximate" in {placed.layer.kind for placed in compiled.workload.layers}


def test_rows_that_stay_in_the_buffers_are_missed_by_no_law() -> None:
    inputs = operands(1, 2, True, True)
    lengths = {"total": np.asarray([50], np.int32), "lengths": np.full(BATCH, 50, np.int32)}
    constants = {**layouts(2), **lengths}
    compiled = compile_model(model_of([node_of(inputs | constants, 2, do_rotary=1)], inputs, constants, OUTPUTS))
    assert not conservation(compiled, groups(compiled.graph, compiled.workload))
