"""Addresses of Datadog's pages for people that need no id: searches, by which definitions link to what may not exist yet."""

from collections.abc import Iterable
from urllib.parse import quote

from ddllm.sync.identity import Owner


def monitors_page(app_url: str, owner: Owner, keys: Iterable[str]) -> str:
    """Return the page of the monitors with these keys, found by their identity; a key also stands for those of its `for_each`."""
    tags = " OR ".join(tag for key in keys for tag in _tags(owner.identity(key), is_one="/" in key))
    return f"{app_url}/monitors/manage?q={quote(f'tag:({tags})', safe='')}"  # %20: a `+` is not taken for a blank there


def _tags(identity: str, *, is_one: bool) -> list[str]:
    return [f'"{identity}"'] if is_one else [f'"{identity}"', f"{identity}/*"]


def dashboards_page(app_url: str, title: str) -> str:
    """Return the list of the dashboards with a title."""
    return f"{app_url}/dashboard/lists?q={quote(title, safe='')}"


def runbooks_page(app_url: str) -> str:
    """Return the list of the notebooks that are runbooks."""
    return f"{app_url}/notebook/list?type=runbook"
