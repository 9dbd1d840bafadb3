import logging
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import botocore.client
import ddtrace
import pytest
from ddtrace.trace import Context

import ddllm
from ddllm.instrument import attribution, bootstrap, feedback, guard
from ddllm.instrument.patch import botocore as patch
from ddllm.instrument.patch import reading
from ddllm.settings import Settings
from tests.support.runtime import Records


class Process:
    """What start-up registers with the process, kept instead of registered."""

    def __init__(self) -> None:
        self.at_exit: list[Callable[[], None]] = []
        self.forking: dict[str, Callable[[], None]] = {}
        self.imported: dict[str, Callable[[Any], None]] = {}

    def when_forked(self, **hooks: Callable[[], None]) -> None:
        self.forking = hooks

    def when_imported(self, name: str) -> Callable[[Any], None]:
        return lambda hook: self.imported.update({name: hook})


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """A process in which ddllm has not started yet, and BaseClient is as it was afterwards."""
    guard.collect()
    seen = Process()
    monkeypatch.setattr(bootstrap, "os", SimpleNamespace(register_at_fork=seen.when_forked))
    monkeypatch.setattr(bootstrap, "atexit", SimpleNamespace(register=seen.at_exit.append))
    monkeypatch.setattr(bootstrap, "wrapt", SimpleNamespace(when_imported=seen.when_imported))
    monkeypatch.setattr(attribution, "follow_threads", lambda: None)
    for name, value in (
        ("_settings", None),
        ("_queue", None),
        ("_via", ""),
        ("_armed", False),
        ("_enabled", False),
        ("_told", False),
    ):
        monkeypatch.setattr(bootstrap, name, value)
    for name in ("DD_SERVICE", "DD_ENV", "DD_VERSION", "DDLLM_ENABLED", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    yield seen
    attribution.mirror_to(None)
    attribution.report_to(None)
    feedback.report_to(None)
    patch.unpatch()
    guard.collect()


def patched() -> bool:
    return (botocore.client.BaseClient, "_make_api_call") in patch._taps


def test_starting_arms_and_patches_nothing_yet(process):
    bootstrap.start("ddllm.pth")
    assert set(process.imported) == {"botocore.client", "ddtrace.llmobs"}
    assert len(process.at_exit) == 1
    assert set(process.forking) == {"before", "after_in_parent", "after_in_child"}
    assert not patched()
    assert not bootstrap._queue.running


def test_an_sdk_is_patched_when_the_application_imports_it(process, caplog):
    caplog.set_level(logging.INFO, "ddllm")
    bootstrap.start("ddllm.pth")
    process.imported["botocore.client"](botocore.client)
    assert patched()
    (line,) = [one.getMessage() for one in caplog.records]
    assert line == (
        f"ddllm {ddllm.__version__} active: via=ddllm.pth ddtrace={ddtrace.__version__} "
        f"patched=[botocore {botocore.__version__}]"
    )


def test_starting_twice_arms_once(process):
    bootstrap.start("ddllm.pth")
    queue = bootstrap._queue
    bootstrap.start("ddllm.auto")
    assert bootstrap._queue is queue
    assert (len(process.at_exit), bootstrap._via) == (1, "ddllm.pth")


def test_nothing_is_armed_where_ddllm_is_disabled(process, monkeypatch):
    monkeypatch.setenv("DDLLM_ENABLED", "false")
    bootstrap.start("ddllm.auto")
    assert (process.imported, process.at_exit, process.forking) == ({}, [], {})


def test_an_import_hook_that_outlives_unpatch_does_nothing(process):
    ddllm.patch()
    ddllm.unpatch()
    process.imported["botocore.client"](botocore.client)
    assert not patched()


def test_patch_unpatch_patch_measures_again_on_the_same_queue(process, caplog):
    ddllm.patch()
    process.imported["botocore.client"](botocore.client)
    queue = bootstrap._queue
    ddllm.unpatch()
    assert not patched()
    ddllm.patch()
    assert patched()
    assert (bootstrap._queue is queue, patch._queue is queue) == (True, True)
    assert len(process.at_exit) == 1


def test_patch_that_fails_is_one_warning_and_can_be_tried_again(process, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr(Settings, "from_environ", classmethod(lambda cls: 1 / 0))
        ddllm.patch()
    assert [one.levelno for one in caplog.records] == [logging.WARNING]
    assert "could not start; the application is not affected" in caplog.text
    assert guard.collect().counts == {"bootstrap.patch": 1}
    ddllm.patch()
    assert bootstrap._queue is not None


def test_arming_that_fails_can_be_tried_again(process, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "_arm", lambda settings, via: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bootstrap.start("ddllm.pth")
    bootstrap.start("ddllm.pth")
    assert process.imported


def test_an_sdk_that_cannot_be_patched_is_one_warning(process, monkeypatch, caplog):
    bootstrap.start("ddllm.pth")
    monkeypatch.setattr(patch, "patch", lambda queue: 1 / 0)
    process.imported["botocore.client"](botocore.client)
    assert "could not patch botocore; the application is not affected" in caplog.text
    assert guard.collect().counts == {"bootstrap.botocore": 1}


def test_unpatch_that_fails_is_counted(process, monkeypatch):
    ddllm.patch()
    with monkeypatch.context() as broken:
        broken.setattr(patch, "unpatch", lambda: 1 / 0)
        ddllm.unpatch()
    assert guard.collect().counts == {"bootstrap.unpatch": 1}


def test_unpatch_before_anything_is_nothing(process):
    ddllm.unpatch()
    assert guard.collect().counts == {}


def test_a_setting_that_cannot_be_read_is_named_and_its_default_holds(process, monkeypatch, caplog):
    monkeypatch.setenv("DDLLM_QUEUE_RECORDS", "many")
    bootstrap.start("ddllm.pth")
    assert "DDLLM_QUEUE_RECORDS='many' is not a positive number; 10000 holds" in caplog.text
    assert bootstrap._settings.queue_records == 10_000


def test_what_datadogs_variables_do_not_say_comes_from_ddtrace(process, monkeypatch):
    monkeypatch.setenv("DD_ENV", "prod")
    for name, value in (("service", "inferred"), ("env", "other"), ("version", "1.2")):
        monkeypatch.setattr(ddtrace.config, name, value)
    bootstrap.start("ddllm.pth")
    settings = bootstrap._settings
    assert (settings.service, settings.env, settings.version) == ("inferred", "prod", "1.2")


def test_the_queue_has_the_sizes_of_the_settings(process, monkeypatch):
    for name, value in (("QUEUE_RECORDS", "5"), ("QUEUE_BYTES", "500"), ("FLUSH_INTERVAL", "0.5")):
        monkeypatch.setenv(f"DDLLM_{name}", value)
    bootstrap.start("ddllm.pth")
    queue = bootstrap._queue
    assert (queue._max_records, queue._max_bytes, queue._interval, queue._inline) == (5, 500, 0.5, False)


def test_a_lambda_function_loads_what_reporting_needs_while_it_initialises(process, monkeypatch):
    made: list[int] = []
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "answers")
    monkeypatch.setattr(bootstrap, "_make_reporter", lambda: made.append(1) or Reporter())

    class Reporter:
        def flush(self, dropped: int) -> None: ...

    bootstrap.start("ddllm.pth")
    assert made == []
    process.imported["botocore.client"](botocore.client)
    assert made == [1]
    assert bootstrap._queue.running


def test_a_reporter_that_cannot_be_made_is_told_of_once(process, monkeypatch, caplog):
    monkeypatch.setitem(bootstrap.sys.modules, "ddllm.instrument.report.worker", None)
    bootstrap.start("ddllm.pth")
    for _ in range(2):
        with pytest.raises(ImportError):
            bootstrap._make_reporter()
    assert [one.levelno for one in caplog.records] == [logging.WARNING]
    assert "cannot report; the application is not affected" in caplog.text


def test_a_reporter_is_made_of_the_settings(process, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    bootstrap.start("ddllm.pth")
    assert type(bootstrap._make_reporter()).__name__ == "Reporter"


# --- fork and exit ----------------------------------------------------------------------------------------------------


def open_call(queue: Any) -> reading.StreamReading:
    call = patch.Call("aws.bedrock", "ConverseStream", "m", "eu-central-1", stream=True, started=0.0)
    return reading.StreamReading(queue, call)


def test_a_forked_child_begins_with_nothing(process):
    bootstrap.start("ddllm.pth")
    queue = bootstrap._queue
    queue.put("the parent's", 1)
    inherited = open_call(queue)
    guard.count("the parent's")
    process.forking["after_in_child"]()
    inherited.close()
    assert repr(queue) == "Queue(0 records, 0 bytes, 0 dropped, not running)"
    assert guard.collect().counts == {}


def test_the_end_of_the_process_reports_what_is_still_being_read(process, monkeypatch):
    bootstrap.start("ddllm.pth")
    queue = Records()
    stopped: list[int] = []
    monkeypatch.setattr(queue, "stop", lambda: stopped.append(1) or 0)
    monkeypatch.setattr(bootstrap, "_queue", queue)
    held = open_call(queue)
    process.at_exit[0]()
    assert (queue.call is held.call, queue.call.status, stopped) == (True, "abandoned", [1])


def test_calls_that_the_end_of_the_process_overtook_are_told_of(process, monkeypatch, caplog):
    monkeypatch.setenv("DDLLM_EXIT_TIMEOUT", "0.001")
    monkeypatch.setattr(bootstrap, "_make_reporter", lambda: time.sleep(0.05))
    bootstrap.start("ddllm.pth")
    bootstrap._queue.start()
    bootstrap._queue.put("a call", 1)
    process.at_exit[0]()
    assert [one.getMessage() for one in caplog.records] == [
        "ddllm: the process ended before 1 of its calls were reported; DDLLM_EXIT_TIMEOUT is for how long it waits"
    ]


@pytest.mark.parametrize("broken", ["close_all", "stop"])
def test_a_fault_at_the_end_is_counted_and_the_rest_happens(process, monkeypatch, broken):
    bootstrap.start("ddllm.pth")
    queue = Records()
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "_queue", queue)
    monkeypatch.setattr(reading, "close_all", lambda: done.append("close_all"))
    monkeypatch.setattr(queue, "stop", lambda: done.append("stop"))
    monkeypatch.setattr(reading if broken == "close_all" else queue, broken, lambda *_: 1 / 0)
    process.at_exit[0]()
    assert done == [one for one in ("close_all", "stop") if one != broken]
    assert guard.collect().counts == {"bootstrap.exit": 1}


def test_a_fork_waits_until_the_worker_rests(process):
    bootstrap.start("ddllm.pth")
    queue = bootstrap._queue
    process.forking["before"]()
    assert not queue._draining.acquire(blocking=False)
    process.forking["after_in_parent"]()
    assert queue._draining.acquire(blocking=False)


@pytest.mark.parametrize(
    ("hook", "method"), [("before", "hold"), ("after_in_parent", "release"), ("after_in_child", "forget")]
)
def test_a_fault_around_a_fork_is_counted(process, monkeypatch, hook, method):
    bootstrap.start("ddllm.pth")
    monkeypatch.setattr(bootstrap._queue, method, lambda *_: 1 / 0)
    process.forking[hook]()
    assert guard.collect().counts == {"bootstrap.fork": 1}


# --- baggage ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def trace(process, monkeypatch) -> Context:
    from ddtrace.trace import tracer

    active = Context(trace_id=1, span_id=2)
    monkeypatch.setattr(type(tracer), "current_trace_context", lambda self: active)
    return active


def test_baggage_is_left_alone_unless_asked_for(trace):
    bootstrap.start("ddllm.pth")
    with ddllm.context(feature="search"):
        assert trace.get_baggage_item("ddllm.feature") is None


def test_baggage_carries_the_feature_while_its_context_holds(trace, monkeypatch):
    monkeypatch.setenv("DDLLM_BAGGAGE", "true")
    bootstrap.start("ddllm.pth")
    with ddllm.context(feature="search"):
        with ddllm.context(feature="rerank"):
            assert trace.get_baggage_item("ddllm.feature") == "rerank"
        assert trace.get_baggage_item("ddllm.feature") == "search"
    assert trace.get_baggage_item("ddllm.feature") is None


def test_baggage_of_upstream_is_put_back(trace, monkeypatch):
    monkeypatch.setenv("DDLLM_BAGGAGE", "true")
    bootstrap.start("ddllm.pth")
    trace.set_baggage_item("ddllm.feature", "upstream's")
    with ddllm.context(feature="search"):
        pass
    assert trace.get_baggage_item("ddllm.feature") == "upstream's"


def test_without_a_trace_there_is_no_baggage(process, monkeypatch):
    monkeypatch.setenv("DDLLM_BAGGAGE", "true")
    bootstrap.start("ddllm.pth")
    with ddllm.context(feature="search"):
        assert attribution.current()[0].feature == "search"
    assert guard.collect().counts == {}
