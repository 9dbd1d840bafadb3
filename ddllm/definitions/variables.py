"""Variables in definition files: `${name}`, `${name.field}`, and references to other definitions, `${monitor:KEY}`.

A value that is one whole `${…}` keeps the variable's type; inside text it is written as text. `$${` is a literal `${`.
A reference is an id that only Datadog knows, so it stays a `Template` until the object that it names exists. A secret,
`${secret:NAME}`, stays one until the moment at which it is sent: no plan, file or message ever holds its value.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ddllm.definitions.document import Document, Route
from ddllm.definitions.nearest import did_you_mean
from ddllm.errors import DefinitionError

#: The kind of definition that a prefix refers to.
REFERENCE_KINDS = {"monitor": "monitors", "dashboard": "dashboards", "slo": "slos", "runbook": "runbooks"}

# `$${`, or `${…}` (in a reference a variable may stand inside: `${monitor:KEY/${item.key}}`), or a `${` that is never closed.
_TOKEN = re.compile(r"\$\$\{|\$\{((?:[^{}]|\$\{[^{}]*\})*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*\Z")
_ENVIRON = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Reference(NamedTuple):
    """Another definition."""

    kind: str
    key: str

    def __str__(self) -> str:
        prefix = next(name for name, kind in REFERENCE_KINDS.items() if kind == self.kind)
        return f"${{{prefix}:{self.key}}}"


class Secret(NamedTuple):
    """An environment variable whose value is sent, and neither shown nor stored."""

    name: str

    def __str__(self) -> str:
        return f"${{secret:{self.name}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """Text with references or secrets in it, not yet filled in."""

    parts: tuple[str | Reference | Secret, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it refers to, in the order of the text."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def fill(self, ids: Mapping[Reference, int | str]) -> "Template | int | str":
        """Put in the ids that are known. One whole reference becomes the id itself, any other text with them; unknown ones stay."""
        parts = [ids.get(part, part) if isinstance(part, Reference) else part for part in self.parts]
        if any(isinstance(part, Reference | Secret) for part in parts):
            return Template(tuple(str(part) if isinstance(part, int) else part for part in parts))
        return parts[0] if len(parts) == 1 else "".join(map(str, parts))  # type: ignore[return-value]  # no part is open any more

    def reveal(self, environ: Mapping[str, str]) -> str:
        """Return the text with the values of its secrets. Raises KeyError where one is not set."""
        return "".join(environ[part.name] if isinstance(part, Secret) else str(part) for part in self.parts)


def fill(value: Any, ids: Mapping[Reference, int | str]) -> Any:
    """Fill every template inside a value with the ids that are known."""
    if isinstance(value, Template):
        return value.fill(ids)
    if isinstance(value, Mapping):
        return {key: fill(item, ids) for key, item in value.items()}
    return [fill(item, ids) for item in value] if isinstance(value, list) else value


def as_written(value: Any) -> Any:
    """Return a value with its templates as their text: what a model of a file's shape can check."""
    if isinstance(value, Template):
        return str(value)
    if isinstance(value, Mapping):
        return {key: as_written(item) for key, item in value.items()}
    return [as_written(item) for item in value] if isinstance(value, list) else value


def reveal(value: Any, environ: Mapping[str, str]) -> Any:
    """Return a value with the values of its secrets in it: what is sent. Raises KeyError where one is not set."""
    if isinstance(value, Template):
        return value.reveal(environ)
    if isinstance(value, Mapping):
        return {key: reveal(item, environ) for key, item in value.items()}
    return [reveal(item, environ) for item in value] if isinstance(value, list) else value


def escaped(value: Any) -> Any:
    """Return a value as a file writes it: every `${` in it is a literal one."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value


def secrets(value: Any) -> Iterator[Secret]:
    """Every secret inside a value."""
    yield from (part for template in _templates(value) for part in template.parts if isinstance(part, Secret))


def references(value: Any) -> Iterator[Reference]:
    """Every reference inside a value."""
    yield from (reference for template in _templates(value) for reference in template.references)


def _templates(value: Any) -> Iterator[Template]:
    if isinstance(value, Template):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            if not isinstance(item, str):  # most are
                yield from _templates(item)


@dataclass(frozen=True, slots=True)
class Layer:
    """Variables that were written in one place: below `route` of a document. Without a document they are plain values."""

    values: Mapping[str, Any]
    document: Document | None = None
    route: Route = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables that hold somewhere; the first layer that has a name wins."""

    layers: tuple[Layer, ...]

    def within(self, layer: Layer) -> "Scope":
        """Return a scope in which `layer` goes first."""
        return Scope((layer, *self.layers))

    def resolve(self, value: Any, document: Document, route: Route, *, secrets: bool = False) -> Any:
        """Return the value at `route` of a document with its variables put in.

        Raises DefinitionError where one is not known, and for a secret unless `secrets` says that they may stand there.
        """
        return _Resolver(self, secrets=secrets).value(value, document, route)

    def names(self) -> set[str]:
        """Every name that holds here."""
        return {name for layer in self.layers for name in layer.values}


