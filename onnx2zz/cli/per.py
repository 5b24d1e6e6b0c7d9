"""The option `--per` of `evaluate`."""

import click

per_option = click.option(
    "--per",
    metavar="token|frame|sample[=N]",
    help="What one of them costs, and how many there are a second; N in a run, if its inputs do not say it.",
)
