"""Start-up: the queue with its worker, and a patch for each SDK as the application imports it.

`start` runs when ddtrace's own start-up is complete (`_ddllm_boot`), from `import ddllm.auto`, or from `ddllm.patch()`. It
imports no SDK and starts no thread: the first measured call does the latter.
"""

import atexit
import dataclasses
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import ddtrace
import wrapt

from ddllm.instrument import attribution, guard
from ddllm.instrument import feedback as opinions
from ddllm.instrument.patch import botocore, reading
from ddllm.instrument.queue import Consumer, Queue
from ddllm.instrument.report.feature import BAGGAGE
from ddllm.settings import Settings
from ddllm.version import VERSION

log = logging.getLogger("ddllm")

#: botocore.client, and not botocore: it is imported by whoever makes a client, and the taps need it whole.
BOTOCORE = "botocore.client"
#: Where DogStatsD's client lives, and what it does about forks.
STATSD = "datadog.dogstatsd.base"

#: Seconds that a fork waits at most for the worker to rest; loading what reporting needs takes about one, once.
FORK_TIMEOUT = 5.0

#: Two threads may give the process's first feedback at once.
_opening = threading.Lock()
_settings: Settings | None = None
_queue: Queue | None = None
_via = ""
_armed = False
_enabled = False
_told = False


def start(via: str) -> None:
    """Arm everything, once; `via` says how the process got here, for the log."""
    global _enabled  # noqa: PLW0603 - the process's one instance
    if _enabled:
        return
    settings = _settings or _read_settings()
    if not settings.enabled:
        return
    # First of all: an import hook runs at once for what is imported already.
    _enabled = True
    try:
        if not _armed:
            _arm(settings, via)
        else:
            attribution.report_to(_queue)
            if BOTOCORE in sys.modules:
                _patch_botocore(None)
    except Exception:
        _enabled = False
        raise


def _arm(settings: Settings, via: str) -> None:
    global _armed, _via  # noqa: PLW0603 - the process's one instance
    _via = via
    with _opening:
        if _queue is None:
            _open_queue(settings)
    _armed = True
    attribution.follow_threads()
    if settings.baggage:
        attribution.mirror_to(_mirror)
    wrapt.when_imported("ddtrace.llmobs")(attribution.watch_annotations)
    wrapt.when_imported(BOTOCORE)(_patch_botocore)


def _open_queue(settings: Settings) -> None:
    """Make the queue, with what reports to it."""
    global _settings, _queue  # noqa: PLW0603 - the process's one instance
    _settings = settings
    _queue = Queue(
        _make_reporter,
        max_records=settings.queue_records,
        max_bytes=settings.queue_bytes,
        interval=settings.flush_interval,
        exit_timeout=settings.exit_timeout,
        inline=settings.inline,
    )
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
    atexit.register(_at_exit)
    attribution.report_to(_queue)
    opinions.report_to(_queue, settings.feedback_keys, settings.service)


def patch() -> None:
    """Start measuring, where neither `ddtrace-run` nor `import ddtrace.auto` does it: after a manual `ddtrace.patch()`."""
    try:
        start("ddllm.patch()")
    except Exception:
        guard.caught("bootstrap.patch")
        log.warning("ddllm %s could not start; the application is not affected", VERSION, exc_info=True)


def feedback(ref: "opinions.CallRef | str | None", kind: opinions.Kind) -> None:
    """Count what a user did with an answer: `thumbs_up`, `thumbs_down`, `regenerate` or `follow_up`.

    `ref` is what `ddllm.last_call()` gave for the call; the metric carries that call's model, feature and prompt. Works from any
    process, one that measures no calls included, and however much later. A reference that was damaged or forged, and a kind that
    does not exist, are counted in `ddllm.telemetry.dropped` and otherwise ignored; nothing is ever raised. Where LLM Observability
    is on, it gets the same as an evaluation `user_feedback` of the call's span.
    """
    try:
        if _queue is None:
            with _opening:
                settings = _settings or _read_settings()
                if settings.enabled and _queue is None:
                    _open_queue(settings)
        opinions.send(ref, kind)
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.feedback")


