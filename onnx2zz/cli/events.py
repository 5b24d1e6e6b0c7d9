"""The option `--events` of `evaluate`."""

import click

events_option = click.option(
    "--events",
    metavar="random|FILE.npz",
    help="Run MODEL on these inputs, count zeros, and report what an event-driven core would spend.",
)


def refuse_events_of_a_workload(ctx: click.Context, events: str | None) -> None:
    """Raises click.UsageError: a workload has shapes and no values."""
    if events is not None:
        raise click.UsageError("--events runs the network: name its MODEL; a workload holds shapes, no values", ctx)
