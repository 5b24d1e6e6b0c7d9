"""The field's loop names: B batch, G groups, K output channels, C input channels, O* output and F* filter positions."""

from collections.abc import Iterable
from functools import cache

OUTPUT_LOOPS = ("OZ", "OY", "OX")
FILTER_LOOPS = ("FZ", "FY", "FX")


@cache
def output_loops(spatial: int) -> tuple[str, ...]:
    """Names of the output's spatial loops, in ONNX's axis order (D, H, W); beyond three dims they are numbered."""
    return _spatial("O", OUTPUT_LOOPS, spatial)


@cache
def filter_loops(spatial: int) -> tuple[str, ...]:
    """Names of the filter's spatial loops, in ONNX's axis order."""
    return _spatial("F", FILTER_LOOPS, spatial)


def _spatial(letter: str, named: tuple[str, ...], spatial: int) -> tuple[str, ...]:
    extra = tuple(f"{letter}{n}" for n in range(spatial - 3, 0, -1))
    return extra + named[max(0, 3 - spatial) :]


Loops = tuple[tuple[str, int], ...]
ORDER = ("B", "K", "G", "OX", "OY", "OZ", "C", "FX", "FY", "FZ")


def in_order(loops: Iterable[tuple[str, int]]) -> Loops:
    """Loops in ZigZag's order (parser/onnx/conv_parser.py:92), others behind: its merging of factors depends on it."""
    return tuple(sorted(loops, key=lambda loop: ORDER.index(loop[0]) if loop[0] in ORDER else len(ORDER)))


def tensor_loops(rank: int) -> tuple[str, ...]:
    """Loops over a whole tensor, one an axis, as element-wise layers use them: B, G (channels), then O*."""
    if rank <= 1:
        return ("G",)[:rank]
    return ("B", "G", *output_loops(rank - 2))


def within(loop: str) -> str:
    """The loop over the places within a period of another loop: PY of OY, PG of G."""
    return f"P{loop[1:] if loop.startswith('O') else loop}"
