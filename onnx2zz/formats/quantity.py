"""Sizes as people write them: `16KB`, `2 MiB`, `128 kbit`."""

import re

WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKMG]?)(i?)(B|bytes?|bits?|b)\s*")
POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3}


def in_bits(text: str) -> int | None:
    """The size in bit, prefixes as memories have them (1 KB is 1,024 byte); None for what is no size, or no whole
    number of bits."""
    match = WRITTEN.fullmatch(text)
    if match is None:
        return None
    number, prefix, _, unit = match.groups()
    # A lower-case b alone is a bit, an upper-case one a byte; both words are spelt with the lower case.
    bits = float(number) * 1024 ** POWERS[prefix] * (8 if unit[0] == "B" or unit.startswith("byte") else 1)
    return int(bits) if bits == int(bits) else None
