"""LeNet-5 (LeCun et al., Gradient-based learning applied to document recognition, 1998), every map connected.

1x1x32x32; convolutions 6@5x5 and 16@5x5, each with a 2x2 pool; fully connected 120, 84, 10.
"""

import onnx

from scripts.networks.builder import Network


def build() -> onnx.ModelProto:
    """LeNet-5 with seeded weights."""
    net = Network("lenet5", seed=5)
    x = net.input("image", 1, 1, 32, 32)
    for index, (inputs, outputs) in enumerate(((1, 6), (6, 16)), 1):
        weights = net.weight(f"conv{index}.weight", outputs, inputs, 5, 5)
        x = net.node(
            "Conv", [x, weights, net.weight(f"conv{index}.bias", outputs)], f"conv{index}", kernel_shape=[5, 5]
        )
        x = net.node("Relu", [x], f"relu{index}")
        x = net.node("MaxPool", [x], f"pool{index}", kernel_shape=[2, 2], strides=[2, 2])
    x = net.node("Flatten", [x], "flatten")
    for index, (inputs, outputs) in enumerate(((400, 120), (120, 84), (84, 10)), 1):
        weights = net.weight(f"fc{index}.weight", outputs, inputs)
        x = net.node("Gemm", [x, weights, net.weight(f"fc{index}.bias", outputs)], f"fc{index}", transB=1)
        x = net.node("Relu", [x], f"relu{index + 2}") if index < 3 else x
    net.output(x)
    return net.model()
