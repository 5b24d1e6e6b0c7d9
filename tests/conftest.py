"""Options and fixtures of the whole suite."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("onnx2zz", deadline=None, derandomize=True)
settings.load_profile("onnx2zz")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files (and the README's table) anew")
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="run the tests in another order; no test needs another"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("--shuffle")
    if seed is not None:
        random.Random(seed).shuffle(items)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """Compares a text with tests/golden/NAME, or writes it with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update_golden:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists():
            pytest.fail(f"there is no golden file {name}: run with --update-golden, look at it, and commit it")
        else:
            assert text == path.read_text(encoding="utf-8"), f"{name} differs: --update-golden if that is meant"

    return compare


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's cache is: never the user's."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home
