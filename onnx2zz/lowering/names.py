"""Layer names: unique, safe as file names, never a word that a mapping file looks up by type."""

import re

from onnx2zz.frontend.graph import Node

LONGEST = 64


def layer_name(identity: int, node: Node) -> str:
    """`L<id>_` and the node's name (else its first output), unsafe characters turned into `_`, at most 64 long."""
    return f"L{identity}_{re.sub(r'[^A-Za-z0-9_.-]', '_', node.label)}"[:LONGEST]
