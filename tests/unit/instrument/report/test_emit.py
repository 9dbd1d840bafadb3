import logging
import socket
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm import catalog
from ddllm.instrument.report import emit
from ddllm.instrument.report.caps import clean
from ddllm.instrument.report.emit import Emitter, connect, constant_tags
from ddllm.settings import Settings
from tests.support.agent import Agent, parse

VALUES = dict.fromkeys(catalog.TAG_DESCRIPTIONS, "v")


class Sent:
    """A client that keeps what it is told to send, and when it is told to send it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, float | str, tuple[str, ...]]] = []
        self.flushes = 0

    def increment(self, metric: str, value: float, tags: Any) -> None:
        self.lines.append(("c", metric, value, tags))

    def distribution(self, metric: str, value: str, tags: Any) -> None:
        self.lines.append(("d", metric, value, tags))

    def flush(self) -> bool:
        self.flushes += 1
        return True


@pytest.fixture
def sent() -> Sent:
    return Sent()


# --- the emitter ------------------------------------------------------------------------------------------------------


def test_counts_are_summed_and_sent_with_the_round(sent):
    emitter = Emitter(sent)
    emitter.series(catalog.REQUESTS, ("feature:a",)).add(1)
    emitter.series(catalog.REQUESTS, ("feature:a",)).add(2)
    emitter.series(catalog.REQUESTS, ("feature:b",)).add(1)
    assert sent.lines == []
    emitter.flush()
    assert sent.lines == [("c", "ddllm.requests", 3, ("feature:a",)), ("c", "ddllm.requests", 1, ("feature:b",))]
    assert sent.flushes == 1


def test_a_count_is_sent_once(sent):
    emitter = Emitter(sent)
    emitter.series(catalog.REQUESTS, ()).add(1)
    emitter.flush()
    emitter.flush()
    assert len(sent.lines) == 1


def test_a_count_of_nothing_is_not_sent(sent):
    emitter = Emitter(sent)
    emitter.series(catalog.COST, ()).add(0.0)
    emitter.flush()
    assert sent.lines == []


def test_every_sample_is_sent(sent):
    emitter = Emitter(sent)
    for value in (1.0, 1.0, 2.5):
        emitter.series(catalog.TTFT, ("feature:a",)).add(value)
    emitter.series(catalog.TTFT, ("feature:b",)).add(7)
    assert sent.lines == []
    emitter.flush()
    emitter.flush()
    assert sent.lines == [
        ("d", "ddllm.ttft", "1:1:2.5", ("feature:a",)),
        ("d", "ddllm.ttft", "7", ("feature:b",)),
    ]


def test_for_an_agent_that_knows_no_packed_values_each_sample_is_a_line(sent):
    emitter = Emitter(sent, packed=False)
    for value in (1.0, 2.5):
        emitter.series(catalog.TTFT, ()).add(value)
    emitter.flush()
    assert [value for _, _, value, _ in sent.lines] == ["1", "2.5"]


def test_many_samples_do_not_wait_for_the_round(sent, monkeypatch):
    monkeypatch.setattr(emit, "MOST_SAMPLES", 3)
    emitter = Emitter(sent)
    for number in range(7):
        emitter.series(catalog.TTFT, ()).add(number)
    assert [value for _, _, value, _ in sent.lines] == ["0:1:2", "3:4:5"]


def test_two_users_of_the_same_tags_share_a_line(sent):
    emitter = Emitter(sent)
    for _ in range(2):
        emitter.series(catalog.REQUESTS, ("feature:a",)).add(1)
        emitter.series(catalog.TTFT, ("feature:a",)).add(0.5)
    emitter.flush()
    assert [(metric, value) for _, metric, value, _ in sent.lines] == [("ddllm.ttft", "0.5:0.5"), ("ddllm.requests", 2)]


def test_a_series_that_is_kept_is_sent_in_each_round_that_has_something_of_it(sent):
    emitter = Emitter(sent)
    counted, sampled = emitter.series(catalog.REQUESTS, ()), emitter.series(catalog.TTFT, ())
    for number in (1, 2):
        counted.add(number)
        sampled.add(number)
        emitter.flush()
        emitter.flush()
    assert [value for _, _, value, _ in sent.lines] == ["1", 1, "2", 2]


def test_a_series_that_nobody_keeps_takes_no_room(sent):
    emitter = Emitter(sent)
    for number in range(100):
        emitter.series(catalog.REQUESTS, (f"feature:{number}",)).add(1)
    emitter.flush()
    assert len(emitter._series) == 0


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_a_sample_is_exact_to_seven_digits_and_fits_its_place(value):
    sent = Sent()
    emitter = Emitter(sent)
    emitter.series(catalog.TTFT, ()).add(value)
    emitter.flush()
    ((_, _, text, _),) = sent.lines
    assert float(text) == pytest.approx(value, rel=1e-6, abs=0)
    assert len(f":{text}") <= emit.VALUE_LENGTH


def test_tags_are_those_that_the_metric_declares(sent):
    tags = Emitter(sent).tags(catalog.TOKENS_REASONING, VALUES)
    assert tags == ("provider:v", "model_vendor:v", "model_name:v", "feature:v")


def test_excluded_metrics_and_tags_are_not_sent(sent):
    emitter = Emitter(sent, [catalog.TTFT.name, catalog.COST.name], ["region"])
    emitter.series(catalog.TTFT, ()).add(1.0)
    emitter.series(catalog.COST, ()).add(1.0)
    emitter.flush()
    assert sent.lines == []
    assert not any(tag.startswith("region:") for tag in emitter.tags(catalog.REQUESTS, VALUES))


# --- the client's own tags --------------------------------------------------------------------------------------------


def unified(environ: dict[str, str], **said: str) -> list[str]:
    """Return what is on the wire: the client adds the unified tags that have a variable of their own."""
    ours = constant_tags(Settings(**said), environ)
    own = {"service": "DD_SERVICE", "env": "DD_ENV", "version": "DD_VERSION"}
    return sorted([*ours, *(f"{key}:{environ[name]}" for key, name in own.items() if environ.get(name))])


@pytest.mark.parametrize(
    ("environ", "said", "expected"),
    [
        ({}, {}, ["env:unknown", "service:unknown", "version:unknown"]),
        ({"DD_SERVICE": "shop"}, {"service": "shop"}, ["env:unknown", "service:shop", "version:unknown"]),
        ({}, {"service": "inferred", "env": "prod"}, ["env:prod", "service:inferred", "version:unknown"]),
        ({"DD_TAGS": "team:a,tier:1"}, {}, ["env:unknown", "service:unknown", "team:a", "tier:1", "version:unknown"]),
        ({"DD_TAGS": "team:a tier:1"}, {}, ["env:unknown", "service:unknown", "team:a", "tier:1", "version:unknown"]),
        ({"DD_TAGS": "env:prod,service:shop"}, {}, ["env:prod", "service:shop", "version:unknown"]),
        (
            {"DD_TAGS": "env:tagged", "DD_ENV": "prod"},
            {"env": "prod"},
            ["env:prod", "service:unknown", "version:unknown"],
        ),
        ({"DD_TAGS": "env:,plain"}, {}, ["env:unknown", "plain", "service:unknown", "version:unknown"]),
        # ddtrace reads DD_TAGS too, so what it says of env may come from there.
        ({"DD_TAGS": "env:tagged"}, {"env": "tagged"}, ["env:tagged", "service:unknown", "version:unknown"]),
    ],
)
def test_each_unified_tag_is_said_once_and_never_empty(environ, said, expected):
    assert unified(environ, **said) == expected


# --- the client -------------------------------------------------------------------------------------------------------


@pytest.fixture
def agent(monkeypatch):
    for name in ("DD_DOGSTATSD_URL", "DD_DOGSTATSD_HOST", "DD_AGENT_HOST", "DD_DOGSTATSD_PORT", "DD_TAGS"):
        monkeypatch.delenv(name, raising=False)
    with Agent() as running:
        yield running


def report(emitter: Emitter, calls: int, feature: str) -> None:
    """Send what a number of calls make: a count and a sample each, of a prompt's version and a region of their own."""
    values = {**VALUES, "feature": feature}
    for number in range(calls):
        emitter.series(
            catalog.REQUESTS, emitter.tags(catalog.REQUESTS, {**values, "prompt_version": f"v{number}"})
        ).add(1)
        emitter.series(catalog.DURATION, emitter.tags(catalog.DURATION, {**values, "operation": f"o{number}"})).add(
            number
        )
    emitter.flush()


