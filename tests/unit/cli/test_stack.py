import os
import socket

import pytest

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
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


def test_its_datadog_answers_from_what_its_agent_received():
    with Stack() as stack, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as application:
        application.sendto(b"ddllm.cost:2.5|c|#env:prod|T1767571200", ("127.0.0.1", port_of(stack.agent.udp_url)))
        stack.agent.wait_for(lambda: stack.agent.stats.packets == 1, timeout=10)
        with Datadog(Connection.from_environ(stack.command_environ)) as datadog:
            [series] = datadog.series("sum:ddllm.cost{env:prod}.as_count()", 1767571200, 1767571260)
    assert [value for _, value in series["pointlist"]] == [2.5]
