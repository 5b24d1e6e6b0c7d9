"""docs/verify.md is true: its commands run as typed, one after the other, in one folder."""

import re
import shlex
from pathlib import Path

import pytest

from onnx2zz.cli.main import run

PAGE = (Path(__file__).parents[2] / "docs/verify.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_commands_run_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "onnx2zz"
        assert run(arguments) == 0, command
