"""Queries that people and Datadog's own products have: nearly all parse, and print as the same; what cannot be is refused."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.errors import QueryError
from ddllm.query.parse import parse, parse_monitor

SHARED = Path(os.environ.get("DDLLM_SHARED") or Path(__file__).parents[4] / "shared")
QUERIES = SHARED / "data" / "queries" / "dev.jsonl.gz"
INVALID = SHARED / "data" / "queries" / "invalid.jsonl"

pytestmark = pytest.mark.skipif(not QUERIES.exists(), reason="the reference queries are not beside the repository")


def parsed(row: dict[str, Any], text: str) -> object:
    return parse_monitor(text, row["monitor_type"]) if row["kind"] == "monitor" else parse(text)


def invalid() -> Iterator[Any]:
    for line in INVALID.read_text().splitlines() if INVALID.exists() else ():
        row = json.loads(line)
        yield pytest.param(row, id=row["id"])


def test_real_queries_parse_and_print_as_the_same():
    with gzip.open(QUERIES, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    refused, changed = [], []
    for row in rows:
        try:
            tree = parsed(row, row["query"])
        except QueryError as error:
            refused.append(str(error))
        else:
            changed += [row["query"]] if parsed(row, str(tree)) != tree else []
    assert not changed
    assert len(refused) <= len(rows) * 0.005, "\n".join(refused)


@pytest.mark.parametrize("row", list(invalid()))
def test_what_datadog_would_refuse_is_refused_with_its_place(row: dict[str, Any]):
    with pytest.raises(QueryError) as caught:
        parsed(row, row["query"])
    assert caught.value.position is not None
    assert "cannot be read" not in caught.value.message, "the reason is not told"
