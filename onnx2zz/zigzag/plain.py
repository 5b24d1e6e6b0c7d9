"""ZigZag's numbers without numpy."""

from typing import Any


def plain(number: Any) -> Any:
    """A numpy scalar as Python's number; anything else as it is."""
    return number.item() if hasattr(number, "item") else number
