"""The networks that ship: the files are what scripts/networks writes, onnxruntime runs them, and they are what their
publications describe.

Expected MACs are written down here layer by layer from the descriptions, and held against the published counts of
operations (darknet counts a MAC as two, and so does YOLOv8's table; the counts of the transformers are of MACs and,
for BERT, of two operations a MAC).
"""

import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx2zz.compiler import Compiled, compile_model
from scripts.networks.build_models import names, written
from tests.model_files import check_model, read_model
from tests.oracle import distinct, onnxruntime_run

MODELS = Path(__file__).parents[1] / "models"
OUTPUTS = {
    "bert_layer": [(1, 128, 768)],
    "lenet5": [(1, 10)],
    "tiny_yolov2": [(1, 125, 13, 13)],
    "vit_small": [(1, 1000)],
    "yolov3_tiny": [(1, 255, 13, 13), (1, 255, 26, 26)],
    "yolov8n": [(1, 84, 8400)],
}


@cache
def model(name: str) -> onnx.ModelProto:
    return read_model(MODELS / f"{name}.onnx")


@cache
def compiled(name: str) -> Compiled:
    return compile_model(MODELS / f"{name}.onnx")


@cache
def outputs(name: str) -> dict[str, np.ndarray]:
    """What onnxruntime gives for inputs of distinct values."""
    rng = np.random.default_rng(7)
    shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in model(name).graph.input}
    return onnxruntime_run(model(name), {i: distinct(rng, *shape) for i, shape in shapes.items()})


def parameters(name: str) -> int:
    """The weights of a network: the elements of its fills and of its stored floats."""
    held = {t.name: onnx.numpy_helper.to_array(t) for t in model(name).graph.initializer}
    fills = [held[n.input[0]] for n in model(name).graph.node if n.op_type == "ConstantOfShape"]
    return sum(int(shape.prod()) for shape in fills)


def convolutions(rows: Iterable[tuple[int, int, int, int]]) -> int:
    """MACs of square convolutions: input channels, output channels, kernel, side of the output."""
    return sum(i * o * kernel**2 * side**2 for i, o, kernel, side in rows)


def test_every_network_is_known_here() -> None:
    assert set(names()) == set(OUTPUTS) == {path.stem for path in MODELS.glob("*.onnx")}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_file_is_what_the_builder_writes(name: str) -> None:
    assert (MODELS / f"{name}.onnx").read_bytes() == written(name) == written(name)


@pytest.mark.parametrize("name", OUTPUTS)
def test_onnx_accepts_it_and_onnxruntime_runs_it(name: str) -> None:
    check_model(model(name), with_shapes=True)
    assert [value.shape for value in outputs(name).values()] == OUTPUTS[name]
    assert all(np.isfinite(value).all() for value in outputs(name).values())


@pytest.mark.parametrize("name", sorted(set(OUTPUTS) - {"lenet5"}))
def test_no_weight_lies_in_the_file(name: str) -> None:
    assert (MODELS / f"{name}.onnx").stat().st_size < 50_000


BACKBONE = [(3, 16, 3, 416), *((8 << n, 16 << n, 3, 416 >> n) for n in range(1, 6)), (512, 1024, 3, 13)]


def test_tiny_yolov2() -> None:
    """YOLO's page (pjreddie.com/darknet/yolov2) gives Tiny YOLO on VOC as 6.97 Bn operations."""
    macs = convolutions([*BACKBONE, (1024, 1024, 3, 13), (1024, 125, 1, 13)])
    assert compiled("tiny_yolov2").workload.macs == macs == 3_485_520_896
    assert 2 * macs == pytest.approx(6.97e9, abs=0.005e9)


def test_yolov3_tiny() -> None:
    """YOLO's page (pjreddie.com/darknet/yolo) gives YOLOv3-tiny as 5.56 Bn operations; it cuts 5.565 off."""
    coarse = [(1024, 256, 1, 13), (256, 512, 3, 13), (512, 255, 1, 13)]
    fine = [(256, 128, 1, 13), (128 + 256, 256, 3, 26), (256, 255, 1, 26)]
    macs = convolutions([*BACKBONE, *coarse, *fine])
    assert compiled("yolov3_tiny").workload.macs == macs == 2_782_480_896
    assert 2 * macs == pytest.approx(5.56e9, abs=0.01e9)


def c2f(given: int, channels: int, repeats: int, side: int) -> list[tuple[int, int, int, int]]:
    """A C2f: a pointwise entry, two 3x3 convolutions of half the channels a repeat, a pointwise exit."""
    half = channels // 2
    inner = [(half, half, 3, side)] * (2 * repeats)
    return [(given, channels, 1, side), *inner, ((2 + repeats) * half, channels, 1, side)]


