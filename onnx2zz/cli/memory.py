"""`onnx2zz memory`: what a memory costs, by CACTI, as an accelerator's file has it."""

from typing import get_args

import click

from onnx2zz.zigzag.cacti_costs import MemoryKind


@click.command("memory")
@click.option(
    "--size", required=True, metavar="256K|16KB|8192", help="Capacity: bytes with K, M, KB ...; bits without."
)
@click.option("--width", required=True, type=click.IntRange(min=1), metavar="BITS", help="Bits that an access moves.")
@click.option("--tech", default="22", show_default=True, metavar="NM", help="Node: 7 to 90 nm, scaled below 22.")
@click.option("--voltage", type=float, metavar="V", help="Supply below 22 nm; else one that is assumed for the node.")
@click.option("--kind", type=click.Choice(get_args(MemoryKind)), default="sram", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
def memory_command(size: str, width: int, tech: str, voltage: float | None, kind: MemoryKind, as_json: bool) -> None:
    """Print r_cost, w_cost (pJ) and area (mm2) of a memory, with their source, for NAME.yaml.

    CACTI 7 as ZigZag brings it, in a private copy; one read and one write port, one bank. Below 22 nm its figures are
    scaled by a law that is named (docs/physical.md).
    """
    from dataclasses import asdict

    from onnx2zz.api.memory import memory
    from onnx2zz.files.strict_json import json_text

    found = memory(size, width, technology_nm=tech, kind=kind, voltage=voltage)
    click.echo(json_text(asdict(found), indent=2) if as_json else repr(found))
