"""Material that lies beside the checkout in some places: tests that need it are skipped elsewhere."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def shared(name: str) -> Path:
    """The path of a file or folder there; skips the test where it is not."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path
