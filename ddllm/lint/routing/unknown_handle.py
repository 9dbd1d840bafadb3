"""A PagerDuty service that routing.yaml does not have: Datadog drops the handle without a word, and nobody is paged.

Where `pagerduty.services` holds any, all are written there.

Bad:
    pagerduty:
      services: {llm-platform: {key: "${secret:PD_KEY}"}}
    slow:
      severity: none
      query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
      message: "Calls are slow. @pagerduty-llm-plaftorm"

Good:
    pagerduty:
      services: {llm-platform: {key: "${secret:PD_KEY}"}}
    slow:
      severity: none
      query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
      message: "Calls are slow. @pagerduty-llm-platform"
"""

import re
from collections.abc import Iterator

from ddllm.alerting.template import handles_in
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.routing import PAGERDUTY
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"there is no service `.*` under pagerduty\.services")

_PREFIX = "@pagerduty-"


def check(subject: Subject) -> Iterator[Draft]:
    """Hold the handles that messages write out against the services."""
    services = {each.key for each in subject.project.of(PAGERDUTY)}
    if subject.monitor is None or not services:
        return
    for handle in handles_in(str(subject.definition.body.get("message") or "")):
        if handle.startswith(_PREFIX) and handle.removeprefix(_PREFIX) not in services:
            hint = did_you_mean(handle, {f"{_PREFIX}{each}" for each in services})
            yield subject.finding(f"nobody has configured `{handle}`", where=("message",), instead=hint)
