"""`onnx2zz ops`: which operators are supported, and what each becomes."""

import click

from onnx2zz.cli.screen import screen


@click.command("ops")
def ops_command() -> None:
    """List every operator: since which opset, what it becomes, what proves it."""
    from rich.table import Table

    from onnx2zz.report.operator_table import rows

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("operator", "since", "becomes", "proof"):
        table.add_column(column, justify="right" if column == "since" else "left")
    for row in rows():
        table.add_row(row.operator, str(row.since), row.how, row.proof)
    screen().print(table)
