"""ddllm.yaml -> `FileSettings`. One function a part of the file; FORMATS of the parts are in docs/configuration.md."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ddllm import catalog
from ddllm.errors import ConfigError
from ddllm.settings import nodes
from ddllm.settings.configuration import ExpectRule, FeatureRule, FileSettings, Price, Prices

if TYPE_CHECKING:
    from yaml import Node

_T = TypeVar("_T")

#: What a rule can ask about a call.
MATCHES = ("resource", "route", "service")
EXPECTS_MATCHES = ("feature", "prompt_template", *MATCHES)
#: What a price can say: always both kinds of tokens, unless the request is all that is paid for.
_TOKENS = ("input_per_million", "output_per_million")
_CACHED_TOKENS = ("cache_read_per_million", "cache_write_per_million")
_REQUESTS = "per_thousand_requests"
_EXPECTS = ("allow_wrapped", "kind", "match", "schema")
#: The tags that are ddllm's to leave out.
OWN_TAGS = tuple(tag for tag in catalog.TAG_DESCRIPTIONS if tag not in catalog.UNIFIED_TAGS)
KINDS = ("json", "json_schema", "regex")


def load_file(path: Path, *, named_by: str = "DDLLM_CONFIG") -> FileSettings:
    """Read ddllm.yaml. `named_by` is what a message names where there is no such file.

    Raises `ConfigError` with file, line and column where the file cannot be read, is not YAML, or says something that
    ddllm does not know.
    """
    try:
        return _read(path, named_by)
    except RecursionError as error:
        raise ConfigError("the file is nested too deeply, or an anchor contains itself", where=str(path)) from error


def _read(path: Path, named_by: str) -> FileSettings:
    root = nodes.document(path, hint=f"{named_by} names the file to read")
    if root is None:
        return FileSettings()
    parts = nodes.mapping(root, "the file", _PARTS)
    for name, node in parts.items():
        if name in _CHECKED_ONLY:
            _CHECKED_ONLY[name](node)
    return FileSettings(
        prices=_prices(parts["prices"]) if "prices" in parts else Prices(),
        features=_features(parts["features"]) if "features" in parts else (),
        expects=_expects(parts["expects"]) if "expects" in parts else (),
        fingerprint_templates=(
            nodes.flag(parts["fingerprint_templates"], "fingerprint_templates")
            if "fingerprint_templates" in parts
            else False
        ),
        caps={**FileSettings().caps, **(_caps(parts["caps"]) if "caps" in parts else {})},
        metrics_exclude=_excluded(parts, "metrics", catalog.BY_NAME),
        tags_exclude=_excluded(parts, "tags", OWN_TAGS, stay=catalog.UNIFIED_TAGS),
    )


def _prices(node: "Node") -> Prices:
    parts = nodes.mapping(node, "prices", ("aliases", "discounts", "models"))
    return Prices(
        models=_each(parts, "models", "prices.models", _price),
        aliases=_each(parts, "aliases", "prices.aliases", lambda value: nodes.text(value, "an alias")),
        discounts=_discounts(parts["discounts"]) if "discounts" in parts else {},
    )


def _each(parts: "Mapping[str, Node]", name: str, what: str, read: "Callable[[Node], _T]") -> dict[str, _T]:
    if name not in parts:
        return {}
    return {key: read(value) for key, (_, value) in nodes.entries(parts[name], what).items()}


def _price(node: "Node") -> Price:
    parts = nodes.mapping(node, "a price", (*_TOKENS, *_CACHED_TOKENS, _REQUESTS, "from"))
    rates = {name: nodes.number(part, name) for name, part in parts.items() if name != "from"}
    if _REQUESTS not in rates or rates.keys() & {*_TOKENS, *_CACHED_TOKENS}:
        hint = None if rates else f"What is paid for by the request has {_REQUESTS!r} alone"
        for name in _TOKENS:
            if name not in rates:
                nodes.fail(node, f"a price needs the key {name!r}", hint)
    return Price(**rates, since=nodes.day(parts["from"], "from") if "from" in parts else None)


def _discounts(node: "Node") -> dict[str, float]:
    found: dict[str, float] = {}
    for item in nodes.sequence(node, "prices.discounts"):
        parts = nodes.mapping(item, "a discount", ("percent", "provider"), required=("percent", "provider"))
        provider = nodes.text(parts["provider"], "provider")
        if provider in found:
            nodes.fail(parts["provider"], f"{provider!r} has two discounts")
        found[provider] = nodes.number(parts["percent"], "percent", most=100)
    return found


def _features(node: "Node") -> tuple[FeatureRule, ...]:
    return tuple(_feature(item) for item in nodes.sequence(node, "features"))


def _feature(node: "Node") -> FeatureRule:
    parts = nodes.mapping(node, "a feature rule", ("feature", "match"), required=("feature", "match"))
    return FeatureRule(nodes.text(parts["feature"], "feature"), _match(parts["match"], MATCHES))


def _match(node: "Node", known: tuple[str, ...]) -> dict[str, str]:
    patterns = {key: nodes.text(value, key) for key, value in nodes.mapping(node, "match", known).items()}
    if not patterns:
        nodes.fail(node, "match must name at least one pattern; without one the rule would take every call")
    return patterns


def _caps(node: "Node") -> dict[str, int]:
    return {key: nodes.whole(value, key) for key, value in nodes.mapping(node, "caps", catalog.CAPPED_TAGS).items()}


def _excluded(parts: "Mapping[str, Node]", name: str, known: Iterable[str], stay: Iterable[str] = ()) -> frozenset[str]:
    """Read what is left out. `stay` are names that exist, and that ddllm cannot leave out."""
    if name not in parts:
        return frozenset()
    within = nodes.mapping(parts[name], name, ("exclude",))
    if "exclude" not in within:
        return frozenset()
    kind = name.removesuffix("s")
    found = []
    for item in nodes.sequence(within["exclude"], f"{name}.exclude"):
        if nodes.text(item, f"a {kind}") in stay:
            nodes.fail(
                item,
                f"the {kind} {item.value!r} cannot be left out: Datadog's client adds it, not ddllm",
                f"Known: {', '.join(sorted(known))}",
            )
        found.append(nodes.name(item, kind, known))
    return frozenset(found)


def _expects(node: "Node") -> tuple[ExpectRule, ...]:
    return tuple(_expectation(item) for item in nodes.sequence(node, "expects"))


def _expectation(node: "Node") -> ExpectRule:
    parts = nodes.mapping(node, "an expectation", _EXPECTS, required=("kind", "match"))
    kind = nodes.name(parts["kind"], "kind", KINDS)
    expected: dict[str, Any] = {"kind": kind}
    if "allow_wrapped" in parts:
        expected["allow_wrapped"] = nodes.flag(parts["allow_wrapped"], "allow_wrapped")
    if kind != "json":
        if "schema" not in parts:
            nodes.fail(node, f"an expectation of kind {kind} needs the key 'schema'")
        expected["schema"] = (_pattern if kind == "regex" else _schema)(parts["schema"])
    elif "schema" in parts:
        nodes.fail(parts["schema"], "kind json has no schema", "Is json_schema meant?")
    return ExpectRule(expected, _match(parts["match"], EXPECTS_MATCHES))


def _pattern(node: "Node") -> str:
    text = nodes.text(node, "schema")
    try:
        re.compile(text)
    except re.error as error:
        nodes.fail(node, f"schema is no regular expression: {error}")
    return text


def _schema(node: "Node") -> Any:
    """Read a JSON Schema that stands in the file, or the one in the file that it names, relative to this one."""
    value = nodes.value(node)
    if isinstance(value, str):
        path = Path(node.start_mark.name).parent / value
        if not path.is_file():
            nodes.fail(node, f"there is no schema file {path}")
        root = nodes.document(path)
        if root is None:
            nodes.fail(node, f"the schema {path} is empty")
        value = nodes.value(root)
    if not isinstance(value, dict):
        nodes.fail(node, "schema must be a JSON Schema: a mapping, or the path of a file that holds one")
    return value


def _exemplars(node: "Node") -> None:
    numbers = ("expensive_dollars", "per_minute", "sample", "slow_seconds")
    for key, value in nodes.mapping(node, "exemplars", (*numbers, "s3")).items():
        if key in numbers:
            nodes.number(value, key)
        else:
            for name, part in nodes.mapping(value, "exemplars.s3", ("bucket", "prefix"), required=("bucket",)).items():
                nodes.text(part, name)


#: Parts of which this process takes nothing: their form is checked all the same.
_CHECKED_ONLY: "dict[str, Callable[[Node], None]]" = {
    "exemplars": _exemplars,
}
_PARTS = ("caps", "expects", "features", "fingerprint_templates", "metrics", "prices", "tags", *_CHECKED_ONLY)
