import os
import socket

import pytest

from ddllm.cli._stack import Stack, clean_environ


def port_of(url):
    return int(url.rpartition(":")[2])


def test_the_parts_listen_while_the_stack_is_entered():
    with Stack() as stack:
        for url in (stack.bedrock.url, stack.traces.url, stack.api.url):
            socket.create_connection(("127.0.0.1", port_of(url)), timeout=5).close()
        ports = [port_of(url) for url in (stack.bedrock.url, stack.traces.url, stack.api.url)]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_variables_lead_to_the_parts():
    with Stack() as stack:
        assert stack.application_environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == stack.bedrock.url
        assert stack.application_environ["DD_DOGSTATSD_URL"] == stack.agent.udp_url
        assert stack.application_environ["DD_TRACE_AGENT_URL"] == stack.traces.url
        assert stack.command_environ["DDLLM_API_URL"] == stack.api.url


def test_an_application_gets_no_datadog_keys():
    with Stack() as stack:
        assert not {"DD_API_KEY", "DD_APP_KEY"} & set(stack.application_environ)


def test_nothing_of_the_users_accounts_and_proxies_is_kept():
    theirs = {"AWS_PROFILE": "prod", "DD_SITE": "datadoghq.eu", "DDLLM_ENABLED": "false", "https_proxy": "http://p"}
    cleaned = clean_environ({"PATH": "/bin", "HOME": "/root", **theirs})
    assert not set(theirs) & set(cleaned)
    assert (cleaned["PATH"], cleaned["HOME"]) == ("/bin", "/root")
    assert cleaned["AWS_CONFIG_FILE"] == cleaned["DDLLM_CONFIG"] == os.devnull


def test_repr_tells_the_state():
    assert repr(Stack()).startswith("Stack(Agent(closed")
