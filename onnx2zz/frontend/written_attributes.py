"""A node's attributes as bytes, by which nodes that are alike are known again: networks repeat theirs."""

import onnx

LARGEST_KEPT = 2_000
"""Bytes of a node."""
Written = tuple[bytes, ...] | None
"""None of a node that holds much: of a Constant's megabytes nothing is kept."""


def written_attributes(proto: onnx.NodeProto) -> Written:
    """The attributes of a node, in its order."""
    if proto.attribute and proto.ByteSize() > LARGEST_KEPT:
        return None
    return tuple([attribute.SerializeToString() for attribute in proto.attribute])
