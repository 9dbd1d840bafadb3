"""The local stack that stands in for Datadog and Bedrock, and the environment that leads real clients to it."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ddllm.sandbox.agent import Agent
from ddllm.sandbox.api import DatadogApi
from ddllm.sandbox.bedrock import Bedrock, Dials
from ddllm.sandbox.traces import TraceIntake

#: Keys where any two will do.
_KEY = "sandbox"


class Stack:
    """An agent for metrics, one for traces, a Bedrock and a Datadog API, each on a free port of 127.0.0.1 while it is entered."""

    def __init__(self, dials: Dials | None = None) -> None:
        self.agent = Agent()
        self.traces = TraceIntake()
        self.bedrock = Bedrock(dials)
        self.api = DatadogApi(metrics=self.agent.stored)
        self._exits = ExitStack()

    def __repr__(self) -> str:
        return f"Stack({self.agent}, {self.traces}, {self.bedrock}, {self.api})"

    def __enter__(self) -> Self:
        with ExitStack() as exits:
            for part in (self.agent, self.traces, self.bedrock, self.api):
                exits.enter_context(part)
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    @property
    def application_environ(self) -> dict[str, str]:
        """What an application needs to call the simulated Bedrock and to report here."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.bedrock.url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "DD_DOGSTATSD_URL": self.agent.udp_url,
            "DD_TRACE_AGENT_URL": self.traces.url,
            "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        }

    @property
    def command_environ(self) -> dict[str, str]:
        """What ddllm's own commands need to talk to the Datadog API here."""
        return {"DDLLM_API_URL": self.api.url, "DD_API_KEY": _KEY, "DD_APP_KEY": _KEY}


#: What of the user's environment would lead a client elsewhere.
_FOREIGN = ("AWS_", "DD_", "DDLLM_", "_DD_", "OTEL_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which no account, proxy or setting of the user's holds: nothing may leave the machine."""
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(_FOREIGN)}
    nothing = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "DDLLM_CONFIG")
    return kept | dict.fromkeys(nothing, os.devnull) | {"AWS_EC2_METADATA_DISABLED": "true"}
