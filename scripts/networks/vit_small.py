"""ViT-S/16, a small vision transformer (Dosovitskiy et al., An Image is Worth 16x16 Words, 2021).

Its size is that of Touvron et al., DeiT, 2021, and Steiner et al., How to train your ViT, 2022: 384 wide, 12 blocks of
6 heads, 1536 between.

1x3x224x224; 196 patches and a class token; 1x1000.
"""

import numpy as np
import onnx

from scripts.networks.builder import Network
from scripts.networks.transformer import attention, join_heads, layer_norm, linear

PATCH = 16
PATCHES = (224 // PATCH) ** 2
TOKENS = PATCHES + 1
WIDTH = 384
HEADS = 6
BLOCKS = 12
EPSILON = 1e-6


def build() -> onnx.ModelProto:
    """ViT-S/16 without weights."""
    net = Network("vit_small", opset=20)
    x = _embed(net, net.input("image", 1, 3, 224, 224))
    for index in range(1, BLOCKS + 1):
        x = block(net, x, f"block{index}")
    x = layer_norm(net, x, "norm", WIDTH, EPSILON)
    token = net.node("Gather", [x, net.constant("first", np.asarray(0, np.int64))], "class", axis=1)
    head = [net.weight("head.weight", 1000, WIDTH), net.weight("head.bias", 1000)]
    net.output(net.node("Gemm", [token, *head], "head", transB=1))
    return net.model()


def _embed(net: Network, image: str) -> str:
    """One vector a patch, a class token before them, a learned position added to each: 1 x 197 x 384."""
    weights = [net.weight("patch.weight", WIDTH, 3, PATCH, PATCH), net.weight("patch.bias", WIDTH)]
    patches = net.node("Conv", [image, *weights], "patch", kernel_shape=[PATCH] * 2, strides=[PATCH] * 2)
    columns = net.reshape(patches, "patch.columns", 1, WIDTH, PATCHES)
    rows = net.node("Transpose", [columns], "patch.rows", perm=[0, 2, 1])
    tokens = net.node("Concat", [net.weight("class_token", 1, 1, WIDTH), rows], "tokens", axis=1)
    return net.node("Add", [tokens, net.weight("positions", 1, TOKENS, WIDTH)], "embedded")


def block(net: Network, x: str, name: str) -> str:
    """Attention, then a perceptron, each of the normalised input and added to it."""
    y = _attention(net, layer_norm(net, x, f"{name}.norm1", WIDTH, EPSILON), f"{name}.attention")
    x = net.node("Add", [x, linear(net, y, f"{name}.project", WIDTH, WIDTH)], f"{name}.add1")
    y = linear(net, layer_norm(net, x, f"{name}.norm2", WIDTH, EPSILON), f"{name}.mlp1", WIDTH, 4 * WIDTH)
    y = linear(net, net.node("Gelu", [y], f"{name}.gelu"), f"{name}.mlp2", 4 * WIDTH, WIDTH)
    return net.node("Add", [x, y], f"{name}.add2")


def _attention(net: Network, x: str, name: str) -> str:
    """Queries, keys and values by one product, cut apart after it."""
    width = WIDTH // HEADS
    rows = net.reshape(linear(net, x, f"{name}.qkv", WIDTH, 3 * WIDTH), f"{name}.heads", 1, TOKENS, 3, HEADS, width)
    heads = net.node("Transpose", [rows], f"{name}.heads_first", perm=[2, 0, 3, 1, 4])
    parts = net.split(heads, f"{name}.parts", (1, 1, 1), axis=0)
    names = ("query", "key", "value")
    query, key, value = (
        net.node("Squeeze", [part, net.shape(0)], f"{name}.{kind}") for part, kind in zip(parts, names, strict=True)
    )
    key = net.node("Transpose", [key], f"{name}.key_columns", perm=[0, 1, 3, 2])
    return join_heads(net, attention(net, query, key, value, width, name), name, TOKENS, WIDTH)
