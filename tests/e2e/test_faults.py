"""A fault in any function of ours that the application's threads enter: the application sees nothing of it, and it is counted."""

import json
from collections.abc import Iterator
from importlib import import_module
from inspect import CO_NEWLOCALS, CO_OPTIMIZED
from pathlib import Path
from pkgutil import iter_modules
from types import CodeType
from typing import Any

from ddllm.instrument import attribution, feedback
from ddllm.instrument.patch import botocore, events, reading
from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixture
from tests.support.process import command, environment, run

APP = Path(__file__).parent / "apps" / "faults.py"

#: What start-up alone enters, or another fault, or the end of the process (tests/unit/instrument/test_bootstrap.py has those).
ELSEWHERE = {
    "annotations.watch_annotations",
    "decorate.Held.__enter__",  # of a protocol
    "decorate.Held.__exit__",
    "decorate.Steps.end",
    "feedback.report_to",
    "frames.Frame.__repr__",
    "frames.enter_nothing",
    "frames.mirror_to",
    "pools._follow_pools",
    "pools.follow_threads",
    "botocore._tap_call",
    "botocore.supported_versions",
    "reading.Reading.__repr__",
    "reading.Reading.collect",
    "reading.close_all",
}
#: A price that cannot be found is none: counted as ddllm.cost.unpriced, and told of in the log.
PRICING = {"bedrock_ids", "bedrock_prices", "catalogue", "table", "tariff"}


ATTRIBUTION = [import_module(f"{attribution.__name__}.{one.name}") for one in iter_modules(attribution.__path__)]
NAMES = ("converse-claude-tool", "stream-claude-tool", "stream-guardrail", "invoke-claude-tool", "chunks-claude-tool")
COMMON = {"DDLLM_BAGGAGE": "true", "DD_TRACE_BOTOCORE_ENABLED": "true", "DDLLM_FLUSH_INTERVAL": "3600"}


def play(*mode: str, **env: str) -> tuple[dict[str, Any], str, Agent]:
    """Run the whole scenario: what the application found, what it wrote to its log, and the agent with what arrived."""
    with Agent() as agent, BedrockServer(map(fixture, NAMES)) as bedrock:
        argv = command("ddtrace-run", APP, bedrock.url, *mode)
        ended = run(argv, environment({**agent.env, **COMMON, **env}))
        agent.settle()
    return json.loads(ended.stdout), ended.stderr, agent


def check(found: dict[str, Any], log: str, agent: Agent) -> None:
    assert found["broken"] == []
    assert [where for where in found["uncounted"] if where[1].partition(".")[0] not in PRICING] == []
    # Each fault was raised indeed, and without one nothing is counted.
    assert found["missed"] == found["unstable"] == []
    assert found["runs"] > 120
    assert agent.total("ddllm.telemetry.errors") > 100
    assert "a fault of its own in botocore.begin was caught; the application is not affected" in log
    assert "Exception ignored" not in log


def functions(code: CodeType) -> Iterator[str]:
    """Name every function, however nested, of a module's code. A class's own body is none."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_flags & CO_NEWLOCALS and one.co_flags & CO_OPTIMIZED:
                yield one.co_qualname
            yield from functions(one)


def test_a_fault_in_any_function_that_the_application_enters_is_counted_and_changes_nothing():
    found, log, agent = play()
    check(found, log, agent)
    existing = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in (*ATTRIBUTION, botocore, events, feedback, reading)
        for name in functions(compile(Path(module.__file__).read_text(), module.__file__, "exec"))
    }
    # The scenario leaves nothing out.
    assert existing - set(found["functions"]) == ELSEWHERE
    assert set(found["shells"]) <= set(found["functions"])


def test_on_lambda_a_fault_in_what_the_worker_does_elsewhere_is_counted_and_changes_nothing():
    found, log, agent = play("inline", AWS_LAMBDA_FUNCTION_NAME="answers")
    check(found, log, agent)
    assert {"worker.Reporter.consume", "emit.Emitter.flush", "caps.clean", "converse.read"} <= set(found["functions"])
