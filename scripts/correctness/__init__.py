"""Whether what onnx2zz says is true, on more than the tests have time for: whole models, mutants, random graphs."""
