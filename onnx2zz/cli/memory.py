"""`onnx2zz memory`: what a memory costs, by CACTI, as an accelerator's file has it."""

from typing import get_args

import click

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.zigzag.cacti_costs import KINDS, MemoryKind

OLDEST_NM, NEWEST_NM = 90.0, 22.0
"""The nodes that CACTI 7 has figures for; between 22, 32, 45, 65 and 90 nm it interpolates."""


@click.command("memory")
@click.option(
    "--size", required=True, metavar="256K|16KB|8192", help="Capacity: bytes with K, M, KB ...; bits without."
)
@click.option("--width", required=True, type=click.IntRange(min=1), metavar="BITS", help="Bits that an access moves.")
@click.option("--tech", default="22", show_default=True, metavar="NM", help="Node: 22 to 90 nm.")
@click.option("--kind", type=click.Choice(get_args(MemoryKind)), default="sram", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
def memory_command(size: str, width: int, tech: str, kind: MemoryKind, as_json: bool) -> None:
    """Print r_cost, w_cost (pJ) and area (mm2) of a memory, with their source, for NAME.yaml.

    CACTI 7 as ZigZag brings it, in a private copy; one read and one write port, one bank.
    """
    from onnx2zz.files.strict_json import json_text
    from onnx2zz.formats.quantity import in_bits
    from onnx2zz.pricing.extraction import memory_costs
    from onnx2zz.zigzag.cacti_costs import Asked

    bits = int(size) if size.isdecimal() else in_bits(f"{size}B" if size[-1:] in ("K", "M", "G") else size)
    problems = [
        *([] if bits else [Problem("--size", f"{size!r} is no size", "write bits (8192), or bytes (16KB, 256K)")]),
        *_node_problems(tech),
    ]
    raise_if_any(problems)
    assert bits is not None
    found = memory_costs(Asked(kind, bits, width, _micrometres(tech)))
    source = f"CACTI 7 as zigzag-dse brings it, {KINDS[kind]}, {bits:,} bit, {width} bit an access, {tech} nm"
    if as_json:
        fields = {"size_bits": bits, "width": width, "technology_nm": float(tech), "kind": kind, "source": source}
        costs = {"r_cost_pj": found.read_pj, "w_cost_pj": found.write_pj, "area_mm2": found.area_mm2}
        click.echo(json_text({**fields, **costs}, indent=2))
        return
    click.echo(f"# {source}; one read and one write port, one bank")
    click.echo(f"size: {bits}")
    click.echo(f"r_cost: {found.read_pj:.6g} # pJ")
    click.echo(f"w_cost: {found.write_pj:.6g} # pJ")
    click.echo(f"area: {found.area_mm2:.6g} # mm2")


def _node_problems(tech: str) -> list[Problem]:
    try:
        nanometres = float(tech)
    except ValueError:
        return [Problem("--tech", f"{tech!r} is no node", "write nanometres: 22 to 90")]
    if NEWEST_NM <= nanometres <= OLDEST_NM:
        return []
    what = f"CACTI has no figures for {tech} nm"
    return [
        Problem("--tech", what, f"{NEWEST_NM:g} to {OLDEST_NM:g} nm; beyond, scale and name the law and its source")
    ]


def _micrometres(tech: str) -> float:
    return round(float(tech) / 1000, 6)
