"""What is said where the fault is ours."""

import os
import tempfile
import traceback

import click

from onnx2zz.errors import BrokenLawError


def report_bug(error: Exception) -> None:
    """One line on stderr; the traceback goes to a file, or to stderr where ONNX2ZZ_DEBUG is set."""
    trace = "".join(traceback.format_exception(error))
    if os.environ.get("ONNX2ZZ_DEBUG"):
        click.echo(trace, err=True)
    with tempfile.NamedTemporaryFile("w", prefix="onnx2zz-bug-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(trace)
    said = f"{type(error).__name__}: {error}" if isinstance(error, BrokenLawError) else type(error).__name__
    click.echo(f"error: a bug of onnx2zz, not of your input ({said}): please report it with {log.name}", err=True)
