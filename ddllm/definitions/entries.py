"""A file that holds definitions by key: its variables, the form of keys, and `for_each`, which makes one definition an item."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ddllm.definitions.document import Document, Route
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings, check_names
from ddllm.definitions.variables import Layer, Scope
from ddllm.errors import DefinitionError

_KEY = re.compile(r"[a-z][a-z0-9-]{1,60}\Z")
_ITEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def entries(
    document: Document, settings: Settings, noun: str, problems: Problems
) -> Iterator[tuple[str, Route, dict[str, Any]]]:
    """Yield key, place and body of each definition of a file, variables put in. What is wrong with one goes to `problems`.

    `noun` is what a message calls one of them. Raises DefinitionError where the file is no mapping, or its variables are wrong.
    """
    values = document.value if document.value is not None else {}
    if not isinstance(values, dict):
        raise DefinitionError(f"the file must be a mapping of keys to {noun}s", where=str(document.at(())))
    scope = settings.scope.within(_file_variables(values, document))
    for key, entry in values.items():
        if key == "variables":
            continue
        for name, body, own_scope in _instances(key, entry, document, scope, problems):
            with problems.caught():
                yield name, (key,), own_scope.resolve(body, document, (key,))


def _file_variables(entries: Mapping[str, Any], document: Document) -> Layer:
    values = entries.get("variables") or {}
    if not isinstance(values, dict):
        raise DefinitionError(
            "`variables` must be a mapping of names to values", where=str(document.at(("variables",)))
        )
    check_names(values, document, ("variables",))
    return Layer(values, document, ("variables",))


def _instances(
    key: str, entry: Any, document: Document, scope: Scope, problems: Problems
) -> Iterator[tuple[str, Mapping[str, Any], Scope]]:
    """Yield key, body and variables of each monitor that an entry stands for: one, or one an item of its `for_each`."""
    with problems.caught():
        if not _KEY.match(key):
            raise DefinitionError(
                f"`{key}` cannot be a key",
                where=str(document.key((key,))),
                hint="A key begins with a small letter and holds small letters, digits and hyphens, 61 at most",
            )
        if not isinstance(entry, dict):
            raise DefinitionError(f"`{key}` must be a mapping: name, type, query, …", where=str(document.at((key,))))
        if "for_each" not in entry:
            yield key, entry, scope
            return
        body = {name: value for name, value in entry.items() if name != "for_each"}
        for item, layer in _items(entry["for_each"], document, (key, "for_each"), scope):
            yield f"{key}/{item}", body, scope.within(layer)


def _items(loop: Any, document: Document, route: Route, scope: Scope) -> Iterator[tuple[str, Layer]]:
    resolved = scope.resolve(loop, document, route)
    if not isinstance(resolved, dict) or len(resolved) != 1:
        raise DefinitionError(
            '`for_each` takes one variable and its items: `{model: "${models}"}`', where=str(document.at(route))
        )
    [(variable, items)] = resolved.items()
    if not isinstance(items, dict | list) or not items:
        raise DefinitionError(
            f"`for_each`: `{variable}` must be a list or a mapping that is not empty",
            where=str(document.at((*route, variable))),
        )
    pairs = items.items() if isinstance(items, dict) else ((str(item), item) for item in items)
    for name, fields in pairs:
        if not _ITEM.match(name):
            raise DefinitionError(
                f"`for_each`: `{name}` cannot be part of a key", where=str(document.at((*route, variable)))
            )
        value = {"key": name, **fields} if isinstance(fields, dict) else {"key": name} if fields is None else fields
        yield name, Layer({variable: value})
