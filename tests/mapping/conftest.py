"""Fixtures of the tests of mappings."""

import pytest

from onnx2zz.zigzag.search.won import KNOWN, Known


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each price is found anew: two ways to one would else be one way."""

    def forget(*_: object) -> None:
        """Keeps nothing."""

    KNOWN.found.clear()
    monkeypatch.setattr(Known, "put", forget)
