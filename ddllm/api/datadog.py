"""Datadog's API through its own client, datadog-api-client, with our retry policy and every oddity of the service.

Bodies are plain JSON in both directions: the client's typed models would drop what they do not know yet, and an option that
a newer Datadog added must survive being read and written back.

    ApiError                   refused, or not reached; `status` 0: no answer
    ├── DuplicateError         Datadog holds an object like the one to be created; `.existing` is its id
    └── NoAnswerError          whether the request had an effect is not known: no answer came, or a 5xx
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import random
from threading import BoundedSemaphore
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ddllm.api.connection import Connection
from ddllm.api.hidden import hidden_forms, without
from ddllm.api.pace import Pace
from ddllm.api.retry import TOO_MANY, Failure, RetryPolicy
from ddllm.errors import ApiError

if TYPE_CHECKING:
    from datadog_api_client import ApiClient

#: Seconds to connect, and to wait for an answer: Datadog validates slow queries for tens of seconds.
TIMEOUT = (10.0, 60.0)

#: Requests at a time: more of them only make Datadog answer 512.
AT_ONCE = 8

_PAGE_SIZE = 1000
_SERVER_ERROR = 500
_BAD_REQUEST = 400
_DUPLICATE = re.compile(r"Duplicate of an existing monitor_id:\s*(\d+)")
_NOT_KEYS = frozenset({401, 403})
_IN_USE = re.compile(r"is referenced in\b")  # told with 401 of a monitor that an SLO uses
_NO_SUCH_PATH = frozenset({404, 405})


class DuplicateError(ApiError):
    """Datadog holds an object like the one to be created."""

    def __init__(self, message: str, existing: int) -> None:
        super().__init__(message, status=_BAD_REQUEST)
        self.existing = existing


class NoAnswerError(ApiError):
    """Whether the request had an effect is not known."""


class Datadog:
    """A connection to the API. Use it in a `with` block; it may be used from several threads.

    `sleep` waits for seconds, `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        policy: RetryPolicy | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._sleep = sleep
        self._pace = Pace(sleep, clock)
        self._places = BoundedSemaphore(AT_ONCE)
        self._hidden = hidden_forms(connection.keys)
        self._client = _client(connection)

    def __repr__(self) -> str:
        return f"<Datadog {self.connection.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def hide(self, texts: Iterable[str]) -> None:
        """Keep secrets that will be sent out of every error: a server may repeat what it was sent."""
        self._hidden |= hidden_forms(texts)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read."""
        return self._request("GET", path, query=query)

    def series(self, query: str, start: int, end: int) -> list[Mapping[str, Any]]:
        """Ask a metric query from `start` to `end` (Unix seconds): a series for each group, with `tag_set` and `pointlist`.

        Raises ApiError where Datadog cannot answer it, which it tells with a status of 400, or of 200 and an `error`.
        """
        answer = self.get("/api/v1/query", {"from": start, "to": end, "query": query})
        series = answer.get("series") if isinstance(answer, Mapping) else None
        if not isinstance(series, list) or answer.get("status") == "error":
            reason = (
                "; ".join(_reasons(without(answer, self._hidden)))
                or f"the answer of {self.connection.url} holds no series"
            )
            raise ApiError(f"Datadog cannot answer `{query}`: {reason}", hint=None if _reasons(answer) else self._whose)
        return series

    def post(self, path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Any:
        """Create; or, where `repeatable`, ask something that writes nothing."""
        return self._request("POST", path, body=body, repeatable=repeatable)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Replace."""
        return self._request("PUT", path, body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change fields to given values, which may be repeated as a replacement may."""
        return self._request("PATCH", path, body=body, repeatable=True)

    def delete(self, path: str) -> Any:
        """Delete."""
        return self._request("DELETE", path)

    def pages(self, path: str, query: Mapping[str, Any], *, size: int = _PAGE_SIZE) -> Iterator[Mapping[str, Any]]:
        """Read a list that Datadog gives in numbered pages, to its end, which is an empty page.

        A page that is not full proves nothing: only the page after it does. Raises ApiError where a page is not a list, where
        something follows a page that is not full, and where an object comes twice.
        """
        page, short, seen = 0, False, set[Any]()
        while items := self._list(path, {**query, "page": page, "page_size": size}):
            if short:
                raise self.untrusted(path, "a page in the middle of it was not full")
            yield from self._once(path, items, seen)
            page, short = page + 1, len(items) < size

    def items(
        self,
        path: str,
        query: Mapping[str, Any],
        *,
        field: str,
        start: str,
        count: str,
        size: int = _PAGE_SIZE,
        total: Callable[[Mapping[str, Any]], int | None] = lambda _answer: None,
    ) -> Iterator[Mapping[str, Any]]:
        """Read a list that Datadog gives by position, below `field` of each answer, to its end, which is an empty answer.

        `start` and `count` are what the API calls position and number; `total` finds in an answer how many there are in all, where it
        says so. Raises ApiError where there is no list, where an object comes twice, and where there are fewer than it says.
        """
        position, seen = 0, set[Any]()
        while True:
            answer = self.get(path, {**query, start: position, count: size})
            items = self._items_of(path, answer, field)
            if not items:
                break
            yield from self._once(path, items, seen)
            position += len(items)
        if (number := total(answer) or 0) > len(seen):
            raise self.untrusted(path, f"it holds {len(seen)} of {number}")

    def _list(self, path: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return self._items_of(path, self.get(path, query), None)

    def _items_of(self, path: str, answer: Any, field: str | None) -> list[Mapping[str, Any]]:
        found = answer.get(field) if field and isinstance(answer, Mapping) else answer
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise ApiError(f"{self.connection.url}{path} did not answer with a list", hint=self._whose)
        return found

    def _once(self, path: str, items: Sequence[Mapping[str, Any]], seen: set[Any]) -> Iterator[Mapping[str, Any]]:
        for item in items:
            if item.get("id") in seen:
                raise self.untrusted(path, f"it holds {item.get('id')} twice")
            seen.add(item.get("id"))
            yield item

    def untrusted(self, path: str, why: str) -> ApiError:
        """Return the error of a listing that is not whole."""
        return ApiError(
            f"the listing {self.connection.url}{path} cannot be trusted: {why}",
            hint="Something changed while it was read, or Datadog cut it off. Run the command again",
        )

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Any:
        attempt = 1
        while True:
            self._pace.wait(method, path)
            answer = self._send(method, path, query, body, repeatable=repeatable)
            if not isinstance(answer, _Refusal):
                return answer
            wait = self._policy.wait(method, answer.failure, attempt, repeatable=repeatable, random=random())  # noqa: S311 - spreads retries
            if wait is None:
                refused = self._error(method, path, answer)
                refused.details = answer.details
                raise refused
            self._sleep(wait)
            if answer.failure.status == TOO_MANY:
                self._pace.waited(method, path)
            attempt += 1

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        *,
        repeatable: bool,
    ) -> Any:
        from datadog_api_client.exceptions import ApiException  # noqa: PLC0415 - loaded with the client, in _client
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError  # noqa: PLC0415 - as above

        headers: Mapping[str, str] = {}
        try:
            with self._places:
                response = self._client.call_api(
                    path,
                    method,
                    query_params=list((query or {}).items()),
                    header_params={"Accept": "application/json", "Content-Type": "application/json"},
                    body=body,
                    preload_content=False,
                    request_timeout=self._timeout,
                )
                headers = response.headers
                data = response.data
        except ApiException as error:
            headers = error.headers or {}
            told = without(error.body, self._hidden)
            details = told.get("errors") if isinstance(told, Mapping) else None
            return _Refusal(Failure(error.status or 0, headers), _reasons(told) or [str(error.reason)], details)
        except (NewConnectionError, ConnectTimeoutError) as error:
            return _Refusal(Failure(0, {}, sent=False), [_network(error)])
        except HTTPError as error:
            return _Refusal(Failure(0, {}), [_network(error)])
        finally:
            self._pace.learn(method, path, headers)
        return self._json(path, data, NoAnswerError if method != "GET" and not repeatable else ApiError)

    def _json(self, path: str, data: bytes, problem: type[ApiError]) -> Any:
        try:
            return json.loads(data) if data else {}
        except ValueError:
            raise problem(f"{self.connection.url}{path} did not answer with JSON", hint=self._whose) from None

    def _error(self, method: str, path: str, refusal: "_Refusal") -> ApiError:
        status = refusal.failure.status
        reason = "; ".join(refusal.reasons)
        duplicate = _DUPLICATE.search(reason)
        if status == _BAD_REQUEST and duplicate:
            return DuplicateError(reason, int(duplicate.group(1)))
        if status == 0:
            return NoAnswerError(
                f"{self.connection.url} cannot be reached: {reason}",
                hint="Check the network, DD_SITE and DDLLM_API_URL",
            )
        if status >= _SERVER_ERROR:
            return NoAnswerError(
                f"Datadog failed on {method} {path} with {status}: {reason}",
                status=status,
                hint=None if self.connection.named_by == "DD_SITE" else f"DDLLM_API_URL names {self.connection.url}",
            )
        if status in _NOT_KEYS and not _IN_USE.search(reason):
            return ApiError(
                f"Datadog refused {method} {path} with {status}: {reason}",
                status=status,
                hint=f"Check DD_API_KEY, DD_APP_KEY, their permissions, and that {self.connection.named_by} is the keys' site",
            )
        if status in _NO_SUCH_PATH:
            return ApiError(
                f"{self.connection.url} answered {method} {path} with {status}: {reason}",
                status=status,
                hint=self._whose,
            )
        return ApiError(f"Datadog answered {status}: {reason}", status=status)

    @property
    def _whose(self) -> str:
        named_by = self.connection.named_by
        example = "the site, such as datadoghq.eu" if named_by == "DD_SITE" else "the address"
        return f"Is that Datadog's API? {named_by} names {example}"


class _Refusal:
    """A request that failed, and what the other side said."""

    def __init__(self, failure: Failure, reasons: Sequence[str], details: object = None) -> None:
        self.failure = failure
        self.reasons = reasons
        self.details = details


def _client(connection: Connection) -> "ApiClient":
    from datadog_api_client import ApiClient, Configuration  # noqa: PLC0415 - 180 ms
    from urllib3.util import Retry  # noqa: PLC0415 - as above

    configuration = Configuration(host=connection.url, enable_retry=False)  # type: ignore[no-untyped-call]
    configuration.proxy = connection.proxy
    client = ApiClient(configuration)
    # Without this urllib3 repeats what failed by itself, by rules of its own.
    client.rest_client.pool_manager.connection_pool_kw["retries"] = Retry(False)
    client.set_default_header("DD-API-KEY", connection.api_key)
    client.set_default_header("DD-APPLICATION-KEY", connection.app_key)
    return client


def _reasons(body: Any) -> list[str]:
    """Read the shapes that Datadog's errors come in: a list of texts, a list of objects, one object, text, HTML."""
    if isinstance(body, Mapping):
        errors = body.get("errors") or body.get("error") or []
        if isinstance(errors, Mapping):
            errors = (
                [errors]
                if {"message", "title", "detail"} & errors.keys()
                else [f"{key}: {value}" for key, value in errors.items()]
            )
        if isinstance(errors, str):
            errors = [errors]
        return [_one_line(_reason(each)) for each in errors]
    if isinstance(body, str) and "<html" not in body.lower() and body.strip():
        return [_one_line(body)]
    return []


def _reason(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    texts = (error.get(name) for name in ("title", "message", "detail"))
    return ": ".join(str(text) for text in texts if text) or json.dumps(error)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _network(error: Exception) -> str:
    """Return what a person can use of urllib3's error, whose text begins with an object's address in memory."""
    text = _one_line(str(error))
    return text.rpartition(": ")[2] if text.startswith("<") or "object at 0x" in text else text
