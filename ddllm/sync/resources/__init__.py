"""The kinds of objects that can be synced: one file each, found by its place, with its `RESOURCE`."""

from importlib import import_module
from pkgutil import iter_modules

from ddllm.sync.resource import Resource


def resources() -> dict[str, Resource]:
    """Return every kind by its name."""
    found: list[Resource] = [import_module(f"{__name__}.{name}").RESOURCE for _, name, _ in iter_modules(__path__)]
    return {each.kind: each for each in found}
