"""Every metric that ddllm can send, declared once.

The emitter, the query linter, metric metadata, the dashboards' tests and docs/metrics.md all read this module. A metric is
a module-level constant, so that a name can be misspelt in one place only, and that place is here.

Units are Datadog's own unit names (`unit` and `per_unit` of its metric metadata), or None.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["count", "distribution"]

UNIFIED_TAGS = ("service", "env", "version")
MODEL_TAGS = ("provider", "model_vendor", "model_name", "feature")
PROMPT_TAGS = ("prompt_template", "prompt_version")

#: Tags whose values an application can invent; each is capped to a configured number of distinct values.
CAPPED_TAGS = ("feature", "action", "prompt_template", "prompt_version", "comparison")

#: What a tag holds when its value is not known, and what it holds beyond its cap.
UNKNOWN = "unknown"
OTHER = "other"
#: What reports call a tag that a metric does not carry: tags.exclude leaves it out, or its sender does not know it.
UNTAGGED = "excluded or unknown"

TAG_DESCRIPTIONS = {
    "service": "Datadog's unified service tag (DD_SERVICE).",
    "env": "Datadog's unified environment tag (DD_ENV).",
    "version": "Datadog's unified version tag (DD_VERSION).",
    "provider": "Whose endpoint was called, in OpenTelemetry's values: `aws.bedrock`, `openai`, `anthropic`, …",
    "model_vendor": "Who made the model: `anthropic`, `meta`, `amazon`, …",
    "model_name": "The model, without region prefix, maker, ARN and `:0`, its version kept: `claude-3-5-sonnet-20241022-v2`.",
    "feature": "The part of the product that made the call.",
    "action": "The user's action that made the calls.",
    "prompt_template": "The prompt template's name, where the application gives one.",
    "prompt_version": "The prompt template's version, where the application gives one.",
    "operation": "OpenTelemetry's operation: `chat`, `text_completion`, `embeddings`, `generate_content`; also `rerank`, `count_tokens`.",
    "region": "The client's region, never the inference profile's.",
    "stream": "`true` where the answer came as a stream.",
    "status": "`ok`, `error` or, for streams alone, `abandoned`; for an action the same three.",
    "error_type": "The provider's error code as the SDK raises it, else the exception's class; `none` without an error.",
    "finish_reason": "Why the answer ended: `stop`, `length`, `tool_use`, `content_filter`, `guardrail`, `refusal`, "
    "`stop_sequence`, `malformed`, `error`, `other`, `unknown`.",
    "outcome": "How an HTTP attempt ended: `ok`, `throttled`, `timeout`, `server_error`, `client_error`, `connection`.",
    "cost_source": "Where the price came from: `catalogue`, `override`, `provider`.",
    "reason": "Why, in the metric's own words.",
    "format": "The expected format of an answer.",
    "kind": "What the user did: `thumbs_up`, `thumbs_down`, `regenerate`, `follow_up`.",
    "comparison": "The comparison that the call belongs to.",
    "monitor": "The monitor's key.",
    "runbook": "The runbook's slug.",
    "severity": "The monitor's severity.",
    "cause": "The cause that the runbook found.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric: its wire name, DogStatsD type, Datadog unit, meaning, and the tags that it may carry.

    `tags` excludes the unified tags, which every metric carries. `percentiles` says that our own monitors and dashboards
    query it by percentile, which Datadog computes only where the metric's tag configuration asks for it.
    """

    name: str
    kind: Kind
    unit: str | None
    description: str
    tags: tuple[str, ...] = ()
    per_unit: str | None = None
    percentiles: bool = False

    def __str__(self) -> str:
        return self.name


_all: dict[str, Metric] = {}


def _declare(metric: Metric) -> Metric:
    _all[metric.name] = metric
    return metric


def _count(name: str, unit: str | None, description: str, *tags: str, base: tuple[str, ...] = MODEL_TAGS) -> Metric:
    return _declare(Metric(f"ddllm.{name}", "count", unit, description, base + tags))


def _distribution(
    name: str,
    unit: str | None,
    description: str,
    *tags: str,
    base: tuple[str, ...] = MODEL_TAGS,
    per_unit: str | None = None,
    percentiles: bool = True,
) -> Metric:
    return _declare(Metric(f"ddllm.{name}", "distribution", unit, description, base + tags, per_unit, percentiles))


REQUESTS = _count(
    "requests",
    "request",
    "One per finished call.",
    "operation",
    "region",
    "stream",
    "status",
    "error_type",
    "finish_reason",
    *PROMPT_TAGS,
)
ATTEMPTS = _count(
    "attempts",
    None,
    "One per HTTP attempt, those that the SDK's retries hid included.",
    "operation",
    "region",
    "outcome",
)

TOKENS_INPUT = _count("tokens.input", "token", "All tokens sent, cached ones included.", "status", *PROMPT_TAGS)
TOKENS_CACHE_READ = _count(
    "tokens.cache_read", "token", "The part of the input that was read from the prompt cache.", *PROMPT_TAGS
)
TOKENS_CACHE_WRITE = _count(
    "tokens.cache_write", "token", "The part of the input that was written to the prompt cache.", *PROMPT_TAGS
)
TOKENS_OUTPUT = _count("tokens.output", "token", "All tokens generated, reasoning included.", "status", *PROMPT_TAGS)
TOKENS_REASONING = _count("tokens.reasoning", "token", "The part of the output that was reasoning.")

