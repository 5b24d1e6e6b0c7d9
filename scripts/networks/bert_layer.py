"""One encoder layer of BERT-base (Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, 2019; 768 wide,
12 heads, 3072 between), its Gelu written out with Erf, as exporters do below opset 20.

1x128x768 embedded tokens and an additive 1x1x1x128 attention mask; 1x128x768.
"""

from math import sqrt

import onnx

from scripts.networks.builder import Network
from scripts.networks.transformer import attention, join_heads, layer_norm, linear

TOKENS = 128
WIDTH = 768
HEADS = 12
INNER = 4 * WIDTH
EPSILON = 1e-12


def build() -> onnx.ModelProto:
    """The layer without weights: attention and a two-layer perceptron, each added to its input and normalised."""
    net = Network("bert_layer")
    x = net.input("hidden", 1, TOKENS, WIDTH)
    mask = net.input("mask", 1, 1, 1, TOKENS)
    attended = linear(net, _attention(net, x, mask), "attention.output", WIDTH, WIDTH)
    x = layer_norm(net, net.node("Add", [attended, x], "attention.add"), "attention.norm", WIDTH, EPSILON)
    inner = _gelu(net, linear(net, x, "intermediate", WIDTH, INNER), "gelu")
    y = linear(net, inner, "output", INNER, WIDTH)
    net.output(layer_norm(net, net.node("Add", [y, x], "output.add"), "output.norm", WIDTH, EPSILON))
    return net.model()


def _attention(net: Network, x: str, mask: str) -> str:
    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    query, key, value = (_heads(net, x, name, order) for name, order in orders.items())
    context = attention(net, query, key, value, WIDTH // HEADS, "attention", mask)
    return join_heads(net, context, "attention", TOKENS, WIDTH)


def _heads(net: Network, x: str, name: str, order: list[int]) -> str:
    rows = net.reshape(linear(net, x, name, WIDTH, WIDTH), f"{name}.rows", 1, TOKENS, HEADS, WIDTH // HEADS)
    return net.node("Transpose", [rows], f"{name}.heads", perm=order)


def _gelu(net: Network, x: str, name: str) -> str:
    """x * (1 + erf(x / sqrt(2))) / 2."""
    erf = net.node("Erf", [net.node("Div", [x, net.scalar(sqrt(2))], f"{name}.scaled")], f"{name}.erf")
    gate = net.node("Add", [erf, net.scalar(1)], f"{name}.gate")
    return net.node("Mul", [net.node("Mul", [x, gate], f"{name}.gated"), net.scalar(0.5)], name)
