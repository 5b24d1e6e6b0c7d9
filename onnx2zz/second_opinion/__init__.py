"""`onnx2zz cross-check`: what other models say of the same layers, beside ours, and why they differ."""
