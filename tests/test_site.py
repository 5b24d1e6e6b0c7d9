"""docs/ as a site: every page in the menu, every link leads somewhere, nothing is fetched from elsewhere."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def pages(site: Path) -> list[Path]:
    return [page for page in site.rglob("*.html") if page.name != "404.html"]


def test_every_page_is_there(site: Path) -> None:
    sources = {path.relative_to(CHECKOUT / "docs").with_suffix("") for path in (CHECKOUT / "docs").rglob("*.md")}
    assert {page.relative_to(site).with_suffix("") for page in pages(site)} == sources


def test_a_reader_without_a_network_misses_nothing(site: Path) -> None:
    for page in pages(site):
        fetched = re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="(https?:[^"]+)', page.read_text(encoding="utf-8"))
        assert not fetched, page


def test_lists_and_tables_are_no_running_text(site: Path) -> None:
    """Python-Markdown wants an empty line before a list or table, where other readers of Markdown do without."""
    for page in pages(site):
        paragraphs = re.findall(r"<p>(.*?)</p>", page.read_text(encoding="utf-8"), re.DOTALL)
        run_in = [text for text in paragraphs if re.search(r"(^|\n)(- |\d+\. |\|)", text)]
        assert not run_in, f"{page.name}: {run_in[0][:100]}"
