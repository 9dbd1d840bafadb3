"""Datadog's own notification rules: marked at the end of their name, listed whole (an organisation has 1,000 at most)."""

from collections.abc import Iterator, Mapping
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.definitions import routing
from ddllm.sync.normalise import Normaliser, Row, gone, unordered
from ddllm.sync.signed import SignedObjects, unsigned

_PER_PAGE = 1000


def _filter(value: Any) -> Any:
    """Compare tags as a set: all of them must match, in whatever order."""
    return {**value, "tags": unordered(value["tags"])} if isinstance(value, Mapping) and "tags" in value else value


def _conditional(value: Any) -> Any:
    """Compare the recipients of each condition as a set; the conditions themselves are asked in their order."""
    if isinstance(value, Mapping):
        return {
            name: unordered(item) if name.endswith("recipients") else _conditional(item) for name, item in value.items()
        }
    return [_conditional(item) for item in value] if isinstance(value, list) else value


_ROWS = (
    Row("name", "ends with the marks", unsigned),
    Row("filter", "tags are a set", _filter),
    Row("recipients", "a set", unordered),
    Row("conditional_recipients", "sets in an order", _conditional),
    Row("bundle_config", "how long alerts are gathered"),
    *(Row(name, "the server's own", gone) for name in ("created_at", "modified_at")),
)


class NotificationRules(SignedObjects):
    """The kind `notifications`."""

    kind = routing.NOTIFICATIONS
    noun = "notification rule"
    normaliser = Normaliser(version=1, rows=_ROWS)
    rank = 60  # after the monitors whose notifications they route
    path = "/api/v2/monitor/notification_rule"
    type = "monitor-notification-rule"
    updates_by = "PATCH"
    page = "/monitors/notification-rules"

    def everybodys(self, api: Datadog) -> Iterator[Mapping[str, Any]]:
        """Read page after page."""
        page = 0
        while True:
            rules = api.get(self.path, {"page": page, "per_page": _PER_PAGE})["data"]
            yield from rules
            if len(rules) < _PER_PAGE:
                return
            page += 1


RESOURCE = NotificationRules()
