"""Mappings: the steps of a recurrence, which no array can run beside each other."""

from collections.abc import Iterator

from onnx2zz.checks.check import Check, of_mapping
from onnx2zz.checks.context import MappingContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.workload_entry import STEP


def steps_in_parallel(context: MappingContext) -> Iterator[Finding]:
    """Entries that unroll the loop over steps for a layer that has one: step t reads what step t-1 wrote."""
    for entry in context.mapping_entries:
        layers = [one for one in context.layers if one.loops.get(STEP, 1) > 1 and context.mapping_of(one) is entry]
        for array_dim, pairs in entry.unrolled.items():
            for loop, factor in pairs if layers else ():
                if loop == STEP and factor > 1:
                    more = f" and {len(layers) - 1} more" if len(layers) > 1 else ""
                    yield finding(
                        "recurrent-step",
                        "warning",
                        context.mapping,
                        (entry.number, "spatial_mapping", array_dim),
                        f"{entry.name} unrolls {STEP} by {factor} over {array_dim}, and in {layers[0].name}{more} that "
                        "is the loop over the steps of a recurrence, each of which needs the one before",
                        zigzag="nothing: it prices steps at the same time, with too few cycles",
                        fix=f"unroll another loop than {STEP}",
                    )


CHECKS = (
    Check(
        code="recurrent-step",
        severity="warning",
        meaning="the loop T over the steps of a recurrence unrolled over an array dimension: each step needs the one "
        "before",
        zigzag="nothing: it prices steps at the same time, with too few cycles",
        way_out="unroll other loops",
        rules=(of_mapping(steps_in_parallel, "workload", order=35),),
    ),
)
