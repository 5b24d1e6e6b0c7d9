"""The Python API: what the commands do, as functions that return results. Each lies in the module of its name."""
