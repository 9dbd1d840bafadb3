"""A group or filter by a tag that the metric never carries: such groups are N/A, which monitors do not evaluate.

A tag that ddllm does not know at all may come from the Agent, an orchestrator or `DD_TAGS`: it is only mentioned.

Bad:
    percentile(last_5m):p95:ddllm.ttft{env:prod} by {prompt_template} > 2

Good:
    percentile(last_5m):p95:ddllm.ttft{env:prod} by {model_name} > 2
"""

from collections.abc import Iterator
from difflib import get_close_matches

from ddllm.catalog import TAG_DESCRIPTIONS, UNIFIED_TAGS
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.ERROR

#: Tags that the Agent or the user's DD_TAGS often add to every metric.
_FROM_ELSEWHERE = frozenset(
    {"host", "team", "region", "cluster_name", "kube_namespace", "kube_cluster_name", "availability-zone"}
)


def check(subject: Subject) -> Iterator[Draft]:
    """Look for tag keys that the catalogue does not give to a metric. A key with `@` is the matter of scope/at-prefix."""
    for read in subject.reads:
        metric = metric_of(read)
        if metric is None:
            continue
        known = {*metric.tags, *UNIFIED_TAGS}
        for key in sorted(read.tag_keys - known - _FROM_ELSEWHERE):
            near = get_close_matches(key, known, n=1, cutoff=0.8)
            if near or key in TAG_DESCRIPTIONS:
                instead = f"Did you mean `{near[0]}`?" if near else f"It carries {', '.join(metric.tags)}"
                yield subject.finding(f"`{metric}` carries no tag `{key}`", at=read.query, instead=instead)
            elif not key.startswith("@"):
                message = f"`{key}` is no tag of ddllm's: the Agent or DD_TAGS has to set it"
                yield subject.finding(message, at=read.query, severity=Severity.INFO)
