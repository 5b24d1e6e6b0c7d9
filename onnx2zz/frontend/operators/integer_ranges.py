"""The ranges of ONNX's narrow integer types."""

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    f"{sign}INT{bits}": (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for bits in (2, 4, 8, 16)
    for sign in ("", "U")
}
