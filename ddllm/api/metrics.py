"""Which metrics an organisation has, as `/api/v2/metrics` lists them: page by page, with a cursor."""

from collections.abc import Iterator, Mapping
from typing import Any

from ddllm.api.datadog import Datadog

#: The longest time back that the endpoint takes, in seconds.
LONGEST_WINDOW = 30 * 24 * 3600

_PAGE_SIZE = 10_000


def metrics(api: Datadog, *, window: int, **filters: str) -> Iterator[Mapping[str, Any]]:
    """Yield the metrics that reported within `window` seconds (3,600 to 30 days), each with its `id` and configuration.

    `filters` are those of the endpoint: `include_percentiles="true"`, `configured="true"`.
    """
    query: dict[str, Any] = {f"filter[{name}]": value for name, value in filters.items()}
    query |= {"window[seconds]": window, "page[size]": _PAGE_SIZE}
    while True:
        page = api.get("/api/v2/metrics", query)
        yield from page["data"]
        cursor = ((page.get("meta") or {}).get("pagination") or {}).get("next_cursor")
        if not cursor:
            return
        query["page[cursor]"] = cursor