WIDE = clean("案内係" * 100)


@pytest.mark.parametrize("feature", ["search", WIDE], ids=["ascii", "wide"])
@pytest.mark.parametrize(("transport", "limit"), [("env", 1432), ("unix_env", 8192)])
def test_packets_are_filled_up_to_the_transports_size_and_never_above(agent, monkeypatch, transport, limit, feature):
    for name, value in getattr(agent, transport).items():
        monkeypatch.setenv(name, value)
    client = connect(Settings())
    report(Emitter(client), 60, feature)
    client.close_socket()
    agent.wait(lambda seen: seen.total("ddllm.requests") == 60 and len(seen.find("ddllm.duration")) == 60)
    assert limit * (0.8 if feature.isascii() else 0.6) < max(map(len, agent.packets)) <= limit
    assert {one.tags["feature"] for one in agent.find("ddllm.duration")} == {feature}


def test_a_service_of_wide_letters_is_counted_by_bytes_too(agent, monkeypatch):
    for name, value in {**agent.env, "DD_SERVICE": WIDE}.items():
        monkeypatch.setenv(name, value)
    client = connect(Settings(service=WIDE))
    report(Emitter(client), 50, "search")
    client.close_socket()
    agent.wait(lambda seen: seen.total("ddllm.requests") == 50)
    assert max(map(len, agent.packets)) <= 1432


