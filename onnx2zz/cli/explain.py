"""`onnx2zz explain`: what one node of a model becomes, and why."""

from typing import Unpack

import click

from onnx2zz.cli import completion
from onnx2zz.cli.model_options import ModelArguments, compile_options, model_options
from onnx2zz.cli.notes import tell_notes
from onnx2zz.printable import printable


@click.command("explain")
@click.argument("model", shell_complete=completion.models)
@click.argument("node")
@model_options
def explain_command(model: str, node: str, **options: Unpack[ModelArguments]) -> None:
    """Print the loop nests, equations, relations and sources of NODE (its name, or one of its outputs) in MODEL."""
    chosen = compile_options(**options)
    from onnx2zz.compiler import compile_model
    from onnx2zz.formats.shipped_files import find_model
    from onnx2zz.report.explanation import explanation

    found = find_model(model)
    if found.note:
        click.echo(printable(found.note), err=True)
    compiled = compile_model(found.path, chosen)
    tell_notes(compiled.notes)
    click.echo(explanation(compiled, node))
