"""The search for monitors: another service of Datadog's than the listing, with other fields."""

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ddllm.sandbox.api.organisation import Body

_PAGE_SIZE = 30


def search(monitors: Sequence[Body], query: Mapping[str, str]) -> Body:
    """Find by `tag:`, `type:` and words of the name, all of which have to match, and answer with a page of what was found."""
    found = [body for body in monitors if _is_found(body, query.get("query", ""))]
    size, page = int(query.get("per_page", _PAGE_SIZE)), int(query.get("page", 0))
    values = {
        "status": [body["overall_state"] for body in found],
        "muted": [bool(body["options"]["silenced"]) for body in found],
        "tag": [tag for body in found for tag in body["tags"]],
        "type": [body["type"].removesuffix(" alert") for body in found],
    }
    return {
        "counts": {
            name: [{"name": value, "count": count} for value, count in Counter(of).most_common()]
            for name, of in values.items()
        },
        "monitors": [_as_found(body) for body in found[page * size : (page + 1) * size]],
        "metadata": {
            "total_count": len(found),
            "page_count": -(-len(found) // size),
            "page": page,
            "per_page": size,
        },
    }


def _is_found(body: Mapping[str, Any], query: str) -> bool:
    for part in shlex.split(query):
        name, _, value = part.partition(":")
        if name == "tag":
            matches = value in body["tags"]
        elif name == "type":
            matches = value == body["type"].removesuffix(" alert")
        else:
            matches = part.lower() in body["name"].lower()
        if not matches:
            return False
    return True


def _as_found(body: Mapping[str, Any]) -> Body:
    """Return a monitor as a search shows it."""
    same = ("id", "name", "query", "type", "tags", "priority", "org_id", "creator", "overall_state_modified")
    return {
        **{name: body[name] for name in same},
        "status": body["overall_state"],
        "classification": body["type"].removesuffix(" alert"),
        "notifications": [{"handle": each, "name": each} for each in re.findall(r"(?<=@)[\w.-]+", body["message"])],
        "restricted_roles": body["restricted_roles"] or [],
        "metrics": [],
        "scopes": [],
        "last_triggered_ts": None,
        "muted_until_ts": None,
    }
