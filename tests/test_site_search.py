"""Who pastes a message into the search of the docs finds the page that explains it first, also without a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docs_search import opened_search, page_address

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PASTED = (
    "NoValidLoopOrderingFoundException",
    "zigzag.opt.loma.engine.NoValidLoopOrderingFoundException: No valid loop ordering was found for layer Conv1. "
    "Please make sure the data layout is compatible with the architecture.",
    "KeyError: 'I1'",
    "KeyError: 'D3'",
    "There are still layers with top mem levels not figured out",
    "ValueError: Failed to validate provided accelerator. See errors above.",
    "ValueError: Failed to validate user provided mapping.",
    "ValueError: Failed to validate user provided workload.",
    "ValueError: Memory bandwidth not defined for MemoryLevel(instance=reg, operands=[I1]) I1 fh",
    "TypeError: unsupported operand type(s) for /: 'NoneType' and 'int'",
    "AssertionError: Illegal reference to non-existent layer with id 7",
    "ValueError: 'r_port_1' is not in list",
    "ValueError: max() arg is an empty sequence",
    "ValueError: factorial() not defined for negative values",
    "ValueError: tuple.index(x): x not in tuple",
    "IndexError: list index out of range",
    "RuntimeError: dictionary changed size during iteration",
    "RuntimeError: generator raised StopIteration",
    "MemoryTooSmallException: Memory capacity overflow for mem_op I2. loops=[('K', 4)] size=4096 mem_capacity=512",
    "AssertionError: No valid SpatialMappings found",
    "AssertionError: OADimension rows does not resemble `D1`",
    "ValueError: No more than 2 layer predecessors expected",
    "ValueError: No mapping data found for node with name /layer1/conv1/Conv",
    "ValueError: Core with id 5 not found in accelerator.",
    "NotImplementedError: No parser registered for ONNX op type 'HardSwish'.",
    "AssertionError: Core 2 memory hierarchy must contain memory operand I1.",
    "ValueError: Invalid connection type 'mesh' for connection [0, 1]. Expected 'link' or 'bus'.",
    "ValueError: Some cores that were specified as having shared memory have non-identical top level memories.",
    "NotImplementedError: Asymmetric padding not supported for MaxPool.",
)
"""As ZigZag 3.9.1 and Stream 1.13 print them, with the names and numbers of somebody's files."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address of the site where a server hands it out."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.mark.parametrize("from_file", [True, False], ids=["from a file", "from a server"])
def test_a_message_that_is_pasted_finds_its_page_first(
    chromium: Browser, site: Path, served: str, from_file: bool
) -> None:
    address = page_address(site, "index.html") if from_file else served
    with opened_search(chromium, address) as search:
        found = {words: search.first(words) for words in PASTED}
        assert search.wrong == []
    assert {words: page for words, page in found.items() if page != "messages.html"} == {}


def test_other_words_find_other_pages(chromium: Browser, site: Path) -> None:
    words = {"Slurm": "sweep.html"}
    with opened_search(chromium, page_address(site, "systems.html")) as search:
        assert {asked: search.first(asked) for asked in words} == words