COST = _count("cost", "dollar", "The price of the calls.", "status", *PROMPT_TAGS, "cost_source")
COST_UNPRICED = _count(
    "cost.unpriced", "request", "Calls of a model whose price is not known; they add nothing to ddllm.cost."
)
REQUEST_COST = _distribution("request.cost", "dollar", "The price of a call.", "operation")
REQUEST_INPUT_TOKENS = _distribution("request.input_tokens", "token", "Tokens sent by a call.", "operation")
REQUEST_OUTPUT_TOKENS = _distribution(
    "request.output_tokens", "token", "Tokens generated by a call: the length of answers.", "operation"
)
CONTEXT_UTILIZATION = _distribution("context.utilization", "fraction", "Input tokens over the model's context window.")

TTFT = _distribution(
    "ttft",
    "second",
    "From the start of the call, waiting and retries included, to the first content of a streamed answer.",
)
DURATION = _distribution(
    "duration", "second", "Wall clock from the first attempt to the last byte.", "operation", "stream", "status"
)
TOKENS_PER_SECOND = _distribution(
    "tokens_per_second",
    "token",
    "Speed of generation: output tokens after the first over the time that they took.",
    per_unit="second",
)
TIME_PER_OUTPUT_TOKEN = _distribution(
    "time_per_output_token", "second", "Time after the first token over the output tokens after the first."
)
QUEUE_TIME = _distribution(
    "queue_time",
    "second",
    "Time in which the call waited and nothing was generated: backoff, rate limiter, queues on the way.",
)

REFUSALS = _count("refusals", "request", "The model declined to answer, or a filter did it.", "reason", *PROMPT_TAGS)
STRUCTURED_CHECKS = _count(
    "structured.checks", None, "Answers whose expected format could be checked.", "format", *PROMPT_TAGS
)
STRUCTURED_FAILURES = _count(
    "structured.failures", None, "Answers that broke their expected format.", "format", "reason", *PROMPT_TAGS
)
FEEDBACK = _count("feedback", "event", "What users did with answers.", "kind", *PROMPT_TAGS)

_ACTION = ("action", "status", "feature")
ACTION_COST = _distribution(
    "action.cost", "dollar", "The price of one user action, however many calls it took.", base=_ACTION
)
ACTION_DURATION = _distribution("action.duration", "second", "Wall clock of one user action.", base=_ACTION)
ACTION_CALLS = _distribution("action.calls", "request", "Calls of one user action.", base=_ACTION)
ACTION_COMPLETED = _count("action.completed", None, "User actions that ended.", base=_ACTION)

COMPARISON_COST = _distribution("comparison.cost", "dollar", "The price of a call of a comparison.", "comparison")
COMPARISON_TTFT = _distribution(
    "comparison.ttft", "second", "Time to first token of a call of a comparison.", "comparison"
)
COMPARISON_DURATION = _distribution(
    "comparison.duration", "second", "Duration of a call of a comparison.", "comparison"
)
COMPARISON_OUTPUT_TOKENS = _distribution(
    "comparison.output_tokens", "token", "Output tokens of a call of a comparison.", "comparison"
)
COMPARISON_REQUESTS = _count("comparison.requests", "request", "Calls of a comparison.", "comparison", "status")
COMPARISON_REFUSALS = _count("comparison.refusals", "request", "Refusals in a comparison.", "comparison", "reason")
COMPARISON_STRUCTURED_CHECKS = _count(
    "comparison.structured.checks", None, "Format checks of a comparison.", "comparison", "format"
)
COMPARISON_STRUCTURED_FAILURES = _count(
    "comparison.structured.failures", None, "Format failures of a comparison.", "comparison", "format", "reason"
)

_INCIDENT = ("monitor", "runbook", "severity", "cause")
INCIDENT_DURATION = _distribution("incident.duration", "second", "From the first alert to recovery.", base=_INCIDENT)
INCIDENT_DETECTION = _distribution(
    "incident.detection", "second", "From the onset, as the runbook found it, to the first alert.", base=_INCIDENT
)
COLLECTOR_HEARTBEAT = _count("collector.heartbeat", None, "The alert context collector lives.", base=())

TELEMETRY_DROPPED = _count(
    "telemetry.dropped", None, "Measurements that ddllm lost or could not make.", "reason", base=()
)
TELEMETRY_ERRORS = _count(
    "telemetry.errors", None, "Faults of ddllm itself, caught before they reached the application.", "reason", base=()
)
TELEMETRY_CAPPED = _count(
    "telemetry.capped",
    None,
    "Calls whose tag value became `other` because the tag had too many values.",
    "reason",
    base=(),
)

METRICS: tuple[Metric, ...] = tuple(_all.values())
BY_NAME: dict[str, Metric] = dict(_all)
