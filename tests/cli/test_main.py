"""The command itself: lazy subcommands, exit codes, what is said on stderr."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from onnx2zz.cli.main import COMMANDS, LazyGroup, run
from onnx2zz.errors import InputError, Problem

HEAVY = ("onnx", "onnxruntime", "zigzag", "matplotlib", "pandas", "pydantic")


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = f"""
import sys
from onnx2zz.cli.main import run
code = run({arguments})
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
    assert "Usage: onnx2zz" in done.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("onnx2zz, version ")


def test_an_unknown_command_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evalaute"]) == 2
    assert "No such command 'evalaute'; did you mean evaluate?\n" in capsys.readouterr().err
    assert run(["xyz"]) == 2
    assert "No such command 'xyz'.\n" in capsys.readouterr().err


def test_a_command_is_imported_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "late_module.py").write_text(
        "import click\n@click.command()\ndef late_command():\n    click.echo('here')\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    group = LazyGroup("group", commands_at={"late": "late_module:late_command"})
    assert "late_module" not in sys.modules
    assert run(["late"], group) == 0
    assert capsys.readouterr().out == "here\n"


def raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def test_every_problem_of_the_input_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("net.onnx", "not an ONNX file"), Problem("seneca.yml", "no such file", "did you mean seneca?")]
    assert run([], raising(InputError(problems))) == 1
    assert capsys.readouterr().err == (
        "error: net.onnx: not an ONNX file\nerror: seneca.yml: no such file; did you mean seneca?\n"
    )


def test_a_bug_is_one_line_and_its_traceback_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run([], raising(KeyError("lost"))) == 70
    (line,) = capsys.readouterr().err.splitlines()
    (log,) = tmp_path.iterdir()
    assert "please report it" in line and str(log) in line and "KeyError" in line
    assert "Traceback" in log.read_text()


def test_a_bug_shows_its_traceback_to_who_wants_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("ONNX2ZZ_DEBUG", "1")
    run([], raising(KeyError("lost")))
    assert "Traceback" in capsys.readouterr().err


def test_a_command_chooses_its_exit_code() -> None:
    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        ctx.exit(3)

    assert run([], command) == 3
