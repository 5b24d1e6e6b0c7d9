"""The `onnx2zz` command: finds the subcommand, and turns what goes wrong into a sentence and an exit code.

Exit codes: exit_codes.py; 0 is fine, 2 is click's, for usage.
"""

import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from onnx2zz.cli.colour import asked_for
from onnx2zz.cli.exit_codes import BUG, INPUT_AT_FAULT, INTERRUPTED
from onnx2zz.errors import InputError, Problem

COMMANDS: Mapping[str, str] = {
    "cache": "onnx2zz.cli.cache:cache_command",
    "check": "onnx2zz.cli.check:check_command",
    "compare": "onnx2zz.cli.compare:compare_command",
    "compile": "onnx2zz.cli.compile:compile_command",
    "convert": "onnx2zz.cli.convert:convert_command",
    "costs": "onnx2zz.cli.costs:costs_command",
    "cross-check": "onnx2zz.cli.cross_check:cross_check_command",
    "explain": "onnx2zz.cli.explain:explain_command",
    "ops": "onnx2zz.cli.ops:ops_command",
    "evaluate": "onnx2zz.cli.evaluate:evaluate_command",
    "list": "onnx2zz.cli.list:list_command",
    "memory": "onnx2zz.cli.memory:memory_command",
    "show": "onnx2zz.cli.show:show_command",
    "sweep": "onnx2zz.cli.sweep:sweep_command",
    "validate": "onnx2zz.cli.validate:validate_command",
    "verify": "onnx2zz.cli.verify:verify_command",
    "zoo": "onnx2zz.cli.zoo:zoo_command",
}
"""Subcommand -> "module:attribute". The modules must be cheap to import: `--help` imports them for their first line."""

SURROUNDINGS = frozenset((
    *(errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EPIPE, errno.ENAMETOOLONG, errno.EBADF),
))  # fmt: skip
"""What the operating system refuses whatever the program is: a full or locked disk, a reader that has gone, a name."""
MOST_PROBLEMS = 100
STDIN, STDOUT, STDERR = 0, 1, 2
COLLECT_AFTER = 1_000_000
"""Objects that are made before the collector looks for cycles among them; Python's 700 are for programs that live long.
Most of what a command makes lives until it ends (the modules of ZigZag first of all), and was walked 400 times."""


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module when it is asked for, not before."""

    def __init__(self, name: str | None = None, *, commands_at: Mapping[str, str], **of_the_group: Any):
        super().__init__(name, **of_the_group)
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_at:
            return None
        module, attribute = self.commands_at[cmd_name].split(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A name that is no command's ends with those that are near it."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from onnx2zz.formats.spelling import did_you_mean

            ctx.fail(f"No such command {name!r}{did_you_mean(name, self.commands_at) or '.'}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="onnx2zz", prog_name="onnx2zz")
def onnx2zz() -> None:
    """ONNX graphs in, proven ZigZag workloads and ZigZag's numbers out."""


def main() -> None:
    """Entry point of the `onnx2zz` script."""
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    _open_what_is_closed()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:  # was said by `run`; what is buffered would fail again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # Python looks for cycles among all that there is once more when it ends: a tenth of the run, for memory that the
    # system takes back a moment later.
    gc.freeze()
    sys.exit(code)


def _open_what_is_closed() -> None:
    """After `onnx2zz ... >&-` the next file that is opened would be number 1, and what is printed would go there.

    Nobody can write to the stdout that stands in (as gnulib's `stdopen` has it): that the output got lost is said.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        if opened == STDOUT:
            os.close(opened)
            os.open(os.devnull, os.O_RDONLY)
    os.close(opened)
    sys.stdin = sys.stdin or open(STDIN)  # noqa: SIM115 - for the life of the process
    sys.stdout = sys.stdout or open(STDOUT, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(STDERR, "w", encoding="utf-8")  # noqa: SIM115


def run(arguments: Sequence[str], command: click.Command = onnx2zz) -> int:
    """Run `command` and return the exit code; everything the user is told about a failure is said here."""
    try:
        code = command.main(list(arguments), prog_name="onnx2zz", standalone_mode=False, color=asked_for(os.environ))
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except InputError as error:
        report_problems(error)
        return INPUT_AT_FAULT
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except MemoryError:
        click.echo("error: there is not enough memory for this input; raise --memory-limit where it is set", err=True)
        return INPUT_AT_FAULT
    except Exception as error:
        if isinstance(error, OSError) and error.errno in SURROUNDINGS:
            return _report_surroundings(error)
        from onnx2zz.cli.bug import report_bug  # it brings along what a run that goes well has no use for

        report_bug(error)
        return BUG


def _report_surroundings(error: OSError) -> int:
    """Nobody is there to be told when a pipe was closed (`onnx2zz ops | head`)."""
    if error.errno != errno.EPIPE:
        report_problems(InputError(Problem(str(error.filename or "the output"), error.strerror or "cannot be used")))
    return INPUT_AT_FAULT


def report_problems(error: InputError) -> None:
    """A line a problem, the first of them at least; where ONNX2ZZ_DEBUG is set, what led to them."""
    if os.environ.get("ONNX2ZZ_DEBUG") and error.__cause__ is not None:
        from traceback import format_exception

        click.echo("".join(format_exception(error)), err=True)
    for problem in error.problems[:MOST_PROBLEMS]:
        click.echo(f"error: {problem}", err=True)
    more = len(error.problems) - MOST_PROBLEMS
    if more > 0:
        click.echo(f"error: and {more:,} more", err=True)
