"""`python -m onnx2zz` is the `onnx2zz` command."""

from onnx2zz.cli.main import main

if __name__ == "__main__":
    main()
