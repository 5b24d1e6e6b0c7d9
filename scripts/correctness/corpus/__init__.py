"""ONNX's own tests of its operators as a corpus: every one is compiled, judged and, where it is exact, run."""
