"""NAME.onnx2zz.yaml beside an accelerator: what ZigZag's file has no field for, and ZigZag never sees."""
