"""`--no-cacti`, of every command that may start CACTI."""

import click

no_cacti_option = click.option(
    "--no-cacti", is_flag=True, help="Refuse accelerators that have CACTI say costs: that starts a program."
)
