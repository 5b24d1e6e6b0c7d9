"""The commands and the Python of the pages run as typed, block after block in one empty folder, and print what is
shown. The zoo's and the sweep's pages have their own tests, which look at what comes out."""

from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from tests.docs_commands import DOCS, assert_shown, run_page

HOW_TOS = sorted(f"howto/{page.stem}" for page in (DOCS / "howto").glob("*.md"))
PAGES = ("index", "tutorial", "api", "report", "locality", "events", "physical", "systems", *HOW_TOS)


@pytest.mark.parametrize("page", PAGES)
def test_page(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)

    def printed() -> str:
        said = capsys.readouterr()
        return said.out + said.err

    run_page(page, printed)


def test_the_gallery_has_the_drawing_that_show_makes(tmp_path: Path, update_golden: bool) -> None:
    assert run(["show", "seneca", "--svg", str(tmp_path / "now.svg")]) == 0
    kept = DOCS / "images" / "seneca.svg"
    if update_golden:
        kept.write_bytes((tmp_path / "now.svg").read_bytes())
    assert kept.read_bytes() == (tmp_path / "now.svg").read_bytes()


def test_a_line_that_was_not_printed_is_found() -> None:
    assert_shown("first\n…\nlast  of all\n", "first\nsecond\n last of  all \n")
    for shown in ("third", "second\nfirst", "fir"):
        with pytest.raises(AssertionError, match="not printed"):
            assert_shown(shown, "first\nsecond\n")
