"""Pages that need no id are found by what definitions know: identities and titles."""

from urllib.parse import parse_qs, urlsplit

from ddllm.sync.identity import Owner
from ddllm.sync.pages import dashboards_page, monitors_page

OWNER = Owner("shop", "prod")


def query(page: str) -> str:
    assert "+" not in page
    [text] = parse_qs(urlsplit(page).query)["q"]
    return text


def test_monitors_are_searched_by_their_identity_and_that_of_their_for_each():
    page = monitors_page("https://app.datadoghq.com", OWNER, ["slow", "fast/a"])
    assert page.startswith("https://app.datadoghq.com/monitors/manage?")
    assert query(page) == 'tag:("ddllm:shop/prod/slow" OR ddllm:shop/prod/slow/* OR "ddllm:shop/prod/fast/a")'


def test_dashboards_are_searched_by_title():
    assert query(dashboards_page("https://app.datadoghq.com", "LLM health & more")) == "LLM health & more"
