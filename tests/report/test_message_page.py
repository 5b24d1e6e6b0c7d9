"""docs/messages.md has every exception that a check explains, and says of each what the checks say."""

import re
from pathlib import Path

import pytest

from onnx2zz.checks.registry import in_reading_order
from onnx2zz.report.message_page import MESSAGES, markdown

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
SECTIONS = re.compile(r"(?<=<!-- messages:begin -->\n).*?(?=<!-- messages:end -->)", re.DOTALL)


def test_the_page_of_messages(update_golden: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    if update_golden:
        PAGE.write_text(SECTIONS.sub(lambda _: markdown(), text), encoding="utf-8")
        return
    shown = SECTIONS.search(text)
    assert shown is not None
    if shown[0] != markdown():
        pytest.fail(f"the page is not the product's: pytest tests/report/{Path(__file__).name} --update-golden")


def test_every_exception_that_a_check_knows_by_its_words_has_a_heading() -> None:
    known = {one.words for check in in_reading_order() for one in check.exceptions if one.words}
    assert known == {message.words for message in MESSAGES}


def test_every_section_names_a_fault_and_its_cure() -> None:
    sections = markdown().split("## ")[1:]
    assert len(sections) == len({section.splitlines()[0] for section in sections})
    for section in sections:
        rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
        assert rows and all(len(re.split(r"(?<!\\)\|", row)) == 5 for row in rows), section
