"""Metric queries (`/api/v1/query`), answered from what the sandbox's agent received, in the shape of the recorded service."""

from collections.abc import Callable, Iterable
from typing import Any

from ddllm.errors import QueryError
from ddllm.query.ast import Both, Everything, Expression, Query, Scope, Several, Tag, written
from ddllm.query.evaluate import Answer as Answered
from ddllm.query.evaluate import Evaluation, evaluate, queries_of
from ddllm.query.parse import parse
from ddllm.query.series import Series
from ddllm.sandbox.api.http import Answer, Request, Route, errors

#: Gives the series of a metric, as Datadog holds them.
Source = Callable[[str], Iterable[Series]]


class Metrics:
    """The metrics of an organisation, which are kept elsewhere."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [Route("GET", "/api/v1/query", self._query)]

    def _query(self, request: Request) -> Answer:
        times = [request.query.get(name, "") for name in ("from", "to")]
        text = request.query.get("query", "")
        if not text or not all(each.isdigit() for each in times):
            return errors(400, "The parameters 'from', 'to' (POSIX timestamps) and 'query' are required")
        start, end = (int(each) for each in times)
        if start >= end:
            return errors(400, "Parameter 'from' must be before 'to'")
        try:
            expression = parse(text)
        except QueryError as error:
            return errors(400, f"Error parsing query: \n unable to parse {text}: {error.message}")
        try:
            found = evaluate(expression, self._source, start, end)
        except QueryError as error:
            return errors(400, f"the sandbox answers no such query: {error.message}")
        return Answer(
            200,
            {
                "status": "ok",
                "resp_version": 1,
                "res_type": "time_series",
                "query": text,
                "message": "",
                "from_date": start * 1000,
                "to_date": end * 1000,
                "group_by": list(found.by),
                "series": [_series(expression, found, one) for one in found.answers],
                "times": [],
                "values": [],
            },
        )


def _series(expression: Expression | Several, found: Evaluation, one: Answered) -> dict[str, Any]:
    first, *others = queries_of(expression)
    group = [f"{key}:{value}" for key, value in zip(found.by, one.group, strict=True)]
    times = list(one.points)
    name = str(expression) if others or expression != first else first.metric
    return {
        "metric": name,
        "display_name": name,
        "expression": str(_narrowed(first, group)) if expression == first else str(expression),
        "scope": ",".join(group + ([] if first.scope == Everything() else [written(first.scope)])) or "*",
        "tag_set": group,
        "aggr": first.aggregator,
        "interval": found.interval,
        "length": len(times),
        "start": times[0] * 1000,
        "end": (times[-1] + found.interval - 1) * 1000,
        "pointlist": [[at * 1000, value] for at, value in one.points.items()],
        "query_index": 0,
        "attributes": {},
        "unit": [None, None],  # custom metrics have none before somebody sets their metadata
    }


def _narrowed(query: Query, group: Iterable[str]) -> Query:
    """Return the query of one group alone."""
    tags = tuple(Tag(*each.split(":", 1)) for each in group)
    scopes: tuple[Scope, ...] = tags if query.scope == Everything() else (query.scope, *tags)
    scope = Everything() if not scopes else scopes[0] if len(scopes) == 1 else Both(scopes)
    return Query(query.aggregator, query.metric, scope, (), query.methods)
