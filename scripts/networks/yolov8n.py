"""YOLOv8n, the detector for COCO, written from its published architecture: Jocher, Chaurasia and Qiu, Ultralytics
YOLOv8, 2023 (the model's documentation and layer summary); C2f after CSPNet (Wang et al., 2020), SPPF after He et al.,
Spatial Pyramid Pooling, 2014, the neck after PANet (Liu et al., 2018), box edges as distributions (DFL) after Li et
al., Generalized Focal Loss, 2020.

1x3x640x640; scale n: a quarter of the widths 64 to 1024, a third of the 3, 6, 6 and 3 repeats; batch normalisation is
part of the convolutions. The output is 1x84x8400: centre, width and height of 8400 boxes in pixels, then 80 scores.
"""

import numpy as np
import onnx

from scripts.networks.builder import Network
from scripts.networks.convolution import FeatureMap, concatenate, convolve, upsample

IMAGE = 640
STRIDES = (8, 16, 32)
CLASSES = 80
BINS = 16


def build(image: int = IMAGE) -> onnx.ModelProto:
    """YOLOv8n without weights, its box decoding included, for images of that height and width (a multiple of 32)."""
    net = Network("yolov8n")
    anchors = sum((image // stride) ** 2 for stride in STRIDES)
    maps = _neck(net, *_backbone(net, FeatureMap(net.input("images", 1, 3, image, image), 3)))
    heads = [_head(net, x, f"head{stride}") for x, stride in zip(maps, STRIDES, strict=True)]
    predictions = net.node("Concat", heads, "predictions", axis=2)
    edges, scores = net.split(predictions, "edges_and_scores", (4 * BINS, CLASSES), axis=1)
    boxes = _boxes(net, _distances(net, edges, anchors), image)
    net.output(net.node("Concat", [boxes, net.node("Sigmoid", [scores], "probabilities")], "detections", axis=1))
    return net.model()


def _backbone(net: Network, x: FeatureMap) -> list[FeatureMap]:
    """The maps of strides 8, 16 and 32."""
    x = _silu(net, x, "stem", 16, 3, 2)
    maps: list[FeatureMap] = []
    for stage, (channels, repeats) in enumerate(((32, 1), (64, 2), (128, 2), (256, 1)), 1):
        x = _silu(net, x, f"stage{stage}.down", channels, 3, 2)
        x = _c2f(net, x, f"stage{stage}", channels, repeats, residual=True)
        maps.append(x)
    return [*maps[1:3], _sppf(net, x, "sppf", 256)]


def _neck(net: Network, p3: FeatureMap, p4: FeatureMap, p5: FeatureMap) -> list[FeatureMap]:
    """Down the pyramid and up again, one C2f a step."""
    middle = _c2f(net, concatenate(net, [upsample(net, p5, "up4"), p4], "top4"), "down4", 128)
    fine = _c2f(net, concatenate(net, [upsample(net, middle, "up3"), p3], "top3"), "down3", 64)
    back = _silu(net, fine, "back4", 64, 3, 2)
    middle = _c2f(net, concatenate(net, [back, middle], "bottom4"), "up_again4", 128)
    back = _silu(net, middle, "back5", 128, 3, 2)
    coarse = _c2f(net, concatenate(net, [back, p5], "bottom5"), "up_again5", 256)
    return [fine, middle, coarse]


def _silu(net: Network, x: FeatureMap, name: str, channels: int, kernel: int, stride: int = 1) -> FeatureMap:
    """A convolution and x * sigmoid(x)."""
    y = convolve(net, x, name, channels, kernel, stride)
    gate = net.node("Sigmoid", [y.tensor], f"{name}.sigmoid")
    return FeatureMap(net.node("Mul", [y.tensor, gate], f"{name}.silu"), channels)


def _c2f(net: Network, x: FeatureMap, name: str, channels: int, repeats: int = 1, residual: bool = False) -> FeatureMap:
    """One half passes by, the other goes through a row of bottlenecks, and every one's result is kept."""
    half = channels // 2
    entry = _silu(net, x, f"{name}.entry", channels, 1)
    kept = [FeatureMap(part, half) for part in net.split(entry.tensor, f"{name}.halves", (half, half), axis=1)]
    for index in range(1, repeats + 1):
        y = _silu(net, kept[-1], f"{name}.{index}.first", half, 3)
        y = _silu(net, y, f"{name}.{index}.second", half, 3)
        added = net.node("Add", [kept[-1].tensor, y.tensor], f"{name}.{index}.add") if residual else y.tensor
        kept.append(FeatureMap(added, half))
    return _silu(net, concatenate(net, kept, f"{name}.kept"), f"{name}.exit", channels, 1)


def _sppf(net: Network, x: FeatureMap, name: str, channels: int) -> FeatureMap:
    """Three 5x5 maxima in a row, which see 5x5, 9x9 and 13x13."""
    pooled = [_silu(net, x, f"{name}.entry", channels // 2, 1)]
    for index in range(1, 4):
        tensor = net.node(
            "MaxPool", [pooled[-1].tensor], f"{name}.pool{index}", kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4
        )
        pooled.append(FeatureMap(tensor, channels // 2))
    return _silu(net, concatenate(net, pooled, f"{name}.pools"), f"{name}.exit", channels, 1)


def _head(net: Network, x: FeatureMap, name: str) -> str:
    """Edges (4 x 16 bins) and class scores of each position, by branches of their own: 1 x 144 x positions."""
    branches: list[FeatureMap] = []
    for kind, width, channels in (("edges", 64, 4 * BINS), ("scores", 80, CLASSES)):
        y = _silu(net, x, f"{name}.{kind}.first", width, 3)
        y = _silu(net, y, f"{name}.{kind}.second", width, 3)
        branches.append(convolve(net, y, f"{name}.{kind}", channels, 1))
    both = concatenate(net, branches, f"{name}.both")
    return net.reshape(both.tensor, f"{name}.flat", 1, both.channels, -1)


def _distances(net: Network, edges: str, anchors: int) -> str:
    """Left, top, right and bottom of each anchor in cells: the mean of each edge's distribution over the bins."""
    bins = net.reshape(edges, "dfl.bins", 1, 4, BINS, anchors)
    bins = net.node("Transpose", [bins], "dfl.bins_first", perm=[0, 2, 1, 3])
    shares = net.node("Softmax", [bins], "dfl.shares", axis=1)
    numbers = net.constant("dfl.numbers", np.arange(BINS, dtype=np.float32).reshape(1, BINS, 1, 1))
    mean = net.node("Conv", [shares, numbers], "dfl.mean", kernel_shape=[1, 1])
    return net.reshape(mean, "dfl.distances", 1, 4, anchors)


def _boxes(net: Network, distances: str, image: int) -> str:
    """Centre, width and height in pixels: 1 x 4 x anchors."""
    anchors, strides = _anchors(net, image)
    before, behind = net.split(distances, "distances", (2, 2), axis=1)
    low = net.node("Sub", [anchors, before], "low")
    high = net.node("Add", [anchors, behind], "high")
    centre = net.node("Div", [net.node("Add", [low, high], "low_and_high"), net.scalar(2)], "centre")
    size = net.node("Sub", [high, low], "size")
    return net.node("Mul", [net.node("Concat", [centre, size], "cells", axis=1), strides], "boxes")


def _anchors(net: Network, image: int) -> tuple[str, str]:
    """Constants: the centre of every cell, x then y (1 x 2 x anchors), and its stride in pixels (1 x anchors)."""
    centres: list[str] = []
    strides: list[str] = []
    for stride in STRIDES:
        cells = image // stride
        across = np.arange(cells, dtype=np.float32) + np.float32(0.5)
        axes = [
            net.node(
                "Expand", [net.constant(f"{axis}{stride}.line", line), net.shape(1, 1, cells, cells)], f"{axis}{stride}"
            )
            for axis, line in (("x", across), ("y", across.reshape(cells, 1)))
        ]
        grid = net.node("Concat", axes, f"grid{stride}", axis=1)
        centres.append(net.reshape(grid, f"centres{stride}", 1, 2, cells * cells))
        fill = onnx.numpy_helper.from_array(np.asarray([stride], np.float32))
        strides.append(net.node("ConstantOfShape", [net.shape(1, cells * cells)], f"stride{stride}", value=fill))
    return net.node("Concat", centres, "anchors", axis=2), net.node("Concat", strides, "strides", axis=1)
