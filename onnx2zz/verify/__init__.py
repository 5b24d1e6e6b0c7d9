"""Proves that a workload computes what its model computes: its layers are run, and its volumes and edges counted."""

import sys

from onnx2zz.callable_package import CallablePackage

sys.modules[__name__].__class__ = CallablePackage
