"""Writes docs/reference/commands.md from `--help`, and docs/reference/python.md from the docstrings.

`python -m scripts.reference`: after an option or a docstring was changed. A test holds the pages to what is there.
"""

import argparse
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import click

import onnx2zz
from onnx2zz.api.compare import Comparison
from onnx2zz.api.convert import Conversion
from onnx2zz.api.cross_check import CrossCheck
from onnx2zz.api.evaluation import EvaluationWithReport
from onnx2zz.api.explain import ExplainedNode
from onnx2zz.api.memory import MemoryFigures
from onnx2zz.api.sweep import Sweep
from onnx2zz.api.validate import Validation
from onnx2zz.checks.finding import Diagnosis, Finding
from onnx2zz.cli.main import COMMANDS
from onnx2zz.cli.main import onnx2zz as root
from onnx2zz.compiler import Compiled
from onnx2zz.files.written_file import write_whole
from onnx2zz.pricing.result import LayerResult, Total
from onnx2zz.proof.layer_proofs import LayerProof
from onnx2zz.proof.result import Verification

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
HEAD = "<!-- Written by scripts/reference.py. -->\n"
WIDTH = 100
RESULTS: tuple[type[object], ...] = (
    *(Compiled, ExplainedNode, Diagnosis, Finding, Verification, LayerProof),
    *(EvaluationWithReport, LayerResult, Total, Comparison, Sweep, Validation, CrossCheck, Conversion, MemoryFigures),
)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for name, page in pages().items():
        write_whole(FOLDER / f"{name}.md", page)
        print(f"docs/reference/{name}.md written")


def pages() -> dict[str, str]:
    """Both pages, by the names of their files."""
    return {"commands": _page(_commands()), "python": _page(_python())}


def _page(parts: Iterator[str]) -> str:
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


def _commands() -> Iterator[str]:
    yield "# Every command"
    yield "What `--help` says. Exit codes: 0 fine, 1 the input is at fault, 2 usage, 3 something has no price."
    context = click.Context(root, info_name="onnx2zz")
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        yield from _command(command, click.Context(command, context, info_name=name), f"## onnx2zz {name}")


def _command(command: click.Command, context: click.Context, head: str) -> Iterator[str]:
    yield head
    formatter = click.HelpFormatter(width=WIDTH)
    command.format_help(context, formatter)
    yield f"```text\n{formatter.getvalue().rstrip()}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, context, info_name=name), f"#{head} {name}")


def _python() -> Iterator[str]:
    yield "# Every function and result"
    yield "What the docstrings say; [From Python](../api.md) tells how they go together."
    for name in onnx2zz.__all__:
        thing: object = getattr(onnx2zz, name)
        if inspect.isfunction(thing):
            yield f"## onnx2zz.{name}"
            yield f"```text\n{signature(name, thing)}\n```"
            yield from _docstring(inspect.getdoc(thing) or "")
    yield "## Results"
    for kind in RESULTS:
        yield f"### {kind.__name__}"
        yield from _docstring(inspect.getdoc(kind) or "")
        if is_dataclass(kind):
            yield "Fields: " + ", ".join(f"`{one.name}`" for one in fields(kind)) + "."
        yield from _members(kind)


def _members(kind: type[object]) -> Iterator[str]:
    """The public properties and methods with what they say, those of its own classes."""
    found: dict[str, str] = {}
    for owner in kind.__mro__:
        for name, member in vars(owner).items():
            said = inspect.getdoc(member) if isinstance(member, property) or inspect.isfunction(member) else None
            if said and not name.startswith("_") and owner.__module__.startswith("onnx2zz") and name not in found:
                call = "" if isinstance(member, property) else "()"
                found[name] = f"- `.{name}{call}`: {_in_code(said.split(chr(10) * 2)[0])}"
    if found:
        yield "\n".join(found.values())


def signature(name: str, function: object) -> str:
    """A function as it is called, a line for each parameter where they are many."""
    assert callable(function)
    told = inspect.signature(function)
    parameters = [re.sub(r": '([^']*)'(?= =|$)", r": \1", str(one)) for one in told.parameters.values()]
    kinds = [one.kind for one in told.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        parameters.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    plain = [re.sub(r"\b(?:[a-z_0-9]+\.)+(?=[A-Z])|<class |>", "", one) for one in parameters]
    line = f"{name}({', '.join(plain)})"
    return line if len(line) <= WIDTH else "\n".join([f"{name}(", *(f"    {one}," for one in plain), ")"])


def _docstring(text: str) -> Iterator[str]:
    """Paragraphs as they are, examples as code."""
    for part in text.split("\n\n"):
        if part.startswith(">>>"):
            yield f"```pycon\n{part}\n```"
        else:
            yield _in_code(part)


def _in_code(paragraph: str) -> str:
    """One line of Markdown; `*` and `<` mean themselves."""
    return " ".join(paragraph.split()).replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    main()
