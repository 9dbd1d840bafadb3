"""The shape of ddllm.yaml, for editors: the application's process reads the file by `ddllm.settings.file`, without pydantic."""

from typing import Annotated, Any

from pydantic import Field

from ddllm import catalog
from ddllm.definitions.shape import Shape
from ddllm.settings.file import EXPECTS_MATCHES, KINDS, MATCHES, OWN_TAGS

_Text = Annotated[str, Field(min_length=1)]
_Amount = Annotated[float, Field(ge=0)]
_Cap = Annotated[int, Field(ge=1, lt=10**9)]
_Metric = Annotated[str, Field(json_schema_extra={"enum": sorted(catalog.BY_NAME)})]
_Tag = Annotated[str, Field(json_schema_extra={"enum": sorted(OWN_TAGS)})]


def _only(*names: str) -> dict[str, Any]:
    return {"propertyNames": {"enum": sorted(names)}}


class Price(Shape):
    """Dollars per million tokens, per thousand requests, or both; from a day on."""

    input_per_million: _Amount | None = None
    output_per_million: _Amount | None = None
    cache_read_per_million: _Amount | None = None
    cache_write_per_million: _Amount | None = None
    per_thousand_requests: _Amount | None = None
    since: str | None = Field(default=None, alias="from", pattern=r"^\d{4}-\d{2}-\d{2}$")


class Discount(Shape):
    """Percent off the catalogue's prices of one provider."""

    provider: _Text
    percent: float = Field(ge=0, le=100)


class Prices(Shape):
    """Prices of models, by the id as requested or the name as in `model_name`; what stands behind an id; discounts."""

    models: dict[str, Price] | None = None
    aliases: dict[str, _Text] | None = None
    discounts: list[Discount] | None = None


class FeatureRule(Shape):
    """The feature of calls that no code names one for. Patterns are shell globs; all that are written must match."""

    match: dict[str, _Text] = Field(min_length=1, json_schema_extra=_only(*MATCHES))
    feature: _Text


class ExpectRule(Shape):
    """The format that answers to matching calls are expected to have."""

    match: dict[str, _Text] = Field(min_length=1, json_schema_extra=_only(*EXPECTS_MATCHES))
    kind: str = Field(json_schema_extra={"enum": list(KINDS)})
    form: dict[str, Any] | str | None = Field(
        default=None, alias="schema", description="A JSON Schema, the path of one, or a regular expression"
    )
    allow_wrapped: bool | None = None


class Bucket(Shape):
    """Where the whole content of exemplars goes."""

    bucket: _Text
    prefix: _Text | None = None


class Exemplars(Shape):
    """Which requests are worth keeping."""

    per_minute: _Amount | None = None
    sample: _Amount | None = None
    slow_seconds: _Amount | None = None
    expensive_dollars: _Amount | None = None
    s3: Bucket | None = None


class ExcludedMetrics(Shape):
    """Metrics that are not sent."""

    exclude: list[_Metric] | None = None


class ExcludedTags(Shape):
    """Tags that are not sent; `service`, `env` and `version` stay."""

    exclude: list[_Tag] | None = None


class Application(Shape):
    """ddllm.yaml: what the application's process and the commands `costs`, `metrics` and `top` read. Secrets never stand here."""

    prices: Prices | None = None
    features: list[FeatureRule] | None = None
    expects: list[ExpectRule] | None = None
    caps: dict[str, _Cap] | None = Field(default=None, json_schema_extra=_only(*catalog.CAPPED_TAGS))
    fingerprint_templates: bool | None = None
    exemplars: Exemplars | None = None
    metrics: ExcludedMetrics | None = None
    tags: ExcludedTags | None = None
