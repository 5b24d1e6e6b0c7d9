"""Tiny YOLOv2 for Pascal VOC (Redmon and Farhadi, YOLO9000: Better, Faster, Stronger, 2017; Darknet's
cfg/yolov2-tiny-voc.cfg).

1x3x416x416; nine convolutions, the last with 125 channels on 13x13: 5 boxes of 4 coordinates, 1 objectness, 20 classes.
"""

import onnx

from scripts.networks.builder import Network
from scripts.networks.convolution import FeatureMap, convolve
from scripts.networks.darknet import backbone, leaky


def build() -> onnx.ModelProto:
    """Tiny YOLOv2 without weights, up to its region layer."""
    net = Network("tiny_yolov2")
    x = backbone(net, FeatureMap(net.input("image", 1, 3, 416, 416), 3))[-1]
    x = leaky(net, x, "conv8", 1024, 3)
    net.output(convolve(net, x, "conv9", 5 * (4 + 1 + 20), 1).tensor)
    return net.model()
