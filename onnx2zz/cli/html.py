"""`--html`: a report to look at."""

from pathlib import Path

import click

html_option = click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a report to look at: one file that needs no network.",
)
