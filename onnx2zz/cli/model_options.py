"""The options of every command that takes a MODEL, and their parsing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack, get_args

import click
from click.core import ParameterSource

from onnx2zz.frontend.sizes import as_shape, as_size
from onnx2zz.lowering.options import (
    INT8,
    WIDTHS,
    WORDS,
    LoweringOptions,
    Movement,
    Precision,
    Unsupported,
    as_precision,
    unknown_operands,
)

if TYPE_CHECKING:
    from onnx2zz.compiler import CompileOptions

Command = TypeVar("Command", bound=Callable[..., None])
T = TypeVar("T")


class ModelArguments(TypedDict):
    """What click hands to a command that takes a MODEL: the options as they are typed."""

    shapes: tuple[str, ...]
    dims: tuple[str, ...]
    values: tuple[str, ...]
    batch: int | None
    op_like: tuple[str, ...]
    dims_of: tuple[str, ...]
    tokens_per_expert: int | None
    steps: tuple[str, ...]
    precision: str
    unsupported: Unsupported
    movement: Movement


def model_options(command: Command) -> Command:
    """Adds the options that say something of a MODEL; read them with `compile_options`."""
    options = (
        click.option(
            "--shape",
            "shapes",
            multiple=True,
            metavar="NAME=1x3x224x224",
            help="Fix the shape of an input (NAME= for a scalar), or of a tensor behind an unknown operator.",
        ),
        click.option(
            "--batch",
            type=click.IntRange(1),
            metavar="N",
            help="Fix the first axis of every input that leaves it open.",
        ),
        click.option("--dim", "dims", multiple=True, metavar="NAME=N", help="Fix a named dim of the inputs."),
        click.option(
            "--value",
            "values",
            multiple=True,
            metavar="NAME=X",
            help="Fill an input with a value that shapes and conditions may use.",
        ),
        click.option(
            "--op-like",
            multiple=True,
            metavar="DOMAIN.OP=OP",
            help="Take an operator that has no lowering as one that has.",
        ),
        click.option(
            "--dim-of",
            "dims_of",
            multiple=True,
            metavar="TENSOR:AXIS=N",
            help="Fix a size that only the data of a run decide.",
        ),
        click.option(
            "--tokens-per-expert",
            type=click.IntRange(0),
            metavar="N",
            help="Tokens that each expert of a mixture gets; an even split if left out.",
        ),
        click.option(
            "--steps",
            multiple=True,
            metavar="LOOP=N",
            help="Steps of a loop that only the data of a run end.",
        ),
        click.option(
            "--precision",
            default=INT8,
            show_default=True,
            metavar=f"{'|'.join(WORDS)}|W=4,I=8,O=16,O_final=8",
            help="Bits of float tensors.",
        ),
        click.option(
            "--unsupported",
            type=click.Choice(get_args(Unsupported)),
            default=LoweringOptions.unsupported,
            show_default=True,
            help="What to do with nodes that have no lowering.",
        ),
        click.option(
            "--movement",
            type=click.Choice(get_args(Movement)),
            default=LoweringOptions.movement,
            show_default=True,
            help="Whether moving data costs.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def compile_options(**typed: Unpack[ModelArguments]) -> "CompileOptions":
    """The options as the compiler takes them. Raises click.BadParameter (exit code 2) for what cannot be read."""
    from onnx2zz.compiler import CompileOptions
    from onnx2zz.frontend.binding import Bindings
    from onnx2zz.frontend.data_sizes import as_place

    bindings = Bindings(
        shapes=dict(_pair(text, "--shape", _shape) for text in typed["shapes"]),
        dims=dict(_pair(text, "--dim", _size) for text in typed["dims"]),
        values=dict(_pair(text, "--value", float) for text in typed["values"]),
        batch=typed["batch"],
        op_like=dict(_pair(text, "--op-like", _operator) for text in typed["op_like"]),
        dims_of={
            _place(place, as_place): size
            for place, size in (_pair(text, "--dim-of", _size) for text in typed["dims_of"])
        },
        tokens_per_expert=typed["tokens_per_expert"],
        steps=dict(_pair(text, "--steps", _size) for text in typed["steps"]),
    )
    lowering = LoweringOptions(_precision(typed["precision"]), typed["unsupported"], typed["movement"])
    return CompileOptions(bindings, lowering)


def refuse_model_options(ctx: click.Context, arguments: ModelArguments) -> None:
    """Raises UsageError for options of a MODEL that were typed though a workload is named."""
    typed = [name for name in arguments if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    flags = [parameter.opts[0] for parameter in ctx.command.params if parameter.name in typed]
    if flags:
        raise click.UsageError(f"{', '.join(flags)}: for a MODEL; a workload is compiled already", ctx)


def _pair(text: str, option: str, read: Callable[[str], T]) -> tuple[str, T]:
    name, equals, value = text.rpartition("=")
    try:
        if not equals or not name:
            raise ValueError
        return name, read(value)
    except ValueError:
        raise click.BadParameter(f"cannot read {text!r}", param_hint=option) from None


def _place(text: str, read: "Callable[[str], tuple[str, int]]") -> tuple[str, int]:
    try:
        return read(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--dim-of") from None


def _shape(text: str) -> tuple[int, ...]:
    return as_shape([int(size) for size in text.lower().split("x")] if text else [])


def _operator(text: str) -> str:
    if not text:
        raise ValueError
    return text.removeprefix("ai.onnx.")


def _size(text: str) -> int:
    return as_size(int(text))


def _precision(text: str) -> Precision:
    if text in WORDS:
        return as_precision(text)
    widths = dict(_pair(part, "--precision", _size) for part in text.split(","))
    if unknown := unknown_operands(widths):
        raise click.BadParameter(f"no operand {', '.join(unknown)}; use {', '.join(WIDTHS)}", param_hint="--precision")
    return as_precision(widths)
