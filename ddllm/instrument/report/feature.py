"""The feature that made a call, where it comes from: the code, the trace's baggage, annotations, the route, the service."""

from collections.abc import Sequence
from typing import Any

from ddllm.call import Call
from ddllm.settings import FeatureRule

#: The baggage item by which a service names the feature for the services that it calls.
BAGGAGE = "ddllm.feature"


def resolve(call: Call, rules: Sequence[FeatureRule], service: str) -> str:
    """Return the feature of a call: the first that is said of explicit context, baggage, annotation, rule, root span, service.

    Runs on the worker, when the root span's framework has had time to name its route.
    """
    explicit, annotated = call.scope or (None, None)
    said = (explicit and explicit.feature) or _baggage(call.trace) or (annotated and annotated.feature)
    if said:
        return str(said)
    route, resource = _root(call.root)
    if rules:
        facts = _facts(route, resource, service)
        for rule in rules:
            if rule.matches(facts):
                return rule.feature
    return route or resource or service


def _baggage(trace: Any) -> str | None:
    return trace.get_baggage_item(BAGGAGE) if trace is not None else None


def _root(root: Any) -> tuple[str | None, str | None]:
    if root is None:
        return None, None
    return root.get_tag("http.route"), root.resource or root.name


def _facts(route: str | None, resource: str | None, service: str) -> dict[str, str]:
    facts = {"service": service}
    if resource:
        facts["resource"] = resource
    # A resource such as `GET /chat` names its route where the framework sets no tag.
    path = route or (resource.partition(" ")[2] if resource and " /" in resource else resource)
    if path:
        facts["route"] = path
    return facts
