"""Where a function keeps prices between runs: the user's cache, a folder, or nowhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from onnx2zz.pricing.cache_on_disk import Store, folder_or_default
from onnx2zz.pricing.price_cache import NoStore


@contextmanager
def store_at(cache: bool | str | Path, tell: Callable[[str], None]) -> Generator[Store | NoStore]:
    """The store that `cache` names: True is the user's, False none, else a folder. `tell` hears what is wrong with
    it."""
    if cache is False:
        yield NoStore()
        return
    with Store(folder_or_default(None if cache is True else Path(cache)), tell) as store:
        yield store
