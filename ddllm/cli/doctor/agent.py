"""Would a metric reach the Datadog agent: where DogStatsD packets go, and whether something takes them there."""

import contextlib
import ipaddress
import os
import socket
from typing import Any

from ddllm.cli.doctor.check import Check, Finding
from ddllm.settings import statsd_address

#: In the order in which they decide.
_ADDRESS_VARIABLES = ("DD_DOGSTATSD_URL", "DD_DOGSTATSD_HOST", "DD_AGENT_HOST", "DD_DOGSTATSD_PORT")
#: How long a refusal may take to come back, in seconds.
_REFUSAL_SECONDS = 0.3

_START_AGENT = "Start the agent there with DogStatsD on (DD_USE_DOGSTATSD=true, the default), or set DD_AGENT_HOST or DD_DOGSTATSD_URL to where it is."


def address() -> Finding:
    """Look where DogStatsD packets go, and what said so."""
    if os.environ.get("DD_DOGSTATSD_DISABLE") in {"True", "true", "yes", "1"}:
        return Finding("fail", "DD_DOGSTATSD_DISABLE is set: the client sends nothing", "Remove it.")
    said = next((name for name in _ADDRESS_VARIABLES if os.environ.get(name)), None)
    return Finding("ok", f"{_where(_client())} ({said or 'the default'})")


def reachable() -> Finding:
    """Look whether something takes packets there."""
    client = _client()
    where = _where(client)
    try:
        with client.get_socket() as connection:
            if client.socket_path:
                return Finding("ok", f"{where} accepts connections")
            return _udp(connection, where)
    except ConnectionRefusedError:
        return Finding("fail", f"nothing listens on {where}", _START_AGENT)
    except OSError as error:
        return Finding("fail", f"{where} cannot be reached: {error.strerror or error}", _START_AGENT)


def _client() -> Any:
    from datadog.dogstatsd.base import DogStatsd  # noqa: PLC0415 - 130 ms, for this command alone

    return DogStatsd(disable_telemetry=True, flush_interval=0, track_instance=False, **statsd_address())


def _where(client: Any) -> str:
    if not client.socket_path:
        return f"udp://{client.host}:{client.port}"
    path = str(client.socket_path)
    return path if "://" in path else f"unix://{path}"


def _udp(connection: socket.socket, where: str) -> Finding:
    """Provoke a refusal. UDP has no other answer, so that silence proves something on this machine alone."""
    connection.settimeout(_REFUSAL_SECONDS)
    connection.send(b"\n")
    with contextlib.suppress(TimeoutError):
        connection.recv(1)
    if ipaddress.ip_address(connection.getpeername()[0]).is_loopback:
        return Finding("ok", f"something listens on {where}")
    return Finding(
        "warn",
        f"{where} did not refuse a packet; UDP cannot prove more",
        "Look for ddllm.requests in Datadog's metrics summary once the application has made a call.",
    )


CHECKS = (
    Check("DogStatsD address", address),
    Check("agent", reachable),
)
