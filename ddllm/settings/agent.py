"""Where the agent listens for DogStatsD packets."""

import os
from collections.abc import Mapping
from pathlib import Path

#: Where the agent's socket is when nothing says otherwise, as ddtrace looks for it.
DEFAULT_SOCKET = "/var/run/datadog/dsd.socket"


def statsd_address(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a `datadog.dogstatsd.DogStatsd` must be told of the agent's address.

    It reads DD_DOGSTATSD_URL, DD_AGENT_HOST and DD_DOGSTATSD_PORT by itself; not DD_DOGSTATSD_HOST, nor the usual socket.
    """
    env = os.environ if environ is None else environ
    if env.get("DD_DOGSTATSD_URL"):
        return {}
    if env.get("DD_DOGSTATSD_HOST"):
        return {"host": env["DD_DOGSTATSD_HOST"]}
    said = env.get("DD_AGENT_HOST") or env.get("DD_DOGSTATSD_PORT")
    return {} if said or not Path(DEFAULT_SOCKET).is_socket() else {"socket_path": DEFAULT_SOCKET}
