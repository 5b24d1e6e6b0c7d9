"""The command line as a process of its own."""

IN_A_PROCESS = "import sys; from onnx2zz.cli.main import run; sys.exit(run(sys.argv[1:]))"
"""For `python -c`."""
TELLS_EACH_LAYER = "from onnx2zz.report import progress; progress.EVERY = 0.0; " + IN_A_PROCESS
"""With a line of progress for each layer, where a test waits for one."""
