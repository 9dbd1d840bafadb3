"""A user sees no difference: the same behaviours in two processes, with ddllm and without, compared one by one.

`observe` runs every behaviour in one process under ddtrace-run; each configuration of ddtrace costs two processes, which run
side by side. ddtrace's own integration changes what a user sees (bodies cannot be read in pieces, for one): with it on, what
is compared is ddtrace with ddllm and ddtrace without.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from botocore.response import StreamingBody

from tests.e2e.transparency.observe import BEHAVIOURS
from tests.e2e.transparency.world import exchanges
from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.once import once
from tests.support.process import INTEGRATIONS, command, environment, run

NEED_READINTO = {
    "body_broken_off_half_way_in_other_ways",
    "body_into_a_buffer",
    "body_into_a_memoryview",
    "body_under_a_buffered_reader",
    "sdk_methods_of_classes",
}
CONFIGURATIONS = pytest.mark.parametrize("integration", INTEGRATIONS)


@dataclass(frozen=True)
class Observed:
    """What one process saw, how many calls it made, and what ddllm reported of them."""

    seen: dict[str, Any]
    calls: dict[str, int]
    reported: float
    faults: float


def observe(integration: str, *, ddllm: bool) -> Observed:
    with BedrockServer(exchanges()) as server, Agent() as agent:
        env = environment({**agent.env, **INTEGRATIONS[integration]}, ddllm=ddllm)
        done = run(command("ddtrace-run", "tests.e2e.transparency.observe", server.url), env)
        agent.settle()
    printed = json.loads(done.stdout)
    return Observed(
        printed["seen"], printed["calls"], agent.total("ddllm.requests"), agent.total("ddllm.telemetry.errors")
    )


def observe_both(integration: str) -> tuple[Observed, Observed]:
    with ThreadPoolExecutor(2) as pool:
        without = pool.submit(observe, integration, ddllm=False)
        measured = pool.submit(observe, integration, ddllm=True)
        return without.result(), measured.result()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Observed, Observed]]:
    """Observe a configuration without ddllm and with it, once."""

    @cache
    def of(integration: str) -> tuple[Observed, Observed]:
        return once(tmp_path_factory, f"transparency-{integration}", lambda: observe_both(integration))

    return of


Both = Callable[[str], tuple[Observed, Observed]]


@CONFIGURATIONS
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_user_sees_no_difference_in(behaviour: str, integration: str, both: Both) -> None:
    without, measured = both(integration)
    assert measured.seen[behaviour] == without.seen[behaviour]


@CONFIGURATIONS
def test_every_call_of_these_was_reported_once(integration: str, both: Both) -> None:
    without, measured = both(integration)
    assert measured.calls == without.calls
    assert (without.reported, measured.reported) == (0, sum(measured.calls.values()))


@CONFIGURATIONS
def test_nothing_in_these_is_a_fault_of_ddllm(integration: str, both: Both) -> None:
    assert [one.faults for one in both(integration)] == [0, 0]


def test_the_behaviours_work_by_themselves(both: Both) -> None:
    """Without ddllm and ddtrace's integration nothing may fail that botocore can do: else two equal failures would pass."""
    without, _ = both("integration-off")
    broken = {name for name, seen in without.seen.items() if isinstance(seen, dict) and "raised" in seen}
    if not hasattr(StreamingBody, "readinto"):  # of older versions of botocore
        broken -= NEED_READINTO
    assert broken == {"retries_after_a_timeout"}
