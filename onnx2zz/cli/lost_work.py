"""A word about work that no layer holds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from onnx2zz.printable import printable

if TYPE_CHECKING:
    from onnx2zz.pricing.accounted import HostNode


def tell_of_lost_work(hosts: "Sequence[HostNode]") -> bool:
    """Names the nodes that are left to the host with MACs of theirs; whether there are any."""
    from onnx2zz.pricing.accounted import lost_work

    lost = lost_work(hosts)
    for node in lost:
        click.echo(f"incomplete: left to the host: {printable(str(node))}", err=True)
    return bool(lost)
