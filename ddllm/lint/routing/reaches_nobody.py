"""A page or a ticket that nobody hears of: no route names anybody for it, nor does its message or a notification rule.

Bad:
    routes: [{match: {severity: page}, notify: []}]
    slow:
      severity: page
      query: avg(last_5m):avg:ddllm.duration{env:prod} > 5

Good:
    routes: [{match: {severity: page}, notify: ["@slack-llm"]}]
    slow:
      severity: page
      query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
"""

import re
from collections.abc import Iterator

from ddllm.definitions.routing import NOTIFICATIONS
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_HANDLE = re.compile(r"(?<![\w.])@[\w.-]")


def check(subject: Subject) -> Iterator[Draft]:
    """Look for such monitors without a handle in their message. A rule on a scope may be for any."""
    if subject.severity not in {"page", "ticket"}:
        return
    tags = set(subject.definition.body.get("tags") or ())
    filters = [rule.body["filter"] for rule in subject.project.of(NOTIFICATIONS)]
    ruled = any("scope" in each or set(each.get("tags") or ()) <= tags for each in filters)
    if not ruled and not _HANDLE.search(str(subject.definition.body.get("message") or "")):
        yield subject.finding(
            f"a {subject.severity} that nobody hears of",
            where=("severity",),
            instead="A handle in `notify` of its route in monitors/routing.yaml",
        )
