"""The only package that imports ZigZag. It takes a second to import, so nothing imports it before it is needed."""

from onnx2zz.zigzag.watched import install

install()
