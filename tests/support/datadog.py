"""An organisation of the sandbox that holds every request against Datadog's own description, and clients of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.api.retry import RetryPolicy
from ddllm.sandbox.api import DatadogApi, Request
from tests.support.openapi import SPECIFICATION, specification

KEYS = ("test-api-key-0123456789", "test-app-key-9876543210")


def conforms(request: Request) -> list[str]:
    """Return what Datadog's description of its API says against a request, and what it should say."""
    problems = specification().request_problems(request.method, request.path, dict(request.query), request.body)
    if request.path.startswith("/api/v1/monitor") and isinstance(request.body, dict):
        problems += [] if request.body.get("priority") in {None, *range(1, 6)} else ["priority is 1 to 5"]
    return problems


@contextmanager
def organisation(*watches: Callable[[Request], list[str]], **options: Any) -> Iterator[DatadogApi]:
    """Serve an organisation. Where the description was fetched, no request may break it; `watches` see each request as well."""
    checks = [conforms, *watches] if SPECIFICATION.exists() else watches
    with DatadogApi(checks=checks, keys=KEYS, **options) as api:
        yield api
        assert api.violations == []


def client(api: DatadogApi, sleep: Callable[[float], None] = lambda _seconds: None, **policy: Any) -> Datadog:
    """Connect to an organisation; nothing is waited for."""
    return Datadog(Connection(api.url, *KEYS), policy=RetryPolicy(**policy), timeout=(5, 5), sleep=sleep)


def environ(api: DatadogApi) -> dict[str, str]:
    """Return the variables with which a process finds an organisation."""
    return {"DDLLM_API_URL": api.url, "DD_API_KEY": KEYS[0], "DD_APP_KEY": KEYS[1]}
