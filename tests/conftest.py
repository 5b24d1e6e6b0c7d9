"""Options and fixtures of the whole suite."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:  # pages are opened only where playwright is installed
    from playwright.sync_api import Browser

settings.register_profile("onnx2zz", deadline=None, derandomize=True)
settings.load_profile("onnx2zz")

GOLDEN = Path(__file__).parent / "golden"
GENERATORS: dict[int, tuple[np.random.Generator, Mapping[str, Any]]] = {}
"""Those that stand in a module of the tests, by identity, with their states when it was imported."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files (and the README's table) anew")
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="run the tests in another order; no test needs another"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("--shuffle")
    if seed is not None:
        random.Random(seed).shuffle(items)
    loaded = [module for module in tuple(sys.modules.values()) if _is_of_the_tests(module)]
    for value in (value for module in loaded for value in vars(module).values()):
        if isinstance(value, np.random.Generator):
            GENERATORS[id(value)] = value, value.bit_generator.state


def _is_of_the_tests(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(GOLDEN.parent)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order() -> None:
    """The generators of test modules begin anew in each test: what it draws depends on no test before it."""
    for generator, state in GENERATORS.values():
        generator.bit_generator.state = state


@pytest.fixture(autouse=True)
def as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut or wrapped: whoever shares tests among processes sets a width in some of them."""
    monkeypatch.delenv("COLUMNS", raising=False)


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


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """The browser that reports and pages are opened in."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])  # root in a container has none
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of docs/, built as `make docs` builds them."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=GOLDEN.parents[1],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder
