"""The PagerDuty integration: service objects by name, whose keys are taken and never shown again."""

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

_HIDDEN = "*****"


class PagerDuty:
    """The service objects of an organisation. `keys` are their integration keys by name: what a page is sent with."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<PagerDuty: {sorted(self.keys)}>"

    def routes(self) -> list[Route]:
        """Return the endpoints. The list is in no documentation; Datadog's own pages and other tools read it."""
        base = "/api/v1/integration/pagerduty"
        services = f"{base}/configuration/services"
        return [
            Route("GET", base, self._list),
            Route("POST", services, self._create),
            Route("GET", f"{services}/{{name}}", self._get),
            Route("PUT", f"{services}/{{name}}", self._update),
            Route("DELETE", f"{services}/{{name}}", self._delete),
        ]

    def _list(self, _request: Request) -> Answer:
        services = [{"service_name": name, "service_key": _HIDDEN} for name in self.keys]
        return Answer(200, {"services": services, "subdomain": "sandbox", "schedules": [], "api_token": _HIDDEN})

    def _create(self, request: Request) -> Answer:
        reason = model_error("PagerDutyService", request.body)
        if reason:
            return errors(400, reason)
        name = request.body["service_name"]
        if name in self.keys:
            return errors(400, "Service already exists")
        self.keys[name] = request.body["service_key"]
        return Answer(201, {"service_name": name})

    def _get(self, _request: Request, name: str) -> Answer:
        return Answer(200, {"service_name": name}) if name in self.keys else _not_found(name)

    def _update(self, request: Request, name: str) -> Answer:
        reason = model_error("PagerDutyServiceKey", request.body)
        if reason:
            return errors(400, reason)
        if name not in self.keys:
            return _not_found(name)
        self.keys[name] = request.body["service_key"]
        return Answer(200, None)

    def _delete(self, _request: Request, name: str) -> Answer:
        return Answer(204, None) if self.keys.pop(name, None) is not None else _not_found(name)


def _not_found(name: str) -> Answer:
    return errors(404, f"Service {name} not found")
