"""What ddllm.yaml can say, as plain tuples; `file` makes them of the file.

Named tuples, since a dataclass costs each start of the application a millisecond of CPU.
"""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, NamedTuple

from ddllm import catalog

_NONE: Mapping[str, Any] = MappingProxyType({})


class Price(NamedTuple):
    """A model's price in dollars per million tokens, per thousand requests, or both; from a day on (None: always)."""

    input_per_million: float | None = None
    output_per_million: float | None = None
    cache_read_per_million: float | None = None
    cache_write_per_million: float | None = None
    since: date | None = None
    per_thousand_requests: float | None = None


class Prices(NamedTuple):
    """Overrides of the price catalogue: prices by raw or normalised model id, aliases of ids, discounts in percent by provider."""

    models: Mapping[str, Price] = _NONE
    aliases: Mapping[str, str] = _NONE
    discounts: Mapping[str, float] = _NONE


class FeatureRule(NamedTuple):
    """A feature for calls whose route, service or resource matches; patterns are shell globs."""

    feature: str
    match: Mapping[str, str]

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether every pattern of the rule matches its fact; a fact that is missing matches nothing."""
        return _all_match(self.match, facts)


class ExpectRule(NamedTuple):
    """The format that answers to matching calls are expected to have, as `ddllm.quality.check_structured` takes it."""

    expected: Mapping[str, Any]
    match: Mapping[str, str]

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether every pattern of the rule matches its fact; a fact that is missing matches nothing."""
        return _all_match(self.match, facts)


def _all_match(patterns: Mapping[str, str], facts: Mapping[str, str]) -> bool:
    return all(key in facts and fnmatchcase(facts[key], pattern) for key, pattern in patterns.items())


class FileSettings(NamedTuple):
    """What ddllm.yaml says."""

    prices: Prices = Prices()
    features: tuple[FeatureRule, ...] = ()
    expects: tuple[ExpectRule, ...] = ()
    fingerprint_templates: bool = False
    caps: Mapping[str, int] = MappingProxyType(dict.fromkeys(catalog.CAPPED_TAGS, 200))
    metrics_exclude: frozenset[str] = frozenset()
    tags_exclude: frozenset[str] = frozenset()
