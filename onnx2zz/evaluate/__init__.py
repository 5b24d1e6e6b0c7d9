"""From a workload, an accelerator and a mapping to numbers: check, price each distinct layer once, add up."""

import sys

from onnx2zz.callable_package import CallablePackage

sys.modules[__name__].__class__ = CallablePackage
