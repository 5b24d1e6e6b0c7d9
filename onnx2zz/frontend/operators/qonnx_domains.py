"""Where QONNX's operators live: Brevitas, QONNX and FINN write the same ones in domains of their own."""

DOMAINS = ("onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general")
CHANNELS_LAST = "qonnx.custom_op.channels_last"
"""ONNX's Conv, MaxPool and BatchNormalization with the channels behind the spatial axes."""


def in_each_domain(*names: str) -> tuple[str, ...]:
    """The operators under all names that files have for them."""
    return tuple(f"{domain}.{name}" for name in names for domain in DOMAINS)
