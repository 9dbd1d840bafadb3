"""Addresses of Datadog's pages for people that need no id: searches, by which definitions link to what may not exist yet."""

from collections.abc import Iterable
from urllib.parse import quote

from ddllm.sync.identity import Owner


def monitors_page(app_url: str, owner: Owner, keys: Iterable[str]) -> str:
    """Return the page of the monitors with these keys, found by their identity; a key also stands for those of its `for_each`."""
    tags = " OR ".join(f'"{owner.identity(key)}" OR {owner.identity(key)}/*' for key in keys)
    return f"{app_url}/monitors/manage?q={quote(f'tag:({tags})', safe='')}"  # %20: a `+` is not taken for a blank there


def dashboards_page(app_url: str, title: str) -> str:
    """Return the list of the dashboards with a title."""
    return f"{app_url}/dashboard/lists?q={quote(title, safe='')}"


def runbooks_page(app_url: str) -> str:
    """Return the list of the notebooks that are runbooks."""
    return f"{app_url}/notebook/list?type=runbook"
