"""`onnx2zz zoo run` from a checkout, and its options: `python -m scripts.correctness.zoo_regression [--quick] ...`."""

import sys

from onnx2zz.cli.main import run

if __name__ == "__main__":
    sys.exit(run(["zoo", "run", *sys.argv[1:]]))
