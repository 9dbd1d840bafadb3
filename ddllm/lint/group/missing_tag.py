"""A group or filter by a tag that the metric never carries: such groups are N/A, which monitors do not evaluate.

Bad:
    percentile(last_5m):p95:ddllm.ttft{env:prod} by {prompt_template} > 2

Good:
    percentile(last_5m):p95:ddllm.ttft{env:prod} by {model_name} > 2
"""

from collections.abc import Iterator

from ddllm.catalog import UNIFIED_TAGS
from ddllm.definitions.nearest import did_you_mean
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.ERROR

#: Tags that the Agent or the user's DD_TAGS may add to every metric.
_FROM_ELSEWHERE = frozenset(
    {"host", "team", "region", "cluster_name", "kube_namespace", "kube_cluster_name", "availability-zone"}
)


def check(subject: Subject) -> Iterator[Draft]:
    """Look for tag keys that the catalogue does not give to a metric."""
    for read in subject.reads:
        metric = metric_of(read)
        if metric is None:
            continue
        known = {*metric.tags, *UNIFIED_TAGS, *_FROM_ELSEWHERE}
        for key in sorted(read.tag_keys - known):
            yield subject.finding(
                f"`{metric}` carries no tag `{key}`",
                at=read.query,
                instead=did_you_mean(key, known) or f"It carries {', '.join(metric.tags)}",
            )
