"""Fixtures of the search's tests."""

import logging
from collections.abc import Iterator

import pytest

from onnx2zz.zigzag.search import SearchedLayer
from onnx2zz.zigzag.search.won import KNOWN, Known

from .examples import examples
from .lockstep import Lockstep

EXAMPLES = examples()


@pytest.fixture(autouse=True)
def quiet_zigzag() -> Iterator[None]:
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each winner is found anew: two ways to one would else be one way."""

    def forget(*_: object) -> None:
        """Keeps nothing."""

    KNOWN.found.clear()
    monkeypatch.setattr(Known, "put", forget)


@pytest.fixture(params=sorted(EXAMPLES))
def setting(request: pytest.FixtureRequest) -> SearchedLayer:
    return EXAMPLES[request.param]


@pytest.fixture(scope="session")
def cache() -> dict[str, Lockstep]:
    return {}


@pytest.fixture
def lockstep(request: pytest.FixtureRequest, setting: SearchedLayer, cache: dict[str, Lockstep]) -> Lockstep:
    """The same orderings in both searches; ZigZag's evaluations are made once for all tests."""
    name = request.node.callspec.params["setting"]
    if name not in cache:
        cache[name] = Lockstep(setting)
    return cache[name]
