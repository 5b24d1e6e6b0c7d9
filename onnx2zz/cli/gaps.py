"""Says what `--mapping optimal` did not prove."""

from typing import TYPE_CHECKING

import click

from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.pricing.result import Evaluation

UNPROVEN = 0.01
"""The gap above which the exit code says so, where none is asked for."""
NAMED = 3


def tell_of_gaps(evaluation: "Evaluation", gap: float | None) -> bool:
    """Whether a layer's mapping is proven less well than asked for; says of which layers."""
    allowed = UNPROVEN if gap is None else gap
    certificates = [(layer.name, layer.certificate) for layer in evaluation.layers]
    wide = [(name, one.gap) for name, one in certificates if one and (one.gap is None or one.gap > allowed)]
    if not wide:
        return False
    shown = ", ".join(f"{name} ({_said(share)})" for name, share in wide[:NAMED])
    more = f" and {len(wide) - NAMED} more" if len(wide) > NAMED else ""
    click.echo(printable(f"not proven to be within {allowed:.2%} of the best: {shown}{more}"), err=True)
    return True


def _said(share: float | None) -> str:
    return "nothing is known" if share is None else f"within {share:.2%}"
