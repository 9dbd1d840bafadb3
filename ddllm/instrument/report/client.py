"""Datadog's DogStatsD client, as a copy of ddllm's own: the application's `datadog` stays as it left it, imported or not.

`import datadog` would bring its HTTP API and `requests` into the application: 150 modules and 55 ms for 14 modules and 6 ms that
are used. And its global `statsd` reads DD_AGENT_HOST, DD_SERVICE and others when it is imported, which the application may set later.
"""

import builtins
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, resolve_name
from types import ModuleType
from typing import Any

PACKAGE = "datadog"
MODULE = "datadog.dogstatsd.base"


def dogstatsd() -> Any:
    """Return the class `DogStatsd` of datadog's Python library, of which other code gets no sight."""
    if MODULE not in sys.modules:
        # It may lie elsewhere, or import otherwise: then as everybody does.
        with suppress(Exception):
            copy = _Copy(PACKAGE).load(MODULE)
            # Its global client, which nobody uses: a fork that waits for this import would find it unprepared, and complain.
            vars(copy).get("_instances", set()).clear()
            return copy.DogStatsd
    from datadog.dogstatsd.base import DogStatsd  # noqa: PLC0415 - 55 ms, on the worker

    return DogStatsd


class _Copy:
    """Modules of one package that import each other and are not in `sys.modules`.

    An import takes `__import__` from the builtins of the module that it is in. Raises what an import raises; and ImportError for
    one that binds the package itself.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """Return a module by its full name, without executing the packages around it."""
        module = self._modules.get(name)
        if module is None:
            spec = PathFinder.find_spec(name, self._path(name))
            if spec is None or spec.loader is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            module = module_from_spec(spec)
            vars(module)["__builtins__"] = self._builtins
            self._modules[name] = module
            spec.loader.exec_module(module)
        return module

    def _path(self, name: str) -> Sequence[str] | None:
        parent = name.rpartition(".")[0]
        if not parent:
            return None
        spec = PathFinder.find_spec(parent, self._path(parent))
        return spec.submodule_search_locations if spec else None

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level:
            name = resolve_name("." * level + name, (namespace or {})["__package__"])
        if name.partition(".")[0] != self._package:
            return builtins.__import__(name, namespace, local, fromlist or ())
        if not fromlist:
            raise ImportError(f"{name} is to be bound as a package", name=name)
        return self.load(name)
