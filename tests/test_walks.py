"""The walks of docs/index.md: every page on the way with commands is typed by a test."""

import re
from pathlib import Path

from tests.docs_commands import DOCS, blocks
from tests.test_docs import PAGES

HAVE_THEIR_OWN_TEST = {
    "sweep": "design_space/test_sweep.py",
    "notebook": "test_notebook.py",
    "messages": "test_site_search.py",
}


def walked() -> set[str]:
    """The pages that the table of walks links to."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    table = index.split("## Three walks")[1].split("## ")[0]
    return {target.removesuffix(".md") for target in re.findall(r"\]\(([^)]+\.md)\)", table)}


def test_three_people_walk_over_pages_that_are_typed_by_a_test() -> None:
    assert len(walked()) >= 9
    assert walked() <= {*PAGES, *HAVE_THEIR_OWN_TEST}
    assert all((Path(__file__).parent / test).is_file() for test in HAVE_THEIR_OWN_TEST.values())


def test_what_they_type_shows_something() -> None:
    for page in walked() & {*PAGES}:
        kinds = [block.kind for block in blocks(page)]
        assert kinds.count("console") + kinds.count("python") >= 1 and "text" in kinds, page
