"""The options that every command with a MODEL takes."""

from collections.abc import Callable
from typing import Any


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --shape, --dim, --value, --precision, --unsupported and --movement."""
    return command
