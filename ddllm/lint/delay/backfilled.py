"""Metrics of a cloud arrive late, when Datadog has fetched them: a monitor without a delay looks at what is not there yet.

Datadog asks for 900 seconds at least.

Bad:
    query: avg(last_5m):avg:aws.bedrock.invocation_latency{*} > 2000

Good:
    query: avg(last_5m):avg:aws.bedrock.invocation_latency{*} > 2000
    options: {evaluation_delay: 900}
"""

import re
from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_FETCHED = re.compile(r"(?:aws|azure|gcp|alibaba_cloud)\.(?!lambda\.enhanced\.)")
_DELAY = 900


def check(subject: Subject) -> Iterator[Draft]:
    """Look for metrics that are fetched, without the delay."""
    delay = subject.options.get("evaluation_delay") or 0
    if subject.metric_query is None or subject.monitor is None or delay >= _DELAY:
        return
    for read in subject.reads:
        if _FETCHED.match(read.metric):
            instead = f"options.evaluation_delay: {_DELAY}"
            yield subject.finding(f"`{read.metric}` arrives late", at=read.query, instead=instead)
            return
