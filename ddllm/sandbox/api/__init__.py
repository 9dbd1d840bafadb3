"""The Datadog API, as far as ddllm uses it: stateful, with the service's own defaults, rewrites, refusals and bad days.

with DatadogApi() as api:
    ...                      # DDLLM_API_URL=api.url; any two keys
    api.monitors.all()       # what it holds
    api.requests             # what it was asked
    api.dials.rate_limit()   # a bad day
"""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from ddllm.sandbox.api.dashboards import Dashboards
from ddllm.sandbox.api.dials import Dials
from ddllm.sandbox.api.http import Answer, Request, Route, Server, errors
from ddllm.sandbox.api.metric_settings import MetricSettings
from ddllm.sandbox.api.metrics import Metrics, Source
from ddllm.sandbox.api.monitors import Monitors
from ddllm.sandbox.api.notebooks import Notebooks
from ddllm.sandbox.api.notification_rules import NotificationRules
from ddllm.sandbox.api.organisation import Organisation
from ddllm.sandbox.api.pagerduty import PagerDuty
from ddllm.sandbox.api.retention_filters import RetentionFilters
from ddllm.sandbox.api.slos import Slos
from ddllm.sandbox.api.webhooks import Webhooks

__all__ = ["Answer", "DatadogApi", "Request"]

#: Says what is wrong with a request, in as many sentences as there are faults.
Check = Callable[[Request], Iterable[str]]


class DatadogApi:
    """An organisation behind a local address. Every body is checked with the installed client's models.

    `checks` see each request besides; what they find is kept in `violations` and answered with 400. `keys` are the API and
    application key that it takes; without them any two will do. `metrics` gives the series that queries are answered from.
    `now` gives seconds since 1970.
    """

    def __init__(
        self,
        *,
        checks: Iterable[Check] = (),
        keys: tuple[str, str] | None = None,
        metrics: Source = lambda _metric: (),
        now: Callable[[], float] = time.time,
        port: int = 0,
    ) -> None:
        self.dials = Dials(now)
        held = Organisation()
        self.monitors = Monitors(now, held)
        self.slos = Slos(now, held)
        self.dashboards = Dashboards(now)
        self.notebooks = Notebooks(now)
        self.metrics = MetricSettings(now, metrics)
        self.notification_rules = NotificationRules(now)
        self.pagerduty = PagerDuty()
        self.retention_filters = RetentionFilters(now)
        self.webhooks = Webhooks()
        self.violations: list[str] = []
        self._checks = tuple(checks)
        self._keys = keys
        self._port = port
        routes = [
            Route("GET", "/api/v1/validate", _validate_keys),
            *self.monitors.routes(),
            *self.slos.routes(),
            *self.dashboards.routes(),
            *self.notebooks.routes(),
            *Metrics(metrics).routes(),
            *self.metrics.routes(),
            *self.notification_rules.routes(),
            *self.pagerduty.routes(),
            *self.retention_filters.routes(),
            *self.webhooks.routes(),
        ]
        self._server = Server(routes, (self._check_keys, self._check_request), self.dials)

    def __repr__(self) -> str:
        return f"<DatadogApi: {len(self.monitors)} monitors, {len(self.dashboards)} dashboards, {len(self.requests)} requests>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on the port, or on a free one."""
        self._server.start(self._port)

    def stop(self) -> None:
        """Stop listening; what it holds stays."""
        self._server.stop()

    @property
    def url(self) -> str:
        """The address, for DDLLM_API_URL."""
        return self._server.url

    @property
    def requests(self) -> list[Request]:
        """Every request so far."""
        return self._server.requests

    @property
    def writes(self) -> list[Request]:
        """The requests that asked for a change."""
        return [request for request in self.requests if request.writes]

    def _check_keys(self, request: Request) -> Answer | None:
        sent = (request.headers.get("dd-api-key", ""), request.headers.get("dd-application-key", ""))
        if not sent[0]:
            return errors(403, "API key required")
        return errors(403, "Forbidden") if not sent[1] or (self._keys and sent != self._keys) else None

    def _check_request(self, request: Request) -> Answer | None:
        found = [f"{request.method} {request.path}: {problem}" for check in self._checks for problem in check(request)]
        self.violations += found
        return errors(400, *found) if found else None


def _validate_keys(_request: Request) -> Answer:
    return Answer(200, {"valid": True})
