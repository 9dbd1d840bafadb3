"""The feature that made a call, where it comes from: the code, the trace's baggage, annotations, the route, the service."""

from collections.abc import Mapping, Sequence
from typing import Any

from ddllm.call import Action, Call
from ddllm.settings import FeatureRule

#: The baggage item by which a service names the feature for the services that it calls.
BAGGAGE = "ddllm.feature"


def resolve(record: Call | Action, rules: Sequence[FeatureRule], service: str) -> str:
    """Return the feature of a call or action: the first that is said of explicit context, baggage, annotation, rule, root span, service.

    Runs on the worker, when the root span's framework has had time to name its route.
    """
    return said(record) or fallback(*root_of(record.root), rules, service)


def said(record: Call | Action) -> str | None:
    """Return the feature that code named, here or upstream; None where none did."""
    explicit, annotated = record.scope or (None, None)
    name = (explicit and explicit.feature) or _baggage(record.trace) or (annotated and annotated.feature)
    return str(name) if name else None


def fallback(route: str | None, resource: str | None, rules: Sequence[FeatureRule], service: str) -> str:
    """Return the feature of what named none: by the first rule that matches, else the route, the resource, the service."""
    if rules:
        known = facts(route, resource, service)
        for rule in rules:
            if rule.matches(known):
                return rule.feature
    return route or resource or service


def _baggage(trace: Any) -> str | None:
    return trace.get_baggage_item(BAGGAGE) if trace is not None else None


def root_of(root: Any) -> tuple[str | None, str | None]:
    """Return the route and the resource of a root span."""
    if root is None:
        return None, None
    return root.get_tag("http.route"), root.resource or root.name


def facts(route: str | None, resource: str | None, service: str) -> Mapping[str, str]:
    """Return what a rule of ddllm.yaml can match."""
    known = {"service": service}
    if resource:
        known["resource"] = resource
    # A resource such as `GET /chat` names its route where the framework sets no tag.
    path = route or (resource.partition(" ")[2] if resource and " /" in resource else resource)
    if path:
        known["route"] = path
    return known
