"""A package that is also the API's function of its name: `onnx2zz.evaluate(...)` beside `onnx2zz.evaluate.run`."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


class CallablePackage(ModuleType):
    """Calls the function of onnx2zz.api that has the package's name, which is imported then and not before.

    Python binds a package's name in its parent once it is imported, whatever stood there; so the name must be both.
    """

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function: what `inspect.signature` and notebooks show."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(f"onnx2zz.api.{name}"), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)