def yolov8n_convolutions() -> list[tuple[int, int, int, int]]:
    """Every convolution of YOLOv8n, but the DFL's."""
    down = [(3, 16, 3, 320), (16, 32, 3, 160), (32, 64, 3, 80), (64, 128, 3, 40), (128, 256, 3, 20)]
    stages = [*c2f(32, 32, 1, 160), *c2f(64, 64, 2, 80), *c2f(128, 128, 2, 40), *c2f(256, 256, 1, 20)]
    sppf = [(256, 128, 1, 20), (4 * 128, 256, 1, 20)]
    up = [*c2f(256 + 128, 128, 1, 40), *c2f(128 + 64, 64, 1, 80)]
    again = [(64, 64, 3, 40), *c2f(64 + 128, 128, 1, 40), (128, 128, 3, 20), *c2f(128 + 256, 256, 1, 20)]
    heads: list[tuple[int, int, int, int]] = []
    for channels, side in ((64, 80), (128, 40), (256, 20)):
        heads += [(channels, 64, 3, side), (64, 64, 3, side), (64, 64, 1, side)]
        heads += [(channels, 80, 3, side), (80, 80, 3, side), (80, 80, 1, side)]
    return [*down, *stages, *sppf, *up, *again, *heads]


def test_yolov8n() -> None:
    """Its documentation gives 8.7 B operations, its fused summary 3,151,904 parameters, the DFL's 16 among them."""
    rows = yolov8n_convolutions()
    macs = convolutions(rows) + 16 * 4 * 8400
    assert compiled("yolov8n").workload.macs == macs
    assert 2 * macs == pytest.approx(8.7e9, abs=0.05e9)
    strides = 8400  # the only fill that is no weight
    assert parameters("yolov8n") - strides + 16 == sum(i * o * k**2 + o for i, o, k, _ in rows) + 16 == 3_151_904


def test_yolov8n_decodes_its_boxes() -> None:
    """Equal weights make all 16 bins alike, so that every edge lies 7.5 cells from its anchor's centre."""
    boxes = outputs("yolov8n")["detections"][0, :4]
    for stride, first in ((8, 0), (16, 6400), (32, 8000)):
        side = 640 // stride
        part = boxes[:, first : first + side * side].reshape(4, side, side)
        centres = stride * (np.arange(side) + 0.5)
        np.testing.assert_allclose(part[0], np.broadcast_to(centres, (side, side)), rtol=1e-4)
        np.testing.assert_allclose(part[1], np.broadcast_to(centres[:, None], (side, side)), rtol=1e-4)
        np.testing.assert_allclose(part[2:], 15 * stride, rtol=1e-4)


def encoder_macs(tokens: int, width: int, inner: int) -> int:
    """Queries, keys, values and their projection; scores and context; the perceptron."""
    return 4 * tokens * width**2 + 2 * tokens**2 * width + 2 * tokens * width * inner


def test_vit_small() -> None:
    """DeiT-S has 22 M parameters, and 4.6 G MACs (Liu et al., Swin Transformer, 2021)."""
    macs = 196 * 3 * 16**2 * 384 + 12 * encoder_macs(197, 384, 1536) + 384 * 1000
    assert compiled("vit_small").workload.macs == macs
    assert macs == pytest.approx(4.6e9, abs=0.05e9)
    assert parameters("vit_small") == pytest.approx(22e6, abs=0.5e6)


def test_bert_layer() -> None:
    """Twelve such layers are 22.5 G operations at 128 tokens (Sun et al., MobileBERT, 2020), embeddings and
    pooler included: within 1 %. A layer has 7,087,872 parameters."""
    macs = encoder_macs(128, 768, 3072)
    assert compiled("bert_layer").workload.macs == macs
    assert 12 * 2 * macs == pytest.approx(22.5e9, rel=0.01)
    assert parameters("bert_layer") == 4 * 768**2 + 2 * 768 * 3072 + 3072 + 9 * 768 == 7_087_872


def with_random_weights(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A model whose fills are random numbers instead, and these."""
    rng = np.random.default_rng(3)
    shapes = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    fills = [node for node in proto.graph.node if node.op_type == "ConstantOfShape"]
    weights = {n.output[0]: rng.normal(0, 0.05, shapes[n.input[0]]).astype(np.float32) for n in fills}
    filled = onnx.ModelProto()
    filled.CopyFrom(proto)
    del filled.graph.node[:]
    filled.graph.node.extend(node for node in proto.graph.node if node.op_type != "ConstantOfShape")
    filled.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in weights.items())
    return filled, weights


def test_bert_layer_computes_what_the_paper_says() -> None:
    proto, w = with_random_weights(model("bert_layer"))
    rng = np.random.default_rng(4)
    x, mask = distinct(rng, 1, 128, 768), distinct(rng, 1, 1, 1, 128)

    def linear(name: str, y: np.ndarray) -> np.ndarray:
        return y @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def norm(name: str, y: np.ndarray) -> np.ndarray:
        centred = y - y.mean(-1, keepdims=True)
        return centred / np.sqrt(y.var(-1, keepdims=True) + 1e-12) * w[f"{name}.scale"] + w[f"{name}.shift"]

    heads: list[np.ndarray] = []
    projected = [np.split(linear(name, x[0]), 12, -1) for name in ("query", "key", "value")]
    for query, key, value in zip(*projected, strict=True):
        shares = np.exp(query @ key.T / 8 + mask[0, 0])
        heads.append(shares / shares.sum(-1, keepdims=True) @ value)
    y = norm("attention.norm", x[0] + linear("attention.output", np.concatenate(heads, -1)))
    z = linear("intermediate", y)
    gelu = z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2
    expected = norm("output.norm", y + linear("output", gelu))
    result = onnxruntime_run(proto, {"hidden": x, "mask": mask})["output.norm"]
    np.testing.assert_allclose(result[0], expected, rtol=1e-3, atol=1e-4)
