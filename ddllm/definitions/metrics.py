"""What Datadog shall know of ddllm's metrics: definitions made of the catalogue, in which nobody writes a file.

Percentiles cost custom metrics, so they are asked for only where a definition reads them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ddllm import catalog
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse as parse_document
from ddllm.errors import QueryError
from ddllm.query.parse import parse, parse_monitor
from ddllm.query.reads import reads

KIND = "metrics"

_NAME = re.compile(r"\bddllm\.[\w.]+")
#: What every query by percentile holds; most texts of a definition are no query, and parsing is slower than looking.
_BY_PERCENTILE = re.compile(r"\bp\d{2}(?:\.\d+)?:|\bcount\(v")
_SOURCE = parse_document("", "ddllm.catalog")


def metric_definitions(definitions: Sequence[Definition]) -> Iterator[Definition]:
    """Yield one definition for each metric of the catalogue; `definitions` are those that may read it."""
    by_percentile = _read_by_percentile(definitions)
    for metric in catalog.METRICS:
        body = {
            "description": metric.description,
            "short_name": re.sub(r"[._]", " ", metric.name.removeprefix("ddllm.")),
            "unit": metric.unit,
            "per_unit": metric.per_unit,
            "include_percentiles": True if metric.kind == "distribution" and metric.name in by_percentile else None,
        }
        said = {name: value for name, value in body.items() if value is not None}
        yield Definition(kind=KIND, key=metric.name, body=said, source=Source(_SOURCE, (metric.name,)))


def _read_by_percentile(definitions: Iterable[Definition]) -> set[str]:
    found: set[str] = set()
    for definition in definitions:
        for text in _texts(definition.body):
            if _BY_PERCENTILE.search(text) and not found.issuperset(_NAME.findall(text)):
                found.update(_metrics(text))
    return found


def _metrics(text: str) -> list[str]:
    for read_text in (parse_monitor, parse):
        try:
            query = read_text(text)
        except QueryError:  # a sentence that looks like one, or the other sort of query
            continue
        return [read.metric for read in reads(query) if read.is_percentile]
    return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
