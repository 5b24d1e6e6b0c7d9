"""The pieces of a transformer's layer (Vaswani et al., Attention Is All You Need, 2017).

Tensors are 1 x tokens x width, those of the heads 1 x heads x tokens x width of a head.
"""

from math import sqrt

from scripts.networks.builder import Network


def linear(net: Network, x: str, name: str, inputs: int, outputs: int) -> str:
    """A product with a weight matrix and a bias."""
    product = net.node("MatMul", [x, net.weight(f"{name}.weight", inputs, outputs)], name)
    return net.node("Add", [product, net.weight(f"{name}.bias", outputs)], f"{name}.biased")


def layer_norm(net: Network, x: str, name: str, width: int, epsilon: float) -> str:
    """Layer normalisation over the last axis."""
    parameters = [net.weight(f"{name}.{part}", width) for part in ("scale", "shift")]
    return net.node("LayerNormalization", [x, *parameters], name, epsilon=epsilon)


def attention(net: Network, query: str, key: str, value: str, width: int, name: str, mask: str = "") -> str:
    """Scaled dot products of all heads; the key comes transposed. `width` is a head's; the mask is added to the scores
    before their softmax."""
    products = net.node("MatMul", [query, key], f"{name}.scores")
    scores = net.node("Mul", [products, net.scalar(1 / sqrt(width))], f"{name}.scaled")
    scores = net.node("Add", [scores, mask], f"{name}.masked") if mask else scores
    return net.node("MatMul", [net.node("Softmax", [scores], f"{name}.weights", axis=-1), value], f"{name}.context")


def join_heads(net: Network, context: str, name: str, tokens: int, width: int) -> str:
    """The heads' results side by side; `width` is that of all heads."""
    rows = net.node("Transpose", [context], f"{name}.rows", perm=[0, 2, 1, 3])
    return net.reshape(rows, f"{name}.joined", 1, tokens, width)
