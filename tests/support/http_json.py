"""JSON over HTTP with the standard library: what a person would do with curl."""

import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.support.datadog import KEYS

Caller = Callable[..., tuple[int, Any]]


def caller(url: str, keys: tuple[str, str] = KEYS) -> Caller:
    """Return a function that sends a request to the address and returns status and body."""

    def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "DD-API-KEY": keys[0], "DD-APPLICATION-KEY": keys[1]}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url + path, data, headers, method=method), timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    return call
