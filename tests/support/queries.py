"""What a metric query reads: enough of its grammar to hold our own queries against the catalogue."""

import re
from dataclasses import dataclass

_READ = re.compile(
    r"(?:(?P<aggregator>\w+):)?(?P<metric>[a-z][\w]*(?:\.[\w]+)+)\{(?P<scope>[^}]*)\}(?:\s*by\s*\{(?P<by>[^}]*)\})?(?P<methods>(?:\.\w+\([^)]*\))*)"
)


@dataclass(frozen=True)
class Read:
    """One metric that a query reads."""

    aggregator: str
    metric: str
    tags: frozenset[str]
    variables: frozenset[str]
    methods: str


def reads(query: str) -> list[Read]:
    """Return every metric of a query, with the tags of its scope and grouping and the template variables of its scope."""
    found = []
    for match in _READ.finditer(query):
        parts = [part.strip().lstrip("!") for part in match["scope"].split(",") if part.strip() != "*"]
        by = [part.strip() for part in (match["by"] or "").split(",") if part.strip()]
        tags = {part.partition(":")[0] for part in parts if not part.startswith("$")} | set(by)
        variables = {part[1:] for part in parts if part.startswith("$")}
        found.append(
            Read(match["aggregator"] or "", match["metric"], frozenset(tags), frozenset(variables), match["methods"])
        )
    return found