def test_the_longest_line_that_invented_values_make_fits_into_a_packet(agent, monkeypatch):
    for name, value in {**agent.env, "DD_SERVICE": "shop", "DD_ENV": "prod", "DD_VERSION": "1.2.3"}.items():
        monkeypatch.setenv(name, value)
    invented = ("model_vendor", "model_name", "feature", "error_type", "prompt_template", "prompt_version")
    values = {**VALUES, **dict.fromkeys(invented, clean("x" * 1000))}
    client = connect(Settings(service="shop", env="prod", version="1.2.3"))
    emitter = Emitter(client)
    for metric in catalog.METRICS:
        emitter.series(metric, emitter.tags(metric, values)).add(1)
    emitter.flush()
    client.close_socket()
    agent.wait(lambda seen: len(seen.names()) == len(catalog.METRICS))
    assert max(map(len, agent.packets)) <= 1432


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60).map(clean), min_size=1, max_size=40))
def test_by_bytes_no_line_is_lost_doubled_or_reordered(features):
    class Buffered(Sent):
        """A client that packs what it gets between two flushes."""

        def __init__(self) -> None:
            super().__init__()
            self.held = 0
            self.largest = 0

        def distribution(self, metric: str, value: Any, tags: Any) -> None:
            super().distribution(metric, value, tags)
            self.held += len(f"{metric}:{value}|d|#{','.join(tags)}\n".encode())
            self.largest = max(self.largest, self.held)

        def flush(self) -> bool:
            self.held = 0
            return super().flush()

    client = Buffered()
    emitter = Emitter(client)
    for number, feature in enumerate(features):
        tags = emitter.tags(catalog.TTFT, {**VALUES, "feature": feature})
        emitter.series(catalog.TTFT, tags).add(number)
    emitter.flush()
    values = [int(one) for _, _, value, _ in client.lines for one in str(value).split(":")]
    assert sorted(values) == list(range(len(features)))
    assert all(one.isascii() for one in features) or client.largest <= 1432


def test_the_client_has_no_thread_and_is_not_the_applications(agent, monkeypatch):
    import datadog

    for name, value in agent.env.items():
        monkeypatch.setenv(name, value)
    before = threading.active_count()
    client = connect(Settings())
    assert threading.active_count() == before
    assert client is not datadog.statsd
    assert datadog.statsd.constant_tags != client.constant_tags


