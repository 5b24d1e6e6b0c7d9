"""Why SCALE-Sim counts otherwise than ours: rules whose numbers are computed and met, and nothing else."""

from collections.abc import Iterator
from itertools import dropwhile
from math import isclose, prod

from onnx2zz.second_opinion.counts import Count
from onnx2zz.second_opinion.layers import Asked, repeated, walked
from onnx2zz.second_opinion.systolic import STAYS, Array, Product, cycles, folds, steps

SAME = 1e-3
"""How near cycles are said to be the same."""


def cycles_reason(count: Count, array: Array, product: Product, one: Asked) -> str:
    """Its cycles by the formula of docs/physical.md, and what ours has otherwise; empty where the formula fails."""
    if count.theirs != cycles(array, product):
        return ""
    rows = f"{array.rows}" if array.dataflow == "os" else f"2 x {array.rows}"
    each = f"({rows} + {array.columns} - 2 + {steps(array, product):,})"
    formula = f"{folds(array, product):,} folds x {each} - 1"
    if product.times > 1:
        formula = f"{product.times:,} x ({formula})"
    if isclose(count.ours, count.theirs, rel_tol=SAME):
        return formula
    return "; ".join((formula, *_otherwise(count, array, product, one)))


def _otherwise(count: Count, array: Array, product: Product, one: Asked) -> Iterator[str]:
    if count.after_rules is None:
        yield "ours has no skew: the accelerator has no sidecar with `systolic_skew`"
    own, passes = our_folds(array, one), one.found.physical.passes if one.found.physical else None
    if round(own) != product.times * folds(array, product):
        yield f"our mapping has {own:,.6g} folds"
    if passes is not None and passes < round(own):
        yield f"our units hold more than a fold and are filled {passes:,} times"
    cycles_of = one.found.breakdown.cycles if one.found.breakdown else None
    waited = cycles_of.stalls + cycles_of.filling + cycles_of.draining if cycles_of else 0.0
    if waited:
        yield f"ours waits {waited:,.6g} cycles for memories, SCALE-Sim never"


def our_folds(array: Array, one: Asked) -> float:
    """How many tiles of what stays in the units our temporal loops go through."""
    stays = STAYS[array.dataflow]
    whole = one.found.breakdown
    levels = whole.temporal_mapping[stays] if whole else ()
    relevant = walked(one.layer, stays)
    return prod(size for level in levels for loop, size in level.loops if loop in relevant)


def words_reason(count: Count, operand: str, array: Array, product: Product, one: Asked, memory: str) -> str:
    """How often each word of the matrix product passes the buffer, there and in ours, if our loops say just that."""
    if isclose(count.ours, count.theirs, rel_tol=1e-9):
        return ""
    edges = product.times * folds(array, product) * (array.rows + array.columns)
    # Its source adds the shape of each fold's results to their number (systolic_compute_os.py create_ofmap_demand_mat).
    if (array.dataflow, operand) == ("os", "O") and count.theirs == count.ours + edges:
        return "SCALE-Sim adds rows + columns to the writes of each fold"
    words = (
        product.times
        * {
            "I": product.sums * product.pixels,
            "W": product.sums * product.filters,
            "O": product.pixels * product.filters,
        }[operand]
    )
    relevant = walked(one.layer, operand)
    # Over the innermost loops that it does not depend on, an operand stays where it is.
    moving = [*dropwhile(lambda loop: loop[0] not in relevant, one.loops_above(operand, memory))]
    ours = repeated(moving, relevant)
    if not isclose(count.ours, ours * words, rel_tol=1e-9):
        return ""
    again = " x ".join(f"{loop} {size:g}" for loop, size in moving if loop not in relevant)
    by = f", by our loops {again}" if again else ""
    return f"each word passes {count.theirs / words:,.6g} times there, one a fold, and {ours:,.6g} times in ours{by}"
