"""A filter on a value that no series of the metric carried within a day: a typing error, or a tag that was renamed.

Bad:
    avg(last_5m):avg:ddllm.duration{env:prod,service:caht} > 5

Good:
    avg(last_5m):avg:ddllm.duration{env:prod} > 5
"""

import re
from collections.abc import Iterator

from ddllm.definitions.nearest import did_you_mean
from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Both, OneOf, Query, Tag

SEVERITY = Severity.WARNING


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog for the tags of each metric that reports. Excluded values may well be missing."""
    for read in subject.reads:
        wanted = list(_wanted(read.query))
        tags = live.tags(read.metric) if wanted and read.metric in live.reporting else None
        for tag, values in wanted if tags is not None else ():
            known = {each.partition(":")[2] for each in tags or () if each.partition(":")[0] == tag.key}
            for value in values:
                if not any(_pattern(value).fullmatch(each) for each in known):
                    hint = did_you_mean(value, known)
                    yield subject.finding(
                        f"`{read.metric}` has had no `{tag.key}:{value}` within a day", at=tag, instead=hint
                    )


def _wanted(query: Query) -> Iterator[tuple[Tag | OneOf, tuple[str, ...]]]:
    """Yield the tags that a series must have, each with its values."""
    scope = query.scope
    for each in scope.operands if isinstance(scope, Both) else (scope,):
        if "$" in str(each):
            continue
        if isinstance(each, OneOf):
            yield each, each.values
        elif isinstance(each, Tag) and each.value is not None:
            yield each, (each.value,)


def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, value.split("*"))))
