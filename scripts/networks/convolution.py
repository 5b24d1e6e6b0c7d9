"""Convolutions that keep their map's size (or divide it by their stride), NCHW."""

from dataclasses import dataclass

import numpy as np

from scripts.networks.builder import Network


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A tensor of a network, and how many channels it has."""

    tensor: str
    channels: int


def convolve(
    net: Network, x: FeatureMap, name: str, channels: int, kernel: int, stride: int = 1, bias: bool = True
) -> FeatureMap:
    """A square convolution, padded by half its kernel."""
    operands = [x.tensor, net.weight(f"{name}.weight", channels, x.channels, kernel, kernel)]
    operands += [net.weight(f"{name}.bias", channels)] if bias else []
    tensor = net.node("Conv", operands, name, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)
    return FeatureMap(tensor, channels)


def concatenate(net: Network, maps: list[FeatureMap], name: str) -> FeatureMap:
    """The channels of several maps of one size, one after the other."""
    tensor = net.node("Concat", [x.tensor for x in maps], name, axis=1)
    return FeatureMap(tensor, sum(x.channels for x in maps))


def upsample(net: Network, x: FeatureMap, name: str) -> FeatureMap:
    """A map of twice the height and width: every pixel four times."""
    scales = net.constant(f"{name}.scales", np.asarray([1, 1, 2, 2], np.float32))
    tensor = net.node(
        "Resize",
        [x.tensor, "", scales],
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return FeatureMap(tensor, x.channels)
