"""The README is true: its commands run as typed, and its first one prints what is shown."""

import re
import shlex
from pathlib import Path

import pytest

from onnx2zz.cli.main import run
from tests.present import present

README = Path(__file__).parents[1] / "README.md"
EVALUATION = re.compile(r"(?<=<!-- evaluate:begin -->\n).*?(?=<!-- evaluate:end -->)", re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL) for line in block.splitlines()
]


def test_table_of_the_first_command(
    update_golden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", "lenet5", "--arch", "seneca"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.strip().splitlines()]
    shown = "```text\n" + "\n".join(lines) + "\n```\n"
    text = README.read_text(encoding="utf-8")
    if update_golden:
        README.write_text(EVALUATION.sub(lambda _: shown, text), encoding="utf-8")
    else:
        assert present(EVALUATION.search(text))[0] == shown


def test_commands_run_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in one empty folder, as a reader would."""
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "onnx2zz"
        assert run(arguments) == 0, command
