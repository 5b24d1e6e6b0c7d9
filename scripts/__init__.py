"""What measures onnx2zz, breaks it, proves it at length and builds its models; from the root of a checkout."""
