"""A small history of spending whose every sum can be checked by hand."""

from collections.abc import Mapping

from ddllm import catalog
from ddllm.analysis.sources import Window
from ddllm.catalog import Metric
from ddllm.query.recordings import Recording
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

#: 2026-01-05 00:00 UTC, a Monday, and six hours of it.
START = 1_767_571_200
END = START + 6 * 3600
WINDOW = Window(START, END, 60)

SONNET = "claude-sonnet-4-5-20250929-v1"
HAIKU = "claude-3-haiku-20240307-v1"


def count(metric: Metric, points: Mapping[int, float] | float, **tags: str) -> Series:
    """Make a count; a number alone is halved between the first and the last minute."""
    if isinstance(points, int | float):
        points = {START: points / 2, END - 60: points / 2}
    return Series(metric.name, "count", tuple(sorted(f"{key}:{value}" for key, value in tags.items())), points=points)


def distribution(metric: Metric, *values: float, **tags: str) -> Series:
    """Make a distribution with all its values in the first minute."""
    held = {START: Sketch(values)}
    return Series(
        metric.name, "distribution", tuple(sorted(f"{key}:{value}" for key, value in tags.items())), sketches=held
    )


def _calls(template: str, feature: str, model: str, vendor: str, rows: Mapping[str, tuple[float, ...]]) -> list[Series]:
    """Make what the calls of a template add to: by status calls, dollars, tokens sent and generated."""
    known = {
        "env": "prod",
        "provider": "aws.bedrock",
        "model_vendor": vendor,
        "model_name": model,
        "feature": feature,
        "prompt_template": template,
    }
    made = []
    for status, (calls, dollars, sent, generated) in rows.items():
        made += [
            count(catalog.REQUESTS, calls, **known, status=status),
            count(catalog.COST, dollars, **known, status=status, cost_source="catalogue"),
            count(catalog.TOKENS_INPUT, sent, **known, status=status),
            count(catalog.TOKENS_OUTPUT, generated, **known, status=status),
        ]
    return made


def history() -> Recording:
    """Return six hours: $100 for 220 calls of four templates and what has none."""
    qa = {
        "env": "prod",
        "provider": "aws.bedrock",
        "model_vendor": "anthropic",
        "model_name": SONNET,
        "feature": "search",
    }
    triage = {**qa, "model_name": HAIKU, "feature": "inbox"}
    series = [
        *_calls("qa", "search", SONNET, "anthropic", {"ok": (90, 54, 9e6, 1e5), "error": (10, 6, 1e6, 0)}),
        *_calls("triage", "inbox", HAIKU, "anthropic", {"ok": (60, 18, 4e6, 2e5), "abandoned": (20, 2, 1e6, 1e4)}),
        *_calls("reply", "inbox", HAIKU, "anthropic", {"ok": (20, 10, 1e6, 1e4)}),
        *_calls("title", "inbox", HAIKU, "anthropic", {"ok": (10, 5, 1e6, 1e4)}),
        *_calls("unknown", "batch", "imported-model/x", "unknown", {"ok": (10, 5, 1e6, 1e4)}),
        count(catalog.TOKENS_CACHE_READ, 2e6, **qa, prompt_template="qa"),
        count(catalog.TOKENS_CACHE_WRITE, 1e6, **qa, prompt_template="qa"),
        count(catalog.STRUCTURED_CHECKS, 50, **triage, prompt_template="triage", format="json"),
        count(catalog.STRUCTURED_FAILURES, 4, **triage, prompt_template="triage", format="json", reason="not_json"),
        count(catalog.STRUCTURED_FAILURES, 2, **triage, prompt_template="triage", format="json", reason="truncated"),
        count(catalog.REFUSALS, 5, **qa, prompt_template="qa", reason="text"),
        count(catalog.ATTEMPTS, 95, **qa, outcome="ok"),
        count(catalog.ATTEMPTS, 17, **qa, outcome="throttled"),
        count(catalog.ATTEMPTS, 3, **qa, outcome="timeout"),
        count(catalog.ATTEMPTS, 100, **triage, outcome="ok"),  # ten calls of theirs made none
        count(catalog.COST_UNPRICED, 7, env="prod", provider="aws.bedrock", model_name="imported-model/y"),
        count(catalog.TELEMETRY_CAPPED, 12, env="prod", reason="prompt_template"),
        count(catalog.TELEMETRY_DROPPED, 3, env="prod", reason="usage_missing"),
        count(catalog.TELEMETRY_DROPPED, 9, env="prod", reason="queue_full"),
        distribution(catalog.QUEUE_TIME, 0.0, 1.5, 60.5, **qa),
        distribution(catalog.ACTION_COST, 20.0, 25.0, env="prod", action="ask", status="ok", feature="search"),
        distribution(catalog.ACTION_COST, 15.0, env="prod", action="ask", status="error", feature="search"),
        distribution(catalog.ACTION_COST, 10.0, env="prod", action="answer", status="ok", feature="inbox"),
        count(
            catalog.COST, 1000, env="staging", prompt_template="qa", status="ok", feature="search", model_name=SONNET
        ),
        count(catalog.REQUESTS, 1000, env="staging", prompt_template="qa", status="ok", feature="search"),
    ]
    return Recording(60, START, END, tuple(series))
