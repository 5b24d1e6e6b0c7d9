"""What may be missing in general and is there in a test, or the other way round."""

from typing import TypeVar

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """The value, which is not None."""
    assert value is not None
    return value


def not_installed(name: str) -> None:
    """Stands for importlib's find_spec where no package is installed."""
