"""Sizes with units, by arithmetic."""

import pytest

from onnx2zz.formats.quantity import in_bits


@pytest.mark.parametrize(
    ("written", "bits"),
    [
        ("16KB", 16 * 1024 * 8),
        ("2 MiB", 2 * 1024 * 1024 * 8),
        ("1.5 kB", 12288),
        ("128 kbit", 128 * 1024),
        ("3 bytes", 24),
        ("7b", 7),
        ("1GB", 8 << 30),
        ("0.3b", None),
        ("KB", None),
        ("16", None),
        ("rf_16B", None),
    ],
)
def test_a_size_in_bits(written: str, bits: int | None) -> None:
    assert in_bits(written) == bits
