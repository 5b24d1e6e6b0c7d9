"""docs/messages.md has every exception that a check explains, and says of each what the checks say."""

import re
from pathlib import Path

import zigzag

from onnx2zz.checks.registry import in_reading_order
from onnx2zz.report import foreign_messages
from onnx2zz.report.foreign_messages import OF_STREAM, OF_ZIGZAG
from onnx2zz.report.message_page import MESSAGES, codes_markdown, markdown
from tests.report.generated import assert_generated

ZIGZAG = Path(zigzag.__file__).parent


def test_the_page_of_messages(update_golden: bool) -> None:
    assert_generated("messages.md", "messages", markdown(), update_golden)
    assert_generated("messages.md", "zigzag", foreign_messages.markdown(OF_ZIGZAG), update_golden)
    assert_generated("messages.md", "stream", foreign_messages.markdown(OF_STREAM), update_golden)
    assert_generated("messages.md", "codes", codes_markdown(), update_golden)


def test_zigzag_prints_the_words_that_are_shown() -> None:
    """Each message's longest run of plain words is in the file that it is said to be raised in."""
    for message in OF_ZIGZAG:
        text = (ZIGZAG / message.raised_in).read_text(encoding="utf-8")
        parts = re.split(r"\.\.\.|`[^`]*`|, `|\.$", message.shown.partition(": ")[2])
        words = max((part.strip() for part in parts), key=len)
        assert " ".join(words.split()) in " ".join(text.split()), message.shown


def test_every_exception_that_a_check_knows_by_its_words_has_a_heading() -> None:
    known = {one.words for check in in_reading_order() for one in check.exceptions if one.words}
    assert known == {message.words for message in MESSAGES}


def test_every_section_names_a_fault_and_its_cure() -> None:
    sections = markdown().split("## ")[1:]
    assert len(sections) == len({section.splitlines()[0] for section in sections})
    for section in sections:
        rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
        assert rows and all(len(re.split(r"(?<!\\)\|", row)) == 5 for row in rows), section
