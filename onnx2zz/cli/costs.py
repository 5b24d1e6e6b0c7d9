"""`onnx2zz costs`: an accelerator's file with the costs of a technology node, each with its source."""

from pathlib import Path

import click

from onnx2zz.cli import completion
from onnx2zz.printable import printable


@click.command("costs")
@click.argument("arch", metavar="ARCH", shell_complete=completion.architectures)
@click.option("--tech", required=True, metavar="NM", help="Node: 7 to 90 nm.")
@click.option("--unit", default="int8", show_default=True, metavar="KIND", help="Operands: int1 to int32, fp16, fp32.")
@click.option("--voltage", type=float, metavar="V", help="Supply; else one that is assumed for the node.")
@click.option(
    "--dram", "drams", multiple=True, metavar="MEMORY=KIND", help="A memory off the chip: ddr3 or hbm2. Repeatable."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
def costs_command(
    arch: str, tech: str, unit: str, voltage: float | None, drams: tuple[str, ...], output: Path | None
) -> None:
    """Write an accelerator's file with unit_energy, unit_area and the costs of its memories at a technology node, each
    with its source beside it: units by the table of ISSCC 2014, memories by CACTI, other nodes by a scaling law
    (docs/physical.md)."""
    from onnx2zz.api.costs import costs

    found = costs(
        arch,
        technology_nm=tech,
        unit=unit,
        voltage=voltage,
        drams=dict(map(_named, drams)),
        output=output,
    )
    for memory, why in found.kept.items():
        click.echo(printable(f"note: {memory} keeps its costs: {why}"), err=True)
    if output is None:
        click.echo(found.text, nl=False)


def _named(text: str) -> tuple[str, str]:
    name, equals, kind = text.partition("=")
    if not (name and equals and kind):
        raise click.UsageError(f"--dram {text}: write MEMORY=KIND, dram=ddr3")
    return name, kind
