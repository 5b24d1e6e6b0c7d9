"""What the benchmark beside Stream makes of models, folders and figures; Stream itself does not run here."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from scripts.benchmarks.processes import Took
from scripts.benchmarks.stream import systems_in
from scripts.benchmarks.stream_tables import Ours, Refusal, Run, StreamLine, Streams, falls_short, tables
from scripts.networks.int8 import retyped_to_int8


def small_model() -> onnx.ModelProto:
    """A convolution and a Reshape: weights that are floats, and a shape that is none."""
    weights = numpy_helper.from_array(np.full((5, 3, 2, 3), 0.5, np.float32), "w")
    shape = numpy_helper.from_array(np.array([1, -1], np.int64), "shape")
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"]), helper.make_node("Reshape", ["y", "shape"], ["z"])]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 7, 9])
    result = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 210])
    return helper.make_model(helper.make_graph(nodes, "small", [image], [result], [weights, shape]))


def test_all_floats_of_a_model_become_int8_and_keep_their_shapes():
    graph = retyped_to_int8(small_model()).graph
    values = {value.name: value.type.tensor_type for value in (*graph.input, *graph.value_info, *graph.output)}
    assert {name: value.elem_type for name, value in values.items()} == dict.fromkeys("xyz", TensorProto.INT8)
    assert [dim.dim_value for dim in values["y"].shape.dim] == [1, 5, 6, 7]


def test_weights_become_zeros_and_what_is_no_float_stays():
    tensors = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in retyped_to_int8(small_model()).graph.initializer
    }
    assert (tensors["w"].dtype, tensors["w"].shape, tensors["w"].any()) == (np.int8, (5, 3, 2, 3), False)
    assert tensors["shape"].tolist() == [1, -1]


def test_the_model_that_is_retyped_stays_as_it_was():
    model = small_model()
    before = model.SerializeToString()
    retyped_to_int8(model)
    assert model.SerializeToString() == before


def test_systems_are_files_with_cores_and_what_joins_them(tmp_path: Path) -> None:
    (tmp_path / "cores").mkdir()
    (tmp_path / "cores" / "small.yaml").write_text("name: small\nmemories: {}\n")
    (tmp_path / "two.yaml").write_text("cores: {0: small.yaml, 1: small.yaml}\ncore_connectivity: []\n")
    (tmp_path / "layers.yaml").write_text("- name: default\n")
    assert systems_in(tmp_path) == [tmp_path / "two.yaml"]


def line(stream: Streams | Refusal, ours: Ours | Refusal) -> StreamLine:
    run: Run = {"versions": {}, "options": [], "load": [0.0, 0.0]}
    return {"network": "net", "system": "two", "stream": stream, "ours": ours, "run": run}


def streams(cycles: float, cpu: float) -> Streams:
    took: Took = {"wall": cpu, "cpu": cpu, "peak_mb": 1}
    return {"cycles": cycles, "group_cycles": [cycles], "versions": {}, "took": took, "not_priced": 0}


def ours(cycles: float, cpu: float) -> Ours:
    took: Took = {"wall": cpu, "cpu": cpu, "peak_mb": 1}
    return {"cycles": cycles, "bound_cycles": 80.0, "bound_by": "port", "offchip_bits": 640, "took": took}


def test_ours_falls_short_where_it_is_slower_than_streams_or_takes_more_than_a_seventh():
    assert not falls_short(line(streams(100, 70), ours(100, 10)))
    assert falls_short(line(streams(100, 70), ours(101, 10)))
    assert falls_short(line(streams(100, 70), ours(100, 10.5)))
    assert falls_short(line(streams(100, 70), {"fails": "does not fit"}))
    assert not falls_short(line({"fails": "KeyError"}, ours(100, 10)))


def test_a_case_that_stream_cannot_run_has_our_figures_and_the_reason():
    text = tables([line({"fails": "KeyError: 'Concat'"}, ours(100, 10))])["stream"]
    assert "| net on two | no figure |  | 100 | 10.0 s |  |  | 80 | 1.250 |" in text
    assert "- net on two: Stream says: KeyError: 'Concat'" in text


def test_the_table_has_each_case_once_as_it_was_measured_last():
    text = tables([line(streams(300, 60), ours(200, 20)), line(streams(300, 60), ours(100, 10))])["stream"]
    assert text.count("net on two") == 1
    assert "| 3.00x fewer | 6.0x less |" in text
