"""`onnx2zz zoo run` from a checkout: python scripts/zoo_regression.py [--quick] [--model NAME] [--update-golden] ..."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx2zz.cli.main import run

if __name__ == "__main__":
    sys.exit(run(["zoo", "run", *sys.argv[1:]]))
