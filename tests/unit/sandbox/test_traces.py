"""The stand-in for the trace agent, over HTTP."""

import http.client
import json
import socket
import struct
from contextlib import closing
from types import SimpleNamespace

import pytest

from ddllm.sandbox.traces import TraceIntake

DEADLINE = 5.0


def ask(
    intake: TraceIntake, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, object]:
    with closing(http.client.HTTPConnection(intake.url.removeprefix("http://"), timeout=DEADLINE)) as connection:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_the_tracer_learns_what_it_may_use():
    with TraceIntake() as intake:
        status, info = ask(intake, "GET", "/info")
    assert status == 200
    assert {"/v0.4/traces", "/v0.5/traces"} <= set(info["endpoints"])


def test_the_tracer_finds_no_fault_with_the_agent():
    with TraceIntake() as intake:
        _, info = ask(intake, "GET", "/info")
    assert isinstance(info, dict)
    uploader = pytest.importorskip("ddtrace.debugging._uploader", reason="of ddtrace")
    said: list[str] = []
    one = uploader.SignalUploader.__new__(uploader.SignalUploader)
    one._sender = SimpleNamespace(agentless=False, reset_endpoints=lambda: None, downgrade_to_diagnostics=lambda: None)
    one._tracks = {track: SimpleNamespace(enabled=False) for track in uploader.SignalTrack}
    one._throttle_agent_check = lambda: said.append("unsupported")
    assert one.info_check(info)
    assert said == []
    assert all(track.enabled for name, track in one._tracks.items() if name.name in {"LOGS", "SNAPSHOT"})


@pytest.mark.parametrize("path", ["/v0.4/traces", "/v0.5/traces"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_traces_are_counted_by_the_tracers_own_number(path: str, method: str):
    with TraceIntake() as intake:
        assert ask(intake, method, path, b"\x90", {"X-Datadog-Trace-Count": "3"}) == (200, {"rate_by_service": {}})
        assert ask(intake, method, path, b"\x90", {"X-Datadog-Trace-Count": "2"})[0] == 200
        assert intake.traces == 5
        assert intake.counts == {path: 2}


def test_anything_else_is_taken_too():
    with TraceIntake() as intake:
        assert ask(intake, "POST", "/telemetry/proxy/api/v2/apmtelemetry?x=y", b"{}") == (200, {})
        assert intake.counts == {"/telemetry/proxy/api/v2/apmtelemetry": 1}


def test_bodies_are_kept_only_on_request():
    with TraceIntake(keep_bodies=True) as keeping, TraceIntake() as counting:
        for intake in (keeping, counting):
            ask(intake, "PUT", "/v0.4/traces", b"\x91\x90", {"Datadog-Meta-Lang": "python"})
            ask(intake, "PUT", "/other", b"x")
        assert [request.body for request in keeping.requests("/v0.4/traces")] == [b"\x91\x90"]
        assert keeping.requests()[0].headers["datadog-meta-lang"] == "python"
        assert len(keeping.requests()) == 2
        assert counting.requests() == []


def test_a_chunked_body_is_put_together():
    with TraceIntake(keep_bodies=True) as intake:
        ask(intake, "POST", "/v0.5/traces", iter([b"abc", b"d" * 5000]))
        assert intake.requests()[0].body == b"abc" + b"d" * 5000


def test_a_connection_serves_several_requests():
    with TraceIntake() as intake:
        connection = http.client.HTTPConnection(intake.url.removeprefix("http://"), timeout=DEADLINE)
        for _ in range(3):
            connection.request("PUT", "/v0.4/traces", b"\x90", {"X-Datadog-Trace-Count": "1"})
            connection.getresponse().read()
        connection.close()
        assert intake.traces == 3


def test_a_tracer_that_goes_away_disturbs_nothing(capfd: pytest.CaptureFixture[str]):
    with TraceIntake() as intake:
        host, port = intake.url.removeprefix("http://").split(":")
        broken = socket.create_connection((host, int(port)))
        broken.sendall(b"PUT /v0.4/traces HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        broken.close()
        assert ask(intake, "GET", "/info")[0] == 200
        intake.wait_for(lambda: intake.counts["/info"] == 1, DEADLINE)
    assert capfd.readouterr().err == ""


def test_waiting_in_vain_tells_the_state():
    with TraceIntake() as intake:
        ask(intake, "GET", "/info")
        with pytest.raises(
            TimeoutError, match=r"TraceIntake\(http://127.0.0.1:\d+, 0 traces, requests=\{'/info': 1\}\)"
        ):
            intake.wait_for(lambda: intake.traces == 1, 0.01)
