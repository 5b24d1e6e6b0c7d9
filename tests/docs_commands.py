"""The commands that a page of docs/ shows, and the page as a session: typed, run, and compared with what it shows."""

import re
import shlex
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onnx2zz.cli.main import run

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
EXIT_CODE = re.compile(r"exit code (\d+)")
LEFT_OUT = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it stands for, its text."""

    kind: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*found) for found in BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))]


def console_commands(page: str) -> list[str]:
    """Every line of the page's ```console blocks."""
    return [line for block in blocks(page) if block.kind == "console" for line in block.text.splitlines()]


def run_page(page: str, printed: Callable[[], str]) -> None:
    """Each block in turn, in the working folder: commands are typed, Python is run, a block with a file's name is
    written to it, and ```text is what the block before it prints. `printed` gives what was printed since it was asked.
    """
    said = ""
    for block in blocks(page):
        if block.kind == "text":
            assert_shown(block.text, said)
            continue
        if block.kind == "python":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                exec(compile(block.text, f"docs/{page}.md", "exec"), {})
        elif block.kind == "console":
            for line in block.text.splitlines():
                type_in(line)
        elif block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        said = printed()


def type_in(line: str) -> None:
    """A command as it stands on a page; `# exit code 1` behind it says how it ends, if not well."""
    program, *arguments = shlex.split(line, comments=True)
    expected = EXIT_CODE.search(line)
    assert program == "onnx2zz", line
    assert run(arguments) == (int(expected[1]) if expected else 0), line


def assert_shown(shown: str, said: str) -> None:
    """Every line that is shown was said, in that order; … stands for lines that are left out."""
    lines = iter(" ".join(line.split()) for line in said.splitlines())
    for line in filter(None, (" ".join(line.split()) for line in shown.splitlines())):
        assert line == LEFT_OUT or line in lines, f"not printed (or not in this order): {line}\n\n{said}"
