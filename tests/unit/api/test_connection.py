"""Where the API is, from Datadog's own variables."""

import pytest

from ddllm.api.connection import Connection, app_url
from ddllm.errors import ConfigError

KEYS = {"DD_API_KEY": "an-api-key", "DD_APP_KEY": "an-app-key"}


@pytest.mark.parametrize(
    ("environ", "url", "pages"),
    [
        ({}, "https://api.datadoghq.com", "https://app.datadoghq.com"),
        ({"DD_SITE": "datadoghq.eu"}, "https://api.datadoghq.eu", "https://app.datadoghq.eu"),
        ({"DD_SITE": "us5.datadoghq.com"}, "https://api.us5.datadoghq.com", "https://us5.datadoghq.com"),
        ({"DD_SITE": "ddog-gov.com"}, "https://api.ddog-gov.com", "https://app.ddog-gov.com"),
        ({"DDLLM_API_URL": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ({"DDLLM_API_URL": "http://h:1", "DD_SITE": "datadoghq.eu"}, "http://h:1", "http://h:1"),
    ],
)
def test_the_environment_names_the_address(environ: dict[str, str], url: str, pages: str):
    connection = Connection.from_environ({**KEYS, **environ})
    assert (connection.url, connection.app_url) == (url, pages)


def test_the_pages_for_people_need_no_keys():
    assert app_url({"DD_SITE": "datadoghq.eu"}) == "https://app.datadoghq.eu"
    with pytest.raises(ConfigError, match=r"DD_SITE='app\.datadoghq\.eu' is not a Datadog site"):
        app_url({"DD_SITE": "app.datadoghq.eu"})


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {},
            "DD_API_KEY and DD_APP_KEY are not set. Talking to https://api.datadoghq.com needs both keys in the environment",
        ),
        ({"DD_API_KEY": "x", "DD_APP_KEY": " "}, "DD_APP_KEY is not set."),
        (
            {**KEYS, "DD_SITE": "app.datadoghq.eu"},
            "DD_SITE='app.datadoghq.eu' is not a Datadog site. A site is a bare host name",
        ),
        ({**KEYS, "DD_SITE": "https://datadoghq.eu"}, "DD_SITE='https://datadoghq.eu' is not a Datadog site."),
        (
            {**KEYS, "DDLLM_API_URL": "localhost:8080"},
            "DDLLM_API_URL='localhost:8080' is not an address. Write it as http://",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(environ: dict[str, str], message: str):
    with pytest.raises(ConfigError) as caught:
        Connection.from_environ(environ)
    assert str(caught.value).startswith(message)
    assert "planted" not in str(caught.value)


def test_keys_are_never_shown():
    connection = Connection.from_environ(KEYS)
    assert "an-ap" not in repr(connection)
    assert connection.keys == ("an-api-key", "an-app-key")


def test_a_placeholder_for_the_sandbox_is_no_secret():
    assert Connection("http://h", "a", "b").keys == ()


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://api.datadoghq.com", "http://proxy:3128"),
        ("https://api.inside.example", None),
        ("http://h:1", None),
        ("http://127.0.0.1:1", None),
    ],
)
def test_the_environments_proxy_is_used(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert Connection(url, "k", "k").proxy == proxy