@pytest.mark.parametrize(
    "environ",
    [
        {"DD_DOGSTATSD_URL": "udp://127.0.0.1:{port}", "DD_AGENT_HOST": "192.0.2.1", "DD_DOGSTATSD_HOST": "192.0.2.2"},
        {"DD_DOGSTATSD_URL": "unix://{socket}", "DD_AGENT_HOST": "192.0.2.1"},
        {"DD_AGENT_HOST": "127.0.0.1", "DD_DOGSTATSD_PORT": "{port}"},
        {"DD_DOGSTATSD_HOST": "127.0.0.1", "DD_AGENT_HOST": "192.0.2.1", "DD_DOGSTATSD_PORT": "{port}"},
        {"DD_DOGSTATSD_PORT": "{port}"},
    ],
)
def test_the_agents_address_comes_from_datadogs_variables(agent, monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value.format(port=agent.port, socket=agent.socket_path))
    client = connect(Settings())
    report(Emitter(client), 1, "search")
    client.close_socket()
    agent.wait(lambda seen: seen.total("ddllm.requests") == 1)


def test_an_absent_agent_is_told_of_once_a_minute(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("DD_DOGSTATSD_URL", f"unix://{tmp_path}/nobody")
    clock = [0.0]
    monkeypatch.setattr(emit.time, "monotonic", lambda: clock[0])
    client = connect(Settings())
    for second in (1, 2, 3, 59, 61.5):
        clock[0] = second
        report(Emitter(client), 1, "search")
    warned = [one for one in caplog.records if one.name == "datadog.dogstatsd" and one.levelno >= logging.WARNING]
    assert len(warned) == 2


def test_the_application_client_still_warns_as_it_does(caplog):
    quiet = emit._Quiet(threading.get_ident() + 1)
    record = logging.LogRecord("datadog.dogstatsd", logging.WARNING, "", 0, "", None, None)
    assert [quiet.filter(record) for _ in range(3)] == [True] * 3


def test_origin_detection_is_left_on(agent, monkeypatch):
    for name, value in {**agent.env, "DD_EXTERNAL_ENV": "it-false,cn-app,pu-1234"}.items():
        monkeypatch.setenv(name, value)
    client = connect(Settings())
    client._container_id = "ci-0123"
    report(Emitter(client), 1, "search")
    client.close_socket()
    agent.wait(lambda seen: seen.total("ddllm.requests") == 1)
    assert all(b"|c:ci-0123|e:it-false,cn-app,pu-1234\n" in packet for packet in agent.packets)
    assert [one.metric for packet in agent.packets for one in parse(packet)] == ["ddllm.duration", "ddllm.requests"]


def test_a_socket_that_is_full_for_a_moment_loses_nothing(monkeypatch, tmp_path):
    path = tmp_path / "slow.socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as slow:
        slow.bind(str(path))
        monkeypatch.setattr(emit, "ROOM_SECONDS", 10)
        monkeypatch.setenv("DD_DOGSTATSD_URL", f"unix://{path}")
        client = connect(Settings())
        sending = threading.Thread(target=report, args=(Emitter(client), 400, "search"))
        sending.start()
        seen = 0
        while seen < 800:
            seen += len(slow.recv(65536).splitlines())
        sending.join()
        assert client.packets_dropped == 0
        client.close_socket()


@pytest.mark.parametrize("inline", [False, True])
def test_a_socket_that_stays_full_is_given_up_and_counted(monkeypatch, tmp_path, inline):
    path = tmp_path / "full.socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(path))
        monkeypatch.setattr(emit, "ROOM_SECONDS", 0.01)
        monkeypatch.setenv("DD_DOGSTATSD_URL", f"unix://{path}")
        client = connect(Settings(inline=inline))
        report(Emitter(client), 1000, "search")
        assert client.packets_dropped > 0
        assert client.socket_timeout == (0 if inline else 0.01)
        client.close_socket()