class _Resolver:
    """One resolution; it remembers which variables are being resolved, since a variable may use others."""

    def __init__(self, scope: Scope, *, secrets: bool) -> None:
        self._scope = scope
        self._secrets = secrets
        self._open: list[str] = []

    def value(self, value: Any, document: Document, route: Route) -> Any:
        if isinstance(value, str):
            return self._text(value, document, route)
        if isinstance(value, Mapping):
            return {
                self._key(key, document, route): self.value(item, document, (*route, key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, document, (*route, index)) for index, item in enumerate(value)]
        return value

    def _key(self, key: str, document: Document, route: Route) -> str:
        if "${" in key:
            raise DefinitionError(
                f"the key `{key}` holds a variable; only values can", where=str(document.key((*route, key)))
            )
        return key

    def _text(self, text: str, document: Document, route: Route) -> Any:
        if "${" not in text:
            return text
        parts: list[Any] = []
        end = 0
        for match in _TOKEN.finditer(text):
            parts += [text[end : match.start()], self._token(match, document, route)]
            end = match.end()
        parts = [part for part in (*parts, text[end:]) if not (isinstance(part, str) and not part)]
        if len(parts) == 1:
            return parts[0]
        return _join(parts, text, lambda: str(document.at(route)))

    def _token(self, match: re.Match[str], document: Document, route: Route) -> Any:
        written, inner = match.group(0), match.group(1)
        if written == "$${":
            return "${"

        def where() -> str:  # looked for only where something is wrong
            return str(document.find(route, written))

        if inner is None:
            raise DefinitionError("`${` is never closed", where=where(), hint="A literal `${` is written `$${`")
        prefix, colon, name = inner.partition(":")
        if prefix == "secret" and self._secrets and _ENVIRON.match(name):
            return Template((Secret(name),))
        if colon:
            return _reference(prefix, str(self._text(name, document, route)), where)
        if not _NAME.match(inner):
            raise DefinitionError(
                f"`{written}` is not the name of a variable", where=where(), hint="A literal `${` is written `$${`"
            )
        return self._variable(inner, where)

    def _variable(self, dotted: str, where: Callable[[], str]) -> Any:
        name, *fields = dotted.split(".")
        value = self._look_up(name, where)
        path = name
        for field in fields:
            known = value.keys() if isinstance(value, Mapping) else ()
            if field not in known:
                raise DefinitionError(
                    f"`${{{path}}}` has no field `{field}`", where=where(), hint=did_you_mean(field, known)
                )
            value, path = value[field], f"{path}.{field}"
        return value

    def _look_up(self, name: str, where: Callable[[], str]) -> Any:
        layer = next((layer for layer in self._scope.layers if name in layer.values), None)
        if layer is None:
            raise DefinitionError(
                f"there is no variable `{name}`", where=where(), hint=did_you_mean(name, self._scope.names())
            )
        if layer.document is None:
            return layer.values[name]
        if name in self._open:
            circle = " -> ".join((*self._open[self._open.index(name) :], name))
            raise DefinitionError(f"variables use each other in a circle: {circle}", where=where())
        self._open.append(name)
        try:
            return self.value(layer.values[name], layer.document, (*layer.route, name))
        finally:
            self._open.pop()


def _reference(prefix: str, name: str, where: Callable[[], str]) -> Template:
    if prefix == "secret":
        raise DefinitionError(
            f"`${{secret:{name}}}` may not stand here",
            where=where(),
            hint="A secret may only stand in a field that Datadog never shows again, such as a key in routing.yaml",
        )
    if prefix not in REFERENCE_KINDS:
        raise DefinitionError(
            f"`${{{prefix}:…}}` refers to nothing",
            where=where(),
            hint=did_you_mean(prefix, (*REFERENCE_KINDS, "secret")),
        )
    return Template((Reference(REFERENCE_KINDS[prefix], name),))


def _join(parts: Sequence[Any], text: str, where: Callable[[], str]) -> str | Template:
    flat: list[str | Reference | Secret] = []
    for part in parts:
        if isinstance(part, Template):
            flat += part.parts
        else:
            flat.append(_as_text(part, text, where))
    if any(isinstance(part, Reference | Secret) for part in flat):
        return Template(tuple(flat))
    return "".join(map(str, flat))


def _as_text(value: Any, text: str, where: Callable[[], str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    kind = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
    raise DefinitionError(
        f"a variable inside `{text.strip()}` holds {kind}, which cannot stand inside text", where=where()
    )
