"""Is the Datadog organisation ready: keys, and percentiles on the metrics that are read by percentile.

An application needs none of this: its metrics go to the agent, which has a key of its own.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from ddllm import catalog
from ddllm.cli.doctor.check import Check, Finding

_TIMEOUT_SECONDS = 10
_FORBIDDEN = (401, 403)
#: Metrics that reported within this time are looked at: the longest that the endpoint takes.
_WINDOW_SECONDS = 30 * 24 * 3600


def api_url() -> str:
    """Return the address of Datadog's API: DDLLM_API_URL, else the one of DD_SITE."""
    return (os.environ.get("DDLLM_API_URL") or f"https://api.{os.environ.get('DD_SITE') or 'datadoghq.com'}").rstrip(
        "/"
    )


def api_key() -> Finding:
    """Look whether DD_API_KEY is one that Datadog knows."""
    if not os.environ.get("DD_API_KEY"):
        return Finding("skip", "DD_API_KEY is not set: commands that talk to Datadog cannot run here")
    try:
        valid = _get("/api/v1/validate").get("valid")
    except urllib.error.HTTPError as error:
        if error.code not in _FORBIDDEN:
            return _unreachable(error)
        valid = False
    except OSError as error:
        return _unreachable(error)
    if not valid:
        return Finding(
            "fail",
            f"{api_url()} does not know DD_API_KEY",
            "Check the key, and that DD_SITE is the site it belongs to.",
        )
    return Finding("ok", f"{api_url()} knows DD_API_KEY")


def percentiles() -> Finding:
    """Look which metrics that are read by percentile do not have them switched on."""
    absent = [name for name in ("DD_API_KEY", "DD_APP_KEY") if not os.environ.get(name)]
    if absent:
        return Finding("skip", f"not checked: {' and '.join(absent)} absent")
    try:
        on = set(_with_percentiles())
    except urllib.error.HTTPError as error:
        if error.code not in _FORBIDDEN:
            return _unreachable(error)
        return Finding(
            "fail", "Datadog refuses the two keys together", "The application key needs the scope metrics_read."
        )
    except OSError as error:
        return _unreachable(error)
    off = [metric.name for metric in catalog.METRICS if metric.percentiles and metric.name not in on]
    if off:
        return Finding(
            "warn",
            f"off, or not reporting yet: {', '.join(off)}",
            "Switch on percentiles for those that report: Datadog, Metrics, Summary, the metric, Configure tags and percentiles.",
        )
    return Finding("ok", "on for every metric that is read by percentile")


def _with_percentiles() -> Iterator[str]:
    cursor = None
    while True:
        query = {"filter[include_percentiles]": "true", "window[seconds]": _WINDOW_SECONDS, "page[size]": 10_000}
        page = _get("/api/v2/metrics", query | ({"page[cursor]": cursor} if cursor else {}))
        yield from (item["id"] for item in page["data"])
        cursor = page.get("meta", {}).get("pagination", {}).get("next_cursor")
        if not cursor:
            return


def _get(path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
    url = f"{api_url()}{path}{f'?{urlencode(query)}' if query else ''}"
    headers = {"DD-API-KEY": os.environ["DD_API_KEY"], "Accept": "application/json"}
    if os.environ.get("DD_APP_KEY"):
        headers["DD-APPLICATION-KEY"] = os.environ["DD_APP_KEY"]
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the user's own address
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
        body: dict[str, Any] = json.load(answer)
        return body


def _unreachable(error: OSError) -> Finding:
    return Finding(
        "fail", f"{api_url()} did not answer as it should: {error}", "Check DD_SITE, DDLLM_API_URL and the network."
    )


CHECKS = (
    Check("API key", api_key),
    Check("percentiles", percentiles),
)
