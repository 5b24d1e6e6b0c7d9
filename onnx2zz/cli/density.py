"""The option `--density` of `evaluate`."""

import click

density_option = click.option(
    "--density",
    "density",
    multiple=True,
    metavar="LAYER[:OPERAND]=0.61|FILE",
    help="Share of a layer's input (or W, O) that is not zero, for the sidecar's zero_gating and coding.",
)
