"""An empty listing is believed only where Datadog's search, which is a service of its own, finds nothing either.

Everything would be created a second time otherwise. The search follows writes with a delay of seconds to minutes, so it is
asked only where nothing is listed, and believed only where what it found carries ddllm's tag.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.errors import ApiError
from ddllm.sync.identity import MANAGED

_UNKNOWN = frozenset({400, 403, 404, 405})  # no search here, or none for these keys


def listed(
    api: Datadog, read: Callable[[], Sequence[Mapping[str, Any]]], search: str, query: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """Return what a listing holds. Raises ApiError where it stays empty though a search finds objects with ddllm's tag."""
    bodies = read()
    if bodies or not (found := _found(api, search, query)):
        return bodies
    bodies = read()  # a run beside this one may just have made them
    if not bodies:
        raise api.untrusted(
            search.removesuffix("/search"), f"it is empty, and a search finds {found} of ddllm's objects"
        )
    return bodies


def _found(api: Datadog, search: str, query: Mapping[str, Any]) -> int:
    try:
        answer = api.get(search, query)
    except ApiError as error:
        if error.status in _UNKNOWN:
            return 0
        raise
    return sum(MANAGED in tags for tags in _tags_in(answer))


def _tags_in(value: Any) -> Iterator[list[Any]]:
    """Yield the tags of every object in an answer, which the searches keep at different places."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in {"tags", "all_tags"} and isinstance(item, list):
                yield item
            else:
                yield from _tags_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _tags_in(item)
