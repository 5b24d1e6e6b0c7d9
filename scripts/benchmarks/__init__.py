"""How long onnx2zz takes and what that buys: `python -m scripts.benchmarks NAME`."""
