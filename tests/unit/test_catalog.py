"""The catalogue itself obeys the rules that everything reading it relies on."""

import re

import pytest

from ddllm import catalog

# Datadog's units (its page "Metrics Units"; `token` was added to its unit catalogue in 2023: DataDog/integrations-core#14575).
# A unit that Datadog does not know is refused, or silently dropped, by its metric metadata endpoint.
DATADOG_UNITS = {
    *("second", "millisecond", "microsecond", "nanosecond", "minute", "hour", "day"),
    *("bit", "byte", "kibibyte", "mebibyte"),
    *("percent", "fraction"),
    *("request", "response", "message", "connection", "packet", "session"),
    *(
        "error",
        "event",
        "operation",
        "item",
        "sample",
        "attempt",
        "check",
        "invocation",
        "user",
        "success",
        "prediction",
    ),
    *("dollar", "cent", "microdollar"),
    *("token", "span"),
}

# What the product promises to measure: a name that disappears here disappears from somebody's monitors.
PROMISED = """
    requests attempts tokens.input tokens.cache_read tokens.cache_write tokens.output tokens.reasoning
    cost cost.unpriced request.cost request.input_tokens request.output_tokens context.utilization
    ttft duration tokens_per_second time_per_output_token queue_time
    refusals structured.checks structured.failures feedback
    action.cost action.duration action.calls action.completed
    comparison.cost comparison.ttft comparison.duration comparison.output_tokens
    comparison.requests comparison.refusals comparison.structured.checks comparison.structured.failures
    incident.duration incident.detection collector.heartbeat
    telemetry.dropped telemetry.errors telemetry.capped
""".split()  # noqa: SIM905 - a table is read, a list of forty strings is not

every_metric = pytest.mark.parametrize("metric", catalog.METRICS, ids=str)


def test_it_declares_what_is_promised_and_nothing_else():
    assert {metric.name for metric in catalog.METRICS} == {f"ddllm.{name}" for name in PROMISED}


def test_no_name_is_declared_twice():
    assert len(catalog.METRICS) == len(catalog.BY_NAME)
    assert all(catalog.BY_NAME[metric.name] is metric for metric in catalog.METRICS)


def test_each_metric_is_a_constant_of_the_module():
    constants = {value.name for value in vars(catalog).values() if isinstance(value, catalog.Metric)}
    assert constants == set(catalog.BY_NAME)


@every_metric
def test_a_name_is_one_that_datadog_takes(metric):
    assert re.fullmatch(r"ddllm(\.[a-z][a-z0-9_]*)+", metric.name)
    assert len(metric.name) <= 100


@every_metric
def test_a_unit_is_datadogs_own(metric):
    assert metric.unit is None or metric.unit in DATADOG_UNITS
    assert metric.per_unit is None or metric.per_unit in DATADOG_UNITS
    assert metric.unit or not metric.per_unit


@every_metric
def test_a_description_is_a_sentence(metric):
    assert metric.description[0].isupper() or metric.description.startswith("ddllm")
    assert metric.description.endswith(".")
    assert len(metric.description) <= 400, "Datadog cuts a description there"


@every_metric
def test_tags_are_known_and_not_repeated(metric):
    assert len(set(metric.tags)) == len(metric.tags)
    assert set(metric.tags) <= set(catalog.TAG_DESCRIPTIONS)
    assert not set(metric.tags) & set(catalog.UNIFIED_TAGS), "every metric carries these"


@every_metric
def test_a_distribution_carries_no_prompt_tag(metric):
    """Each value of a tag on a distribution costs five custom metrics, ten with percentiles."""
    assert metric.kind == "count" or not set(metric.tags) & set(catalog.PROMPT_TAGS)


@every_metric
def test_only_a_distribution_has_percentiles(metric):
    assert metric.kind == "distribution" or not metric.percentiles


@pytest.mark.parametrize("tag", ["request_id", "trace_id", "user", "user_id", "conversation", "session"])
def test_nothing_without_bounds_is_a_tag(tag):
    assert tag not in catalog.TAG_DESCRIPTIONS


def test_each_described_tag_is_used():
    used = {tag for metric in catalog.METRICS for tag in metric.tags}
    assert set(catalog.TAG_DESCRIPTIONS) == used | set(catalog.UNIFIED_TAGS)


def test_capped_tags_are_those_that_an_application_invents():
    assert set(catalog.CAPPED_TAGS) == {"feature", "action", "comparison", *catalog.PROMPT_TAGS}


@pytest.mark.parametrize(
    "name", ["requests", "tokens.input", "tokens.output", "cost", "duration", "ttft", "tokens_per_second", "queue_time"]
)
def test_what_a_call_sends_can_be_grouped_by_model_and_feature(name):
    assert set(catalog.MODEL_TAGS) <= set(catalog.BY_NAME[f"ddllm.{name}"].tags)


def test_our_own_losses_carry_nothing_but_their_reason():
    for metric in (catalog.TELEMETRY_DROPPED, catalog.TELEMETRY_ERRORS, catalog.TELEMETRY_CAPPED):
        assert metric.tags == ("reason",)
