"""YOLOv3-tiny for COCO (Redmon and Farhadi, YOLOv3: An Incremental Improvement, 2018; Darknet's cfg/yolov3-tiny.cfg).

1x3x416x416; two heads with 255 channels, on 13x13 and 26x26: 3 boxes of 4 coordinates, 1 objectness, 80 classes each.
"""

import onnx

from scripts.networks.builder import Network
from scripts.networks.convolution import FeatureMap, concatenate, convolve, upsample
from scripts.networks.darknet import backbone, leaky

PREDICTIONS = 3 * (4 + 1 + 80)


def build() -> onnx.ModelProto:
    """YOLOv3-tiny without weights, up to its two yolo layers."""
    net = Network("yolov3_tiny")
    maps = backbone(net, FeatureMap(net.input("image", 1, 3, 416, 416), 3))
    narrow = leaky(net, maps[-1], "conv8", 256, 1)
    coarse = leaky(net, narrow, "conv9", 512, 3)
    net.output(convolve(net, coarse, "conv10", PREDICTIONS, 1).tensor)
    larger = upsample(net, leaky(net, narrow, "conv11", 128, 1), "upsample")
    fine = leaky(net, concatenate(net, [larger, maps[4]], "route"), "conv12", 256, 3)
    net.output(convolve(net, fine, "conv13", PREDICTIONS, 1).tensor)
    return net.model()
