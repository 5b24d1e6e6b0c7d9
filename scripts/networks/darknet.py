"""The two blocks that Darknet's small detectors consist of (J. Redmon, github.com/pjreddie/darknet, cfg/)."""

from scripts.networks.builder import Network
from scripts.networks.convolution import FeatureMap, convolve


def leaky(net: Network, x: FeatureMap, name: str, channels: int, kernel: int) -> FeatureMap:
    """A `[convolutional]` section with batch_normalize=1 and activation=leaky, whose slope below zero is 0.1."""
    y = convolve(net, x, name, channels, kernel, bias=False)
    parameters = [net.weight(f"{name}.{part}", channels) for part in ("scale", "shift", "mean", "variance")]
    normalised = net.node("BatchNormalization", [y.tensor, *parameters], f"{name}.norm")
    return FeatureMap(net.node("LeakyRelu", [normalised], f"{name}.leaky", alpha=0.1), channels)


def pool(net: Network, x: FeatureMap, name: str, stride: int) -> FeatureMap:
    """A `[maxpool]` section of size 2. With stride 1 it keeps the map's size: one row and one column are added at the
    end, none at the beginning."""
    end = 2 - stride
    tensor = net.node("MaxPool", [x.tensor], name, kernel_shape=[2, 2], strides=[stride] * 2, pads=[0, 0, end, end])
    return FeatureMap(tensor, x.channels)


def backbone(net: Network, x: FeatureMap) -> list[FeatureMap]:
    """What the tiny detectors begin with: seven 3x3 convolutions of 16 to 1024 channels, pooled between, the last pool
    without a stride. Gives the map after each convolution."""
    maps: list[FeatureMap] = []
    for index in range(7):
        x = leaky(net, x, f"conv{index + 1}", 16 << index, 3)
        maps.append(x)
        x = pool(net, x, f"pool{index + 1}", 1 if index == 5 else 2) if index < 6 else x
    return maps
