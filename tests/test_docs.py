"""The commands and the Python of the pages run as typed, block after block in one empty folder."""

import re
import shlex
import warnings
from pathlib import Path

import pytest

from onnx2zz.cli.main import run

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"```(console|python)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["index", "api", "report"])
def test_page(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))
    assert blocks
    for kind, text in blocks:
        if kind == "python":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                exec(compile(text, f"docs/{page}.md", "exec"), {})
        for command in text.splitlines() if kind == "console" else ():
            program, *arguments = shlex.split(command)
            assert program == "onnx2zz" and run(arguments) == 0, command
