"""Is the Datadog organisation ready: keys, and percentiles on the metrics that are read by percentile.

An application needs none of this: its metrics go to the agent, which has a key of its own.
"""

import os

from ddllm import catalog
from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.api.metrics import LONGEST_WINDOW, metrics
from ddllm.api.retry import RetryPolicy
from ddllm.cli.doctor.check import Check, Finding
from ddllm.errors import ApiError, ConfigError

#: Seconds to connect and to wait for an answer. A person waits for this one, and can ask again.
_TIMEOUT = (5.0, 15.0)
_ONCE = RetryPolicy(tries=1, connects=1)
_FORBIDDEN = frozenset({401, 403})
_NOT_FOUND = 404


def keys() -> Finding:
    """Look whether Datadog knows the API key."""
    absent = _absent()
    if absent:
        return Finding("skip", f"{absent} not set: the commands that talk to Datadog cannot run here")
    try:
        with _datadog() as datadog:
            valid = datadog.get("/api/v1/validate").get("valid")
            url = datadog.connection.url
    except (ApiError, ConfigError) as error:
        return _failed(error)
    if not valid:
        return Finding("fail", f"{url} does not know DD_API_KEY", "Check that DD_SITE is the key's site.")
    return Finding("ok", f"{url} knows DD_API_KEY")


def percentiles() -> Finding:
    """Look which metrics that are read by percentile do not have them switched on."""
    absent = _absent()
    if absent:
        return Finding("skip", f"not checked: {absent} absent")
    try:
        with _datadog() as datadog:
            on = {each["id"] for each in metrics(datadog, window=LONGEST_WINDOW, include_percentiles="true")}
    except ApiError as error:
        return _refused(error)
    except ConfigError as error:
        return _failed(error)
    off = [metric.name for metric in catalog.METRICS if metric.percentiles and metric.name not in on]
    if off:
        return Finding(
            "warn",
            f"off, or not reporting yet: {', '.join(off)}",
            "Where one reports: `ddllm sync metrics` switches them on for what definitions read so; others under Metrics > Summary.",
        )
    return Finding("ok", "on for every metric that is read by percentile")


def _absent() -> str:
    return " and ".join(name for name in ("DD_API_KEY", "DD_APP_KEY") if not os.environ.get(name))


def _datadog() -> Datadog:
    return Datadog(Connection.from_environ(), policy=_ONCE, timeout=_TIMEOUT)


def _refused(error: ApiError) -> Finding:
    """Say what a refusal means. Nothing there is what an organisation looks like before the first metric."""
    if error.status == _NOT_FOUND:
        return Finding(
            "warn",
            f"{error.message}: no such metric yet, or nothing configured on one",
            "Run an application with ddllm first; where that does not help, DD_SITE or DDLLM_API_URL names another service.",
        )
    if error.status in _FORBIDDEN:
        return Finding(
            "fail", error.message, "DD_APP_KEY must belong to the organisation and have the scope metrics_read."
        )
    return _failed(error)


def _failed(error: ApiError | ConfigError) -> Finding:
    return Finding(
        "fail",
        error.message,
        error.hint or "Ask again in a minute; https://status.datadoghq.com says whether Datadog has trouble.",
    )


CHECKS = (
    Check("API keys", keys),
    Check("percentiles", percentiles),
)
