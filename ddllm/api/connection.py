"""Where Datadog's API is, and with which keys: Datadog's own variables, and DDLLM_API_URL to point at another host."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ddllm.errors import ConfigError
from ddllm.settings import Variable

VARIABLES = (
    Variable("DD_API_KEY", "none", "The API key, for every command that talks to Datadog."),
    Variable(
        "DD_APP_KEY",
        "none",
        "The application key; it needs the permissions monitors_read and monitors_write, slos_read and slos_write for SLOs, and timeseries_query for `ddllm costs` and `ddllm backtest`.",
    ),
    Variable("DD_SITE", "`datadoghq.com`", "Datadog's site: `datadoghq.eu`, `us3.datadoghq.com`, …"),
    Variable("DDLLM_API_URL", "none", "Another API host, such as that of `ddllm sandbox`. Goes before DD_SITE."),
)

_SITE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+\Z")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORTEST_KEY = 8


@dataclass(frozen=True, slots=True)
class Connection:
    """The API's address, without a slash at the end, and the two keys."""

    url: str
    api_key: str = field(repr=False)
    app_key: str = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Connection":
        """Read the environment. Raises ConfigError where a key is missing or an address cannot be one."""
        env = os.environ if environ is None else environ
        url = _api_url(env)
        missing = [name for name in ("DD_API_KEY", "DD_APP_KEY") if not env.get(name, "").strip()]
        if missing:
            raise ConfigError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
                hint=f"Talking to {url} needs both keys in the environment",
            )
        return cls(url, env["DD_API_KEY"].strip(), env["DD_APP_KEY"].strip())

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that must not be shown. A short one is a placeholder for the sandbox, and a word of its own elsewhere."""
        return tuple(key for key in (self.api_key, self.app_key) if len(key) >= _SHORTEST_KEY)

    @property
    def proxy(self) -> str | None:
        """The proxy of the environment (HTTPS_PROXY, NO_PROXY, …); none for an address of this machine."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if host in _LOCAL or proxy_bypass(host):
            return None
        return getproxies().get(parts.scheme)

    @property
    def named_by(self) -> str:
        """The variable that says where the API is."""
        return "DD_SITE" if self.url.startswith("https://api.") else "DDLLM_API_URL"

    @property
    def app_url(self) -> str:
        """The address of Datadog's pages for people; with another API host, that host."""
        return _pages_of(self.url)


def app_url(environ: Mapping[str, str] | None = None) -> str:
    """Return the address of Datadog's pages for people as the environment names it, for which no key is needed.

    Raises ConfigError where DD_SITE or DDLLM_API_URL cannot be one.
    """
    return _pages_of(_api_url(os.environ if environ is None else environ))


def _api_url(environ: Mapping[str, str]) -> str:
    return _checked_url(environ.get("DDLLM_API_URL", "")) or f"https://api.{_checked_site(environ.get('DD_SITE', ''))}"


def _pages_of(url: str) -> str:
    return re.sub(r"^https://api\.(?=datadog|ddog)", "https://app.", url).replace("https://api.", "https://")


def _checked_url(text: str) -> str:
    url = text.strip().rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ConfigError("DDLLM_API_URL holds a user or password", hint="It is shown in messages; leave them out")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"DDLLM_API_URL={text!r} is not an address", hint="Write it as http://127.0.0.1:8080")
    return url


def _checked_site(text: str) -> str:
    site = text.strip().lower() or "datadoghq.com"
    if not _SITE.match(site) or site.startswith(("app.", "api.")):
        raise ConfigError(
            f"DD_SITE={text!r} is not a Datadog site",
            hint="A site is a bare host name, such as datadoghq.com, datadoghq.eu or us5.datadoghq.com",
        )
    return site