def unpatch() -> None:
    """Stop measuring and put back what was patched. `patch` starts it again. Feedback counts as before: the application gives it."""
    global _enabled  # noqa: PLW0603
    try:
        _enabled = False
        attribution.report_to(None)
        botocore.unpatch()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.unpatch")


def _read_settings() -> Settings:
    settings = Settings.from_environ()
    for problem in settings.problems:
        log.warning("ddllm: %s", problem)
    config = ddtrace.config
    return dataclasses.replace(
        settings,
        service=settings.service or getattr(config, "service", None) or "",
        env=settings.env or getattr(config, "env", None) or "",
        version=settings.version or getattr(config, "version", None) or "",
    )


def _make_reporter() -> Consumer:
    global _told  # noqa: PLW0603 - once a process
    try:
        from ddllm.instrument.report.worker import Reporter  # noqa: PLC0415 - 30 ms of a client and prices, on the worker

        return Reporter(_settings or _read_settings())
    except Exception:
        # The one fault that cannot report itself.
        if not _told:
            _told = True
            log.warning("ddllm %s cannot report; the application is not affected", VERSION, exc_info=True)
        raise


def _patch_botocore(_: Any) -> None:
    try:
        if not _enabled or _queue is None:
            return
        botocore.patch(_queue)
        if _settings is not None and _settings.inline and not _queue.running:
            _queue.start()  # while the function initialises, not while somebody waits for its first answer
        log.info(
            "ddllm %s active: via=%s ddtrace=%s patched=[botocore %s]",
            VERSION,
            _via,
            ddtrace.__version__,
            botocore.get_version(),
        )
    except Exception:
        guard.caught("bootstrap.botocore")
        log.warning("ddllm %s could not patch botocore; the application is not affected", VERSION, exc_info=True)


def _mirror(feature: str) -> Callable[[], None]:
    from ddtrace.trace import tracer  # noqa: PLC0415 - loaded already; opt-in

    trace = tracer.current_trace_context()
    if trace is None:
        return lambda: None
    before = trace.get_baggage_item(BAGGAGE)
    trace.set_baggage_item(BAGGAGE, feature)
    if before is None:
        return lambda: trace.remove_baggage_item(BAGGAGE)
    return lambda: trace.set_baggage_item(BAGGAGE, before)


def _before_fork() -> None:
    try:
        if _queue is not None:
            listening = _statsd_loaded()
            _queue.hold(FORK_TIMEOUT)
            if not listening and _statsd_loaded():
                # While we waited, the worker loaded DogStatsD's client. Python had listed by then whom to call before this fork;
                # after it, it will call the client as well, which would release what it never took.
                sys.modules[STATSD].pre_fork()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.fork")


def _statsd_loaded() -> bool:
    # The last thing that the module makes.
    return hasattr(sys.modules.get(STATSD), "statsd")


def _after_fork_in_parent() -> None:
    try:
        if _queue is not None:
            _queue.release()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.fork")


def _after_fork() -> None:
    try:
        if _queue is not None:
            _queue.forget()
        reading.forget_all()
        guard.collect()  # the parent tells of its own faults
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.fork")


def _at_exit() -> None:
    try:
        reading.close_all()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("bootstrap.exit")
    try:
        left = _queue.stop() if _queue is not None else 0
        if left:
            log.warning(
                "ddllm: the process ended before %d of its calls were reported; DDLLM_EXIT_TIMEOUT is for how long it waits",
                left,
            )
    except Exception:  # noqa: BLE001 - counted, and nobody reads it any more
        guard.caught("bootstrap.exit")
    _stay_interrupted()


def _stay_interrupted() -> None:
    """Let a process that an interrupt ended say so by its status, as without us.

    Python remembers such an interrupt in a flag that any evaluation of a text takes back, in any thread. A named tuple's class is
    made that way, and modules that the worker loads have some. An interrupt in an evaluated text sets the flag again.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 - a constant
        except KeyboardInterrupt:
            return
