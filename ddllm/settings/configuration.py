"""What ddllm.yaml can say, as plain frozen objects; `file` makes them of the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from ddllm import catalog


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price in dollars per million tokens, from a day on (None: always)."""

    input_per_million: float
    output_per_million: float
    cache_read_per_million: float | None = None
    cache_write_per_million: float | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """Overrides of the price catalogue: prices by raw or normalised model id, aliases of ids, discounts in percent by provider."""

    models: Mapping[str, Price] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    discounts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeatureRule:
    """A feature for calls whose route, service or resource matches; patterns are shell globs."""

    feature: str
    match: Mapping[str, str]

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether every pattern of the rule matches its fact; a fact that is missing matches nothing."""
        return all(key in facts and fnmatchcase(facts[key], pattern) for key, pattern in self.match.items())


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What ddllm.yaml says."""

    prices: Prices = Prices()
    features: tuple[FeatureRule, ...] = ()
    caps: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(catalog.CAPPED_TAGS, 200))
    metrics_exclude: frozenset[str] = frozenset()
    tags_exclude: frozenset[str] = frozenset()
